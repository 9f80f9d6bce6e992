// Where each row of the list lies, from measured heights where known and estimates elsewhere.

class Heights {
  constructor(count, estimate) {
    this.count = count;
    this.estimate = estimate;
    this.forget();
  }

  /** Drop all measurements, as when the width changes. */
  forget() {
    this.heights = new Float64Array(this.count);
    this.known = new Uint8Array(this.count);
    for (let n = 0; n < this.count; n += 1) this.heights[n] = this.estimate(n);
    this.tops = new Float64Array(this.count + 1);
    this.firstStale = 0;
  }

  /** Note a measured height; tells whether it changes anything. */
  measure(n, height) {
    this.known[n] = 1;
    if (Math.abs(this.heights[n] - height) < 0.5) return false;
    this.heights[n] = height;
    this.firstStale = Math.min(this.firstStale, n);
    return true;
  }

  #freshen() {
    for (let n = this.firstStale; n < this.count; n += 1) {
      this.tops[n + 1] = this.tops[n] + this.heights[n];
    }
    this.firstStale = this.count;
  }

  top(n) {
    this.#freshen();
    return this.tops[n];
  }

  get total() {
    return this.top(this.count);
  }

  /** The row at this distance from the top. */
  rowAt(y) {
    this.#freshen();
    return clamp(lastNotAfter(this.tops, y), 0, Math.max(0, this.count - 1));
  }
}
