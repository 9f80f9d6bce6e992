// One call being recorded in this window. It is kept with the window, so that reruns and page
// switches don't disturb it; the view that is there at present draws it.

const recordings = (window.partylineRecordings ??= new Map());
// Under this key stands the recording whose call the server has not opened yet.
const UNOPENED = "";
// Chunks follow each other within this time, unless computer or browser slept.
const STALLED_MS = 2_000;
const SILENT_MS = 8_000;
const FAINTEST = 0.0004;
// So much is on its way in any call that is ended elsewhere.
const LEAST_REST_MS = 1_000;
const ENDED_ELSEWHERE = "The call was ended elsewhere.";
const ENDINGS = {
  over: "The call was ended by the server, elsewhere or because nothing had arrived for too long.",
  taken: "This call goes on in another window.",
  refused: "The server took no more sound of this call.",
  unreachable: "The connection for the sound could not be made.",
};

class Recording {
  /**
   * `phase`: opening, live, paused, left (nobody records at present), ending, ended, failed, or rest
   * (the call was over before all of it was sent).
   */
  constructor(phase, kept) {
    this.channels = kept.channels;
    this.phase = phase;
    this.kept = kept;
    this.peaks = [];
    this.muted = false;
    this.full = false;
    this.lostMs = 0;
    this.lastAt = null;
    this.said = "";
    this.loudAt = performance.now();
    this.abort = new AbortController();
    const options = { signal: this.abort.signal };
    window.addEventListener("beforeunload", (event) => this.isAtRisk && event.preventDefault(), options);
    window.addEventListener("pagehide", () => this.#putAway(), options);
    this.pill = new Pill(this);
  }

  /** Begin to record; the call it belongs to is opened meanwhile. Raises Refusal. */
  static async begin(streams, { nonce, source, keptMs }) {
    const recording = new Recording("opening", new Kept(streams.shared ? 2 : 1, keptMs));
    Object.assign(recording, { nonce, source });
    try {
      await recording.#listen(streams);
    } catch (error) {
      recording.close();
      throw error;
    }
    recordings.set(UNOPENED, recording);
    return recording;
  }

  /** Take up a call that an earlier page began; what that page put away is sent at once. */
  static left(call, { channels, url, kept_ms: keptMs }) {
    const before = stashed(call, keptMs);
    const recording = new Recording("left", before?.kept ?? new Kept(channels, keptMs));
    recording.before = before ?? { lastAt: null, paused: false };
    recording.call = call;
    recording.url = url;
    recordings.set(call, recording);
    if (before?.ended) {
      recording.phase = "ending";
      recording.#connect();
      recording.line.stop();
    } else if (before && !before.kept.isSent) recording.#connect();
    return recording;
  }

  /** Take up what an earlier page has left of a call that is over; null when that is nothing. */
  static rest(call, keptMs) {
    const before = stashed(call, keptMs);
    if (!before || before.kept.ms < LEAST_REST_MS) return null;
    const recording = new Recording("rest", before.kept);
    Object.assign(recording, { call, isRest: true, said: ENDINGS.over });
    recordings.set(call, recording);
    return recording;
  }

  /** Have what could not be sent any more kept as a call of its own, which is opened meanwhile. */
  keepRest(nonce) {
    this.nonce = nonce;
    this.source = this.channels === 2 ? "browser_and_tab" : "browser";
    this.phase = "opening";
    recordings.set(UNOPENED, this);
  }

  async #listen({ microphone, shared }) {
    this.capture = new Capture(this.channels, {
      chunk: (chunk) => this.#chunk(chunk),
      level: (peaks) => this.#level(peaks),
      lost: (kind) => this.#lostSource(kind),
    });
    await this.capture.open(microphone, shared);
    this.capture.tell({ going: true, mute: this.muted });
  }

  /** The server has opened the call. */
  open(call, url) {
    const { isRest, call: before } = this;
    this.call = call;
    this.url = url;
    recordings.delete(UNOPENED);
    recordings.set(call, this);
    this.phase = isRest ? "ending" : "live";
    if (isRest) {
      this.isRest = false;
      this.said = "";
      this.kept = this.kept.asNew();
      recordings.delete(before);
      dropStash(before);
    }
    this.#connect();
    if (isRest) this.line.stop();
  }

  /** The server has not opened a call for it. */
  refused() {
    if (!this.isRest) return this.discard();
    this.phase = "rest";
    recordings.delete(UNOPENED);
  }

  at(url) {
    this.url = url;
    this.line?.at(url);
  }

