// The connection to the server: sends what is kept, in order, as often as it takes.

const PAUSES_MS = [250, 500, 1000, 2000, 3000];
const READY_WITHIN_MS = 8_000;
const ACK_WITHIN_MS = 6_000;
const CHECK_EVERY_MS = 500;
const MOST_IN_SOCKET = 400_000;
// A server that is never reached so often, and for so long, will not be.
const TRIES_WITHOUT_REACH = 3;
const UNREACHED_MS = 10_000;
// How the server closes, see docs/live-sockets.md. All else means: come again.
const CLOSED = { done: 1000, refused: 4400, token: 4401, foreign: 4403, over: 4404, taken: 4409 };

class SoundLine {
  /**
   * `on.moved()` after every change; `on.ended(how, sentence)`: `stopped`, `refused`, `over`,
   * `taken` or `unreachable`; `on.expired()`: the address needs a new token.
   */
  constructor(kept, on) {
    this.kept = kept;
    this.on = on;
    this.sent = 0;
    this.tries = 0;
    this.beganAt = performance.now();
    this.reached = false;
    this.everReady = false;
    this.ready = false;
    this.paused = false;
    this.pauseSaid = false;
    this.over = false;
    this.askedGap = null;
    this.heardAt = 0;
    this.timer = setInterval(() => this.check(), CHECK_EVERY_MS);
    this.wake = () => this.#again(0);
    window.addEventListener("online", this.wake);
  }

  /** Take the address; a new one is used from the next connection on. */
  at(url) {
    const fresh = url !== this.url;
    this.url = url;
    if (this.over || !fresh) return;
    if (!this.socket) this.#again(0);
  }

  #again(pause) {
    if (this.over || this.ready) return;
    clearTimeout(this.retry);
    this.retryAt = performance.now() + pause;
    this.retry = setTimeout(() => this.#connect(), pause);
  }

