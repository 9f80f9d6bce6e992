// What runs in the audio thread: chunks of 100 ms, 16 bit, channels interleaved. Both parts are sent
// there as text and use nothing from outside but each other and Resampler.

/** Gathers samples at 16 kHz and gives them out in chunks. */
class Packer {
  constructor(channels, frames) {
    this.channels = channels;
    this.frames = frames;
    this.waiting = Array.from({ length: channels }, () => []);
  }

  /** Take the same number of samples for each channel; return the chunks that are full. */
  push(tracks) {
    tracks.forEach((track, c) => this.waiting[c].push(...track));
    const full = [];
    while (this.waiting[0].length >= this.frames) full.push(this.#take(this.frames));
    return full;
  }

  /** Return what is left as a shorter chunk, null if there is nothing. */
  flush() {
    const left = this.waiting[0].length;
    return left ? this.#take(left) : null;
  }

  #take(frames) {
    const pcm = new Int16Array(frames * this.channels);
    const peaks = new Array(this.channels).fill(0);
    for (let c = 0; c < this.channels; c += 1) {
      const track = this.waiting[c].splice(0, frames);
      for (let f = 0; f < frames; f += 1) {
        const sample = Math.max(-32768, Math.min(32767, Math.round(track[f] * 32768)));
        pcm[f * this.channels + c] = sample;
        peaks[c] = Math.max(peaks[c], Math.abs(sample));
      }
    }
    return { pcm, peaks: peaks.map((peak) => peak / 32768) };
  }
}

function registerCapture() {
  /** Listens until it is closed; `state.going` keeps what is heard, `state.mute` silences channel 0. */
  class Capture extends AudioWorkletProcessor {
    constructor(options) {
      super();
      const { channels, rate, frames } = options.processorOptions;
      this.channels = channels;
      this.resamplers = sampleRate === rate
        ? null
        : Array.from({ length: channels }, () => new Resampler(sampleRate, rate));
      this.packer = new Packer(channels, frames);
      this.state = { going: false, mute: false };
      this.port.onmessage = ({ data }) => this.#told(data);
    }

    #told(data) {
      Object.assign(this.state, data.state);
      if (data.flush) {
        if (this.resamplers && data.last) this.#pack(this.resamplers.map((one) => one.flush()));
        this.#send(this.packer.flush());
        this.port.postMessage({ flushed: data.flush });
      }
      if (data.last) this.over = true;
    }

    process(inputs) {
      if (this.over) return false;
      const given = inputs[0] ?? [];
      const tracks = Array.from({ length: this.channels }, (_, c) => {
        // What is not connected gives silence: time goes on.
        if (!given[c] || (c === 0 && this.state.mute)) return new Float32Array(128);
        return given[c];
      });
      this.#pack(this.resamplers ? tracks.map((track, c) => this.resamplers[c].push(track)) : tracks);
      return true;
    }

    #pack(tracks) {
      if (this.state.going) this.packer.push(tracks).forEach((chunk) => this.#send(chunk));
      else this.#peek(tracks);
    }

    /** While nothing is kept only the level is told, about ten times a second. */
    #peek(tracks) {
      this.peeked = (this.peeked ?? 0) + 1;
      if (this.peeked % 12) return;
      const peak = (track) => track.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
      this.port.postMessage({ peaks: tracks.map(peak) });
    }

    #send(chunk) {
      if (!chunk) return;
      const { pcm, peaks } = chunk;
      this.port.postMessage({ pcm, peaks, at: Date.now() }, [pcm.buffer]);
    }
  }
  registerProcessor("partyline-capture", Capture);
}

/** The address of all this as a script of its own. */
function workletAddress() {
  const text = [Resampler, Packer, `(${registerCapture})();`].join("\n");
  return URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
}