  #connect() {
    this.line = new SoundLine(this.kept, {
      moved: () => this.#moved(),
      ended: (how, sentence) => this.#ended(how, sentence),
      expired: () => this.view?.send({ kind: "link" }),
    });
    // An earlier page's connection has shown that sockets get through.
    this.line.reached = Boolean(this.before);
    this.line.at(this.url);
  }

  /** Record on after a reload. Raises Refusal. */
  async goOn(streams) {
    const { lastAt, paused } = this.before;
    // While a call pauses its time stands still: then nothing is missing.
    this.resumesFrom = paused ? undefined : lastAt;
    await this.#listen(streams);
    this.phase = "live";
    if (!this.line || this.line.over) this.#connect();
    this.#moved();
  }

  #chunk({ pcm, at }) {
    const ms = pcm.length / this.channels / FRAMES_PER_MS;
    const began = at - ms;
    if (this.resumesFrom !== undefined) {
      const since = this.resumesFrom === null ? null : Math.max(0, began - this.resumesFrom);
      this.kept.interrupt(since);
      this.resumesFrom = undefined;
    } else if (this.lastAt !== null && began - this.lastAt > STALLED_MS) {
      this.#missed(began - this.lastAt);
    }
    this.lastAt = at;
    this.full = this.kept.isFull || (this.full && this.kept.ms > 0.9 * this.kept.limitMs);
    if (this.full) {
      this.lostMs += ms;
      return;
    }
    if (this.lostMs) this.#missed(0);
    this.kept.add(pcm);
    this.line?.pump();
  }

  #missed(ms) {
    this.kept.interrupt(ms + this.lostMs);
    this.lostMs = 0;
  }

  #level(peaks) {
    const now = performance.now();
    if (this.phase !== "live" || this.muted || peaks.some((peak) => peak > FAINTEST)) this.loudAt = now;
    this.peaks = peaks;
    this.view?.level(peaks);
  }

  get isSilent() {
    return performance.now() - this.loudAt > SILENT_MS;
  }

  #lostSource(kind) {
    this.lost = kind;
    this.#moved();
  }

  /** Listen to another microphone from now on. Raises Refusal. */
  async use(device, echo) {
    const microphone = await openMicrophone(device, { echo });
    if (!this.isOpen) return stopTracks(microphone);
    this.capture.use(microphone);
    if (this.lost === "microphone") this.lost = null;
    this.#moved();
  }

  /** Whether sound is being taken, or could be at a click. */
  get isOpen() {
    return ["opening", "live", "paused"].includes(this.phase);
  }

  get isOver() {
    return ["ended", "failed"].includes(this.phase);
  }

  get isAtRisk() {
    return this.isOpen || (!this.isOver && !this.kept.isSent);
  }

  get isUp() {
    return this.phase === "opening" || Boolean(this.line?.isUp);
  }

  mute(muted) {
    this.muted = muted;
    this.capture.tell({ mute: muted });
    this.#moved();
  }

  async pause() {
    this.phase = "paused";
    this.#moved();
    await this.capture.flush({ going: false });
    this.lastAt = null;
    if (this.phase === "paused") this.line.setPaused(true);
  }

  resume() {
    this.phase = "live";
    this.line.setPaused(false);
    this.capture.tell({ going: true });
    this.#moved();
  }

  /** End the call: its last samples are taken, and all that is kept is sent. */
  async stop() {
    if (this.phase === "opening") return this.discard();
    if (this.phase === "left") return this.#stopLeft();
    if (!this.isOpen) return;
    const wasPaused = this.phase === "paused";
    this.phase = "ending";
    this.#moved();
    await this.capture.flush(wasPaused ? {} : { going: true }, { last: true });
    this.capture.close();
    if (this.phase === "ending") this.line.stop();
    this.#moved();
  }

  /** End a call that nobody records at present; what an earlier page has left is sent before. */
  #stopLeft() {
    if (this.kept.isSent) return this.#ended("stopped");
    this.phase = "ending";
    if (!this.line || this.line.over) this.#connect();
    this.line.stop();
    this.#moved();
  }

  /** Forget what was recorded; the server has not opened the call, or is told by the page. */
  discard() {
    this.phase = "failed";
    this.close();
    recordings.delete(this.call ?? UNOPENED);
    if (this.call) dropStash(this.call);
  }

  #ended(how, sentence) {
    if (this.isOver) return;
    if (how !== "unreachable" && this.kept.ms >= LEAST_REST_MS) return void this.#leaveRest(how, sentence);
    this.phase = how === "stopped" ? "ended" : "failed";
    this.said = sentence || ENDINGS[how] || "";
    this.how = how;
    this.close();
    if (this.call) dropStash(this.call);
    this.#moved();
  }

  /** The call is over, and takes nothing more: what is here stays until somebody says what with it. */
  async #leaveRest(how, sentence) {
    this.phase = "rest";
    this.isRest = true;
    this.how = how;
    this.said = sentence || ENDINGS[how] || ENDED_ELSEWHERE;
    this.#moved();
    await this.capture?.flush({}, { last: true });
    this.capture?.close();
    this.#moved();
  }

  #moved() {
    const { line } = this;
    if (this.phase === "left" && line && !line.over && line.everReady && this.kept.isSent) {
      // What the page before had left is safe; the next connection begins with a click.
      line.close();
      dropStash(this.call);
    }
    this.view?.draw();
    this.pill.draw();
  }

  #putAway() {
    if (!this.call || this.isOver) return;
    const left = this.phase === "left";
    stash(this.call, this.kept, {
      lastAt: left ? this.before.lastAt : this.lastAt ?? Date.now(),
      paused: left ? this.before.paused : this.phase === "paused",
      ended: this.phase === "ending",
      over: Boolean(this.isRest),
    });
  }

  close() {
    this.abort.abort();
    this.capture?.close();
    this.line?.close();
    this.pill.leave();
  }
}