  #connect() {
    if (this.over || !this.url) return;
    this.#drop();
    const address = new URL(this.url, location.href);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(address);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => (this.reached = true);
    socket.onmessage = ({ data }) => socket === this.socket && this.#told(data);
    socket.onclose = ({ code }) => socket === this.socket && this.#lost(code);
    this.socket = socket;
    this.retryAt = null;
    this.openedAt = performance.now();
  }

  #drop() {
    const { socket } = this;
    this.socket = null;
    this.ready = false;
    if (socket && socket.readyState <= WebSocket.OPEN) socket.close();
  }

  #told(text) {
    const told = typeof text === "string" ? JSON.parse(text) : {};
    this.heardAt = performance.now();
    switch (told.type) {
      case "ready":
        this.everReady = this.ready = true;
        this.tries = 0;
        this.stopAsked = this.pauseSaid = false;
        if (this.#misses(told.next)) return;
        this.#placed(told.next);
        if (!this.paused && told.state === "paused") this.#say({ type: "resume" });
        break;
      case "ack":
        this.#safe(told.next);
        break;
      case "resend":
        if (this.#misses(told.next)) return;
        this.kept.ack(told.next);
        this.sent = this.kept.chunksBefore(told.next);
        break;
      case "stopped":
        this.kept.ack(told.next);
        this.#end("stopped");
        return;
      case "refused":
        this.#end("refused", told.message);
        return;
      default:
        return;
    }
    this.pump();
    this.on.moved();
  }

  /** The server says where it stands, at the start of a connection and after a silence. */
  #placed(next) {
    const { kept } = this;
    const before = kept.end;
    kept.ack(next);
    // An answer to the gap may have been lost with a connection: the server has moved on then.
    const answered = this.askedGap === this.socket || next > before;
    if (kept.isAsked && answered) kept.number(next);
    this.askedGap = null;
    this.sent = kept.chunksBefore(next);
  }

  /** What a power failure took from the server after it was acknowledged is not here any more. */
  #misses(next) {
    const { first } = this.kept.head;
    if (next >= first) return false;
    this.heardAt = performance.now();
    this.#say({ type: "gap", ms: Math.ceil((first - next) / FRAMES_PER_MS) });
    return true;
  }

  #safe(next) {
    const before = this.kept.head.chunks.length;
    this.kept.ack(next);
    this.sent = Math.max(0, this.sent - (before - this.kept.head.chunks.length));
  }

  #say(told) {
    this.socket.send(JSON.stringify(told));
  }

  /** Send what can be sent now. */
  pump() {
    this.#connectIfDue();
    if (!this.ready || this.over) return;
    const { kept, socket } = this;
    while (this.sent < kept.head.chunks.length && socket.bufferedAmount < MOST_IN_SOCKET) {
      if (!this.isWaiting) this.heardAt = performance.now();
      socket.send(kept.packet(this.sent));
      this.sent += 1;
    }
    if (kept.parts.length > 1) {
      if (kept.head.frames || this.askedGap) return;
      this.askedGap = socket;
      this.heardAt = performance.now();
      const gapMs = kept.ask();
      this.#say(gapMs === null ? { type: "gap" } : { type: "gap", ms: Math.round(gapMs) });
    } else if (this.stopping && this.sent === kept.head.chunks.length && !this.stopAsked) {
      this.stopAsked = true;
      this.heardAt = performance.now();
      this.#say({ type: "stop", frames: kept.end });
    } else if (this.paused && this.sent === kept.head.chunks.length && !this.pauseSaid) {
      // Sound that comes behind it would end the pause.
      this.pauseSaid = true;
      this.#say({ type: "pause" });
    }
  }

  /** Timers of a hidden page come late; sound doesn't. */
  #connectIfDue() {
    const isDue = this.retryAt && performance.now() > this.retryAt + CHECK_EVERY_MS;
    if (!this.over && !this.socket && isDue) this.#connect();
  }

  /** Whether an answer is due. */
  get isWaiting() {
    return this.sent > 0 || this.askedGap !== null || Boolean(this.stopAsked);
  }

  /** Whether sound reaches the server at present. */
  get isUp() {
    return this.ready && (!this.isWaiting || performance.now() - this.heardAt < ACK_WITHIN_MS / 2);
  }

  /** A network that is gone may say nothing at all: look at the clock. */
  check() {
    if (this.over) return;
    const now = performance.now();
    if (this.ready && this.isWaiting && now - this.heardAt > ACK_WITHIN_MS) this.#lost(0);
    else if (this.socket && !this.ready && now - this.openedAt > READY_WITHIN_MS) this.#lost(0);
    this.pump();
    this.on.moved();
  }

  #lost(code) {
    this.#drop();
    if (this.over) return;
    if (code === CLOSED.taken) return void this.#end("taken");
    if (code === CLOSED.over) return void this.#end("over");
    if (code === CLOSED.refused) return void this.#end("refused");
    if (code === CLOSED.done && this.stopAsked) return void this.#end("stopped");
    this.tries += 1;
    const triedMs = performance.now() - this.beganAt;
    if (!this.reached && this.tries >= TRIES_WITHOUT_REACH && triedMs > UNREACHED_MS) {
      return void this.#end("unreachable");
    }
    // A connection refused for its token looks like any other where the server can't say so.
    if (code === CLOSED.token || this.tries % 5 === 0) this.on.expired();
    this.#again(PAUSES_MS[Math.min(this.tries, PAUSES_MS.length) - 1]);
    this.on.moved();
  }

  setPaused(paused) {
    this.paused = paused;
    if (!paused && this.ready && this.pauseSaid) this.#say({ type: "resume" });
    this.pauseSaid = false;
    this.pump();
  }

  /** Everything is recorded: tell the server once it has all of it. */
  stop() {
    this.stopping = true;
    this.pump();
  }

  #end(how, sentence = "") {
    this.close();
    this.on.ended(how, sentence);
  }

  close() {
    this.over = true;
    clearTimeout(this.retry);
    clearInterval(this.timer);
    window.removeEventListener("online", this.wake);
    this.#drop();
  }
}
