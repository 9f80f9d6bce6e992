// The socket that the server tells events through: connects, comes back after every break, and asks
// only for what it hasn't heard.

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 3000;
// The server says that it is alive after 10 s in which nothing happens; a socket that is silent for
// longer than this is a dead one, whatever the network says.
const SILENT_MS = 25000;
const CLOSED = { done: 1000, stale: 4401, foreign: 4403, unknown: 4404, slow: 4408 };

class Feed {
  /** `told(message)` gets every message in its form; `link(state)` every change of the link. */
  constructor({ url, after, told, link, renew }) {
    Object.assign(this, { url, after, told, link, renew });
    this.tries = 0;
    this.renewals = 0;
    this.over = false;
    this.abort = new AbortController();
    addEventListener("online", () => this.socket?.readyState !== WebSocket.OPEN && this.#again(0), {
      signal: this.abort.signal,
    });
    this.#connect();
  }

  /** A fresh link from the server; used from the next connection on, at once if one is waited for. */
  renewed(url) {
    if (url === this.url) return;
    this.url = url;
    if (this.awaited) {
      this.awaited = false;
      this.#connect();
    }
  }

  #address() {
    const url = new URL(this.url, document.baseURI);
    url.protocol = url.protocol.replace("http", "ws");
    const after = this.after();
    if (after) url.searchParams.set("after", String(after));
    return url.href;
  }

  #connect() {
    clearTimeout(this.timer);
    this.socket?.close();
    if (this.over) return;
    const socket = new WebSocket(this.#address());
    this.socket = socket;
    if (!this.tries) this.link("connecting");
    this.#watch();
    socket.addEventListener("message", (event) => socket === this.socket && this.#heard(event.data));
    socket.addEventListener("close", (event) => socket === this.socket && this.#closed(event.code));
  }

  #heard(raw) {
    const received = performance.now();
    let message = null;
    try {
      message = JSON.parse(raw);
    } catch {
      return;
    }
    if (message === null || typeof message !== "object") return;
    if (message.type === "history") {
      this.tries = 0;
      this.renewals = 0;
      this.link("open");
    }
    this.#watch();
    this.told(message, received);
  }

  #watch() {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => {
      this.tries += 1;
      this.link("lost");
      this.#again(0);
    }, SILENT_MS);
  }

  #closed(code) {
    this.socket = null;
    clearTimeout(this.silence);
    if (this.over) return;
    if (code === CLOSED.stale && this.renewals < 2) {
      this.renewals += 1;
      this.awaited = true;
      this.renew();
    } else if (code === CLOSED.stale || code === CLOSED.foreign) this.#end("refused");
    else if (code === CLOSED.unknown) this.#end("gone");
    else if (code === CLOSED.slow) this.#again(0);
    else {
      const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.tries);
      this.tries += 1;
      this.link("lost");
      this.#again(pause * (1 + Math.random() / 5));
    }
  }

  #again(pause) {
    if (this.over || this.awaited) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#connect(), pause);
  }

  #end(link) {
    this.close();
    this.link(link);
  }

  close() {
    this.over = true;
    this.abort.abort();
    clearTimeout(this.timer);
    clearTimeout(this.silence);
    this.socket?.close();
  }
}
