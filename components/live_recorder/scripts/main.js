// Brings a view, the recording of this window and Streamlit together.

const CHOSEN = "partyline.microphone";
const REDRAW_MS = 250;

class RecorderDesk {
  constructor(root) {
    this.root = root;
    this.abort = new AbortController();
    this.pick = (name) => root.querySelector(`[data-part="${name}"]`);
    this.recording = null;
    this.refusal = "";
    this.#listen();
    this.#offerDevices();
    // The clock of a call moves with its sound; while none comes, what is said about it may change.
    this.timer = setInterval(() => this.draw(), REDRAW_MS);
  }

  #listen() {
    const options = { signal: this.abort.signal };
    const on = (name, kind, act) => this.pick(name).addEventListener(kind, act, options);
    on("record", "click", () => this.#record());
    on("go-on", "click", () => this.#goOn());
    on("try", "click", () => this.#try());
    on("pause", "click", () => {
      if (this.recording.phase === "paused") this.recording.resume();
      else this.recording.pause();
    });
    on("mute", "click", () => this.recording.mute(!this.recording.muted));
    on("stop", "click", () => this.#stop());
    on("keep-rest", "click", () => this.#keepRest());
    on("drop-rest", "click", () => this.#dropRest());
    on("device", "change", () => this.#choose());
    for (const name of ["tab", "consent"]) on(name, "change", () => this.draw());
    navigator.mediaDevices?.addEventListener?.("devicechange", () => this.#offerDevices(), options);
  }

  async #offerDevices() {
    const chosen = this.recording?.capture?.device || remembered();
    const devices = await microphones();
    if (this.abort.signal.aborted) return;
    fillDevices(this.pick("device"), devices, chosen);
  }

  /** Take what Python hands over, on the first drawing and on every rerun. */
  update(data, emit) {
    this.data = data;
    this.emit = emit;
    const unopened = recordings.get(UNOPENED);
    if (unopened && unopened.nonce === data.nonce) {
      if (data.call) unopened.open(data.call, data.url);
      else if (data.refused) unopened.refused();
    }
    const recording = this.#wanted();
    if (data.call && !data.over) recording.at(data.url);
    this.#attach(recording);
    if (!recording) this.#tellGoing();
    this.draw();
  }

  /** The recording that the page is about; without a call, one whose call was over too early. */
  #wanted() {
    const { call, over, kept_ms: keptMs } = this.data;
    const known = recordings.get(call ?? UNOPENED);
    if (known) return known;
    if (call) return over ? Recording.rest(call, keptMs) : Recording.left(call, this.data);
    const rest = [...recordings.values()].find((one) => one.phase === "rest");
    if (rest) return rest;
    const [left] = stashedRests();
    return left ? Recording.rest(left, keptMs) : null;
  }

  /** The server's session may have begun anew, and the window records all the same. */
  #tellGoing() {
    const going = [...recordings.values()].find((one) => one.isOpen || one.phase === "ending");
    if (!going || this.announced === going) return;
    this.announced = going;
    this.emit({ kind: "here", call: going.call, at: Date.now() });
  }

  #attach(recording) {
    if (recording === this.recording && (!recording || recording.view === this)) return;
    if (this.recording?.view === this) this.recording.view = null;
    this.recording = recording;
    this.told = null;
    if (!recording) return;
    this.#endTrial();
    recording.view = this;
    recording.pill.draw();
    this.#offerDevices();
  }

  send(intent) {
    this.emit({ ...intent, call: this.recording?.call ?? null, at: Date.now() });
  }

  level(peaks) {
    showLevels(this.pick("meters"), peaks);
  }

  // --- what is pressed ----------------------------------------------------------------------------

  get wishes() {
    return { device: this.pick("device").value, echo: this.pick("echo").checked };
  }

  /** Open what is to be heard. The question for a tab must follow the click at once. */
  async #streams(withTab) {
    const { device, echo } = this.wishes;
    const shared = withTab ? await openShared() : null;
    try {
      return { microphone: await openMicrophone(device, { echo: withTab && echo }), shared };
    } catch (error) {
      stopTracks(shared);
      throw error;
    }
  }

  async #opening(act) {
    if (this.busy) return;
    this.busy = true;
    this.refusal = "";
    this.#endTrial();
    try {
      await act();
    } catch (error) {
      this.refusal = refusalOf(error).message;
    } finally {
      this.busy = false;
    }
    if (!this.abort.signal.aborted) this.#offerDevices();
    this.draw();
  }

  #record() {
    const withTab = this.#offersTab && this.pick("tab").checked;
    this.#opening(async () => {
      const nonce = newNonce();
      const source = withTab ? "browser_and_tab" : "browser";
      const streams = await this.#streams(withTab);
      const recording = await Recording.begin(streams, { nonce, source, keptMs: this.data.kept_ms });
      this.#attach(recording);
      this.send({
        kind: "start", nonce, source, channels: recording.channels, device: recording.capture.label,
        consent: this.pick("consent").checked,
      });
    });
  }

  #goOn() {
    const { recording } = this;
    this.#opening(async () => {
      const streams = await this.#streams(recording.channels === 2);
      await recording.goOn(streams);
    });
  }

  #keepRest() {
    const { recording } = this;
    const nonce = newNonce();
    recording.keepRest(nonce);
    this.told = null;
    this.refusal = "";
    // Whoever was on the call was told that it is recorded.
    const { source, channels } = recording;
    this.send({ kind: "start", nonce, source, channels, device: "", consent: true });
    this.draw();
  }

  #dropRest() {
    if (!window.confirm("Discard what was said and not sent? It is not kept anywhere else.")) return;
    this.recording.discard();
    this.#attach(null);
    this.send({ kind: "discarded" });
    this.draw();
  }

  async #stop() {
    const { recording } = this;
    if (recording.phase === "opening") {
      recording.discard();
      this.#attach(null);
      this.send({ kind: "discarded" });
    } else await recording.stop();
    this.draw();
  }

  async #choose() {
    remember(this.pick("device").value);
    if (this.trial) await this.#try();
    if (!this.recording?.isOpen) return;
    const { device, echo } = this.wishes;
    this.refusal = "";
    await this.recording.use(device, echo && this.recording.channels === 2).catch((error) => {
      this.refusal = refusalOf(error).message;
    });
    this.draw();
  }

  /** Show the level before anything is recorded. */
  #try() {
    return this.#opening(async () => {
      const microphone = await openMicrophone(this.wishes.device);
      const trial = new Capture(1, { chunk() {}, level: (peaks) => this.level(peaks), lost: () => this.#endTrial() });
      await trial.open(microphone, null);
      if (this.abort.signal.aborted) trial.close();
      else this.trial = trial;
    });
  }

  #endTrial() {
    this.trial?.close();
    this.trial = null;
  }

  // --- what is shown ------------------------------------------------------------------------------

  get #offersTab() {
    return Boolean(this.data?.can_share_tab) && canShareSound();
  }

  draw() {
    const { data, recording, pick } = this;
    if (!data) return;
    const phase = recording?.phase ?? "idle";
    const show = (name, shown) => (pick(name).hidden = !shown);
    const before = phase === "idle" || (phase === "failed" && !data.call);
    this.root.dataset.phase = phase;
    show("setup", before || phase === "left" || phase === "live" || phase === "paused");
    show("try", before);
    show("tab-line", before && this.#offersTab);
    const two = before ? this.#offersTab && pick("tab").checked : recording.channels === 2;
    show("echo-line", two && (before || phase === "left"));
    show("consent-line", before && Boolean(data.consent.text));
    put(pick("consent-text"), data.consent.text);
    show("record", before);
    pick("record").disabled = this.busy || (data.consent.required && !pick("consent").checked);
    show("go-on", phase === "left");
    show("keep-rest", phase === "rest");
    show("drop-rest", phase === "rest");
    this.root.hidden = Boolean(data.over);
    show("pause", phase === "live" || phase === "paused");
    put(pick("pause"), phase === "paused" ? "Resume" : "Pause");
    show("mute", phase === "live" || phase === "paused");
    put(pick("mute"), recording?.muted ? "Unmute" : "Mute");
    pick("mute").setAttribute("aria-pressed", String(Boolean(recording?.muted)));
    show("stop", ["opening", "live", "paused", "left"].includes(phase) && !recording.isRest);
    put(pick("stop"), { opening: "Cancel", left: "End this call" }[phase] ?? "Stop");
    const muted = phase === "live" && recording.muted ? ", your microphone is muted" : "";
    put(pick("state-words"), STATES[phase] + muted);
    put(pick("time"), clockWords((recording?.isRest ? recording.kept.ms : recording?.kept.callMs) ?? 0));
    const channels = recording?.isOpen ? recording.channels : this.trial ? 1 : 0;
    this.#meters(channels);
    const waits = before && data.consent.required && !pick("consent").checked;
    put(pick("said"), saidOf(recording, this.refusal, data.pause_ms) || (waits ? "Tick the box above to record." : ""));
    put(pick("kept"), keptWords(recording));
    this.#report();
  }

  #meters(channels) {
    if (channels === this.metered) return;
    this.metered = channels;
    this.pick("meters").hidden = !channels;
    if (channels) makeMeters(this.pick("meters"), channels);
  }

  /** Tell Python how a recording ended, once for each view. */
  #report() {
    const { recording } = this;
    const isOver = recording?.isOver || recording?.phase === "rest";
    if (!isOver || !recording.call || !this.data.call || this.told === recording) return;
    this.told = recording;
    if (recording.phase === "rest") this.send({ kind: "rest", goes_on: recording.how === "taken" });
    else if (this.data.over) return;
    else if (recording.how === "unreachable") this.send({ kind: "no_socket" });
    else if (recording.how !== "taken") this.send({ kind: "stopped" });
  }

  leave() {
    this.abort.abort();
    clearInterval(this.timer);
    this.#endTrial();
    if (this.recording?.view === this) this.recording.view = null;
  }
}

function newNonce() {
  return `${Date.now()}-${Math.random().toString(36).slice(2)}`;
}

/** Change a text only when it is another one: what is read out would be read again. */
function put(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function remembered() {
  try {
    return localStorage.getItem(CHOSEN);
  } catch {
    return null;
  }
}

function remember(device) {
  try {
    localStorage.setItem(CHOSEN, device);
  } catch {
    // Then it is asked for again next time.
  }
}

const recorderDesks = new WeakMap();

export default function mount({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".recorder");
  if (!recorderDesks.has(root)) recorderDesks.set(root, new RecorderDesk(root));
  recorderDesks.get(root).update(data, (intent) => setTriggerValue("intent", intent));
  return () => {
    recorderDesks.get(root)?.leave();
    recorderDesks.delete(root);
  };
}
