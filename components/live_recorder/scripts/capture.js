// Microphone and the sound of a tab or screen, as chunks of PCM.

const RATE = 16000;
const CHUNK_FRAMES = 1600;
// A call wants the voice as it is: what browsers do for conferences takes words away.
const PLAIN = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
const REFUSALS = {
  insecure: "A browser gives the microphone only to pages served over HTTPS or from this very computer. Open this page by an https:// address.",
  refused: "The browser was not allowed to use the microphone. Allow it for this page, by the sign beside the address, and try again.",
  none: "There is no microphone on this computer that the browser can use. Connect one and try again.",
  busy: "The microphone can't be opened; another program may be using it. Close that one, or choose another microphone.",
  tab: "Nothing was chosen whose sound could be added. Press Record again, or take the box away.",
  silentTab: "What was chosen shares no sound. Press Record again and switch on “Also share tab audio” in the browser's question.",
  engine: "This browser can't record sound here. Update it, or use another browser.",
};

/** A sentence for the person, and nothing else, is what a refusal carries. */
class Refusal extends Error {
  constructor(kind) {
    super(REFUSALS[kind]);
    this.kind = kind;
  }
}

function refusalOf(error) {
  if (error instanceof Refusal) return error;
  switch (error?.name) {
    case "NotAllowedError":
    case "SecurityError":
      return new Refusal("refused");
    case "NotFoundError":
    case "OverconstrainedError":
      return new Refusal("none");
    case "NotReadableError":
    case "AbortError":
      return new Refusal("busy");
    default:
      return new Refusal("engine");
  }
}

async function microphones() {
  const all = await navigator.mediaDevices?.enumerateDevices?.().catch(() => []);
  return (all ?? []).filter((one) => one.kind === "audioinput" && one.deviceId);
}

function canShareSound() {
  return Boolean(navigator.mediaDevices?.getDisplayMedia);
}

async function openMicrophone(device, { echo = false } = {}) {
  if (!navigator.mediaDevices?.getUserMedia) throw new Refusal(isSecureContext ? "engine" : "insecure");
  const audio = { ...PLAIN, echoCancellation: echo, channelCount: 1 };
  if (device) audio.deviceId = { exact: device };
  try {
    return await navigator.mediaDevices.getUserMedia({ audio });
  } catch (error) {
    // The one chosen last time may be gone: any other is better than none.
    if (device && error?.name === "OverconstrainedError") return openMicrophone(null, { echo });
    throw refusalOf(error);
  }
}

/** Ask which tab or screen is meant. Must come straight after a click, before anything is awaited. */
async function openShared() {
  let stream;
  try {
    stream = await navigator.mediaDevices.getDisplayMedia({
      audio: { ...PLAIN, suppressLocalAudioPlayback: false },
      // Browsers share no sound without a picture; this one is never looked at.
      video: { width: 16, height: 16, frameRate: 1 },
      systemAudio: "include",
    });
  } catch {
    throw new Refusal("tab");
  }
  if (stream.getAudioTracks().length) return stream;
  for (const track of stream.getTracks()) track.stop();
  throw new Refusal("silentTab");
}

/** One microphone, and perhaps a second source, on their way into chunks. */
class Capture {
  /** `on.chunk({pcm, at})`, `on.level(peaks)`, `on.lost(kind)`: `microphone` or `tab` is gone. */
  constructor(channels, on) {
    this.channels = channels;
    this.on = on;
    this.flushes = new Map();
  }

  async open(microphone, shared) {
    this.shared = shared;
    try {
      await this.#build(microphone, { sampleRate: RATE });
    } catch {
      // Some browsers connect a microphone only to a context of its own rate.
      await this.context?.close().catch(() => {});
      try {
        await this.#build(microphone, {});
      } catch {
        this.close();
        throw new Refusal("engine");
      }
    }
  }

  async #build(microphone, rate) {
    this.context = new AudioContext({ latencyHint: "balanced", ...rate });
    // Going on after the computer slept, or after a phone call on a phone.
    this.context.onstatechange = () => this.context.state !== "closed" && this.context.resume().catch(() => {});
    const address = workletAddress();
    try {
      await this.context.audioWorklet.addModule(address);
    } finally {
      URL.revokeObjectURL(address);
    }
    this.node = new AudioWorkletNode(this.context, "partyline-capture", {
      channelCount: this.channels,
      channelCountMode: "explicit",
      channelInterpretation: "discrete",
      processorOptions: { channels: this.channels, rate: RATE, frames: CHUNK_FRAMES },
    });
    this.node.port.onmessage = ({ data }) => this.#heard(data);
    // Only what leads to the loudspeakers is computed; this much of it is heard there.
    const nothing = new GainNode(this.context, { gain: 0 });
    this.node.connect(nothing).connect(this.context.destination);
    this.merger = new ChannelMergerNode(this.context, { numberOfInputs: this.channels });
    this.merger.connect(this.node);
    this.use(microphone);
    if (this.shared) {
      const sound = new MediaStream(this.shared.getAudioTracks());
      this.context.createMediaStreamSource(sound).connect(this.merger, 0, 1);
      this.#watch(sound, "tab");
    }
    await this.context.resume();
  }

  /** Listen to this microphone from now on, instead of the one before. */
  use(microphone) {
    const source = this.context.createMediaStreamSource(microphone);
    this.source?.disconnect();
    if (this.microphone !== microphone) stopTracks(this.microphone);
    this.microphone = microphone;
    this.source = source;
    source.connect(this.merger, 0, 0);
    this.#watch(microphone, "microphone");
  }

  #watch(stream, kind) {
    for (const track of stream.getAudioTracks()) {
      track.onended = () => this.context.state !== "closed" && this.on.lost(kind);
    }
  }

  get label() {
    return this.microphone?.getAudioTracks()[0]?.label ?? "";
  }

  get device() {
    return this.microphone?.getAudioTracks()[0]?.getSettings().deviceId ?? "";
  }

  #heard(data) {
    if (data.flushed) {
      this.flushes.get(data.flushed)?.();
      this.flushes.delete(data.flushed);
      return;
    }
    if (data.pcm) this.on.chunk(data);
    this.on.level(data.peaks);
  }

  tell(state) {
    this.node.port.postMessage({ state });
  }

  /** Have everything heard so far given out; `last` when nothing follows. */
  flush(state, { last = false } = {}) {
    const flush = `${Math.random()}`;
    const done = new Promise((resolve) => {
      this.flushes.set(flush, resolve);
      // An audio thread that is gone answers nothing.
      setTimeout(resolve, 1000);
    });
    this.node.port.postMessage({ state, flush, last });
    return done;
  }

  close() {
    for (const stream of [this.microphone, this.shared]) {
      for (const track of stream?.getTracks() ?? []) track.onended = null;
      stopTracks(stream);
    }
    if (this.context && this.context.state !== "closed") this.context.close().catch(() => {});
  }
}

function stopTracks(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
