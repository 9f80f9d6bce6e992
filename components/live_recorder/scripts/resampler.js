// From the browser's rate to 16 kHz, inside the audio thread. The class is sent there as text, so it
// uses nothing from outside itself.

/** Band-limited resampling of one channel as a stream: a windowed sinc, one set of taps a phase. */
class Resampler {
  /** `from` and `to` are in Hz. Output sample n lies at input position n × from / to. */
  constructor(from, to) {
    let [a, b] = [from, to];
    while (b) [a, b] = [b, a % b];
    this.step = from / a;
    this.phases = to / a;
    // Taps reach this many zero crossings of the sinc to each side.
    const crossings = 24;
    // A little below the lower half rate, so that what lies above it doesn't fold back.
    const cutoff = 0.94 * Math.min(1, to / from);
    this.half = Math.ceil(crossings / Math.min(1, to / from));
    this.taps = Array.from({ length: this.phases }, (_, p) => this.#phase(p / this.phases, cutoff));
    this.held = new Float32Array(this.half);
    this.position = this.half * this.phases;
  }

  #phase(offset, cutoff) {
    const taps = new Float32Array(2 * this.half);
    let sum = 0;
    for (let k = 0; k < taps.length; k += 1) {
      const x = k - this.half + 1 - offset;
      const window = 0.5 + 0.5 * Math.cos((Math.PI * x) / this.half);
      const sinc = x === 0 ? 1 : Math.sin(Math.PI * cutoff * x) / (Math.PI * cutoff * x);
      taps[k] = Math.abs(x) >= this.half ? 0 : sinc * window;
      sum += taps[k];
    }
    return taps.map((tap) => tap / sum);
  }

  /** Take the next samples; return those of the new rate that are certain by now. */
  push(samples) {
    const input = new Float32Array(this.held.length + samples.length);
    input.set(this.held);
    input.set(samples, this.held.length);
    const output = [];
    let at = Math.floor(this.position / this.phases);
    while (at + this.half < input.length) {
      const taps = this.taps[this.position % this.phases];
      const first = at - this.half + 1;
      let sum = 0;
      for (let k = 0; k < taps.length; k += 1) sum += taps[k] * input[first + k];
      output.push(sum);
      this.position += this.step;
      at = Math.floor(this.position / this.phases);
    }
    const passed = Math.min(input.length, Math.max(0, at - this.half + 1));
    this.held = input.slice(passed);
    this.position -= passed * this.phases;
    return output;
  }

  /** Return what was still waiting for samples after it: those are silence. */
  flush() {
    return this.push(new Float32Array(this.half));
  }
}
