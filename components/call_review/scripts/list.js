// A virtual list: only the rows near the visible part exist, at measured heights.

const SPARE_PX = 320;

class List {
  constructor(viewport, canvas, { count, estimate, build }) {
    this.viewport = viewport;
    this.canvas = canvas;
    this.build = build;
    this.rows = new Map();
    this.heights = new Heights(count, estimate);
    this.pinned = -1;
    this.abort = new AbortController();
    const options = { signal: this.abort.signal, passive: true };
    viewport.addEventListener("scroll", () => this.#soon(), options);
    this.width = viewport.clientWidth;
    this.observer = new ResizeObserver(() => this.#resized());
    this.observer.observe(viewport);
    canvas.replaceChildren();
    this.draw();
  }

  #soon() {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }

  #resized() {
    if (this.viewport.clientWidth === this.width) {
      this.#soon();
      return;
    }
    const anchor = this.#anchor();
    this.width = this.viewport.clientWidth;
    this.heights.forget();
    for (const [n, row] of this.rows) this.heights.measure(n, row.offsetHeight);
    this.viewport.scrollTop = this.heights.top(anchor.n) + anchor.offset;
    this.draw();
  }

  #anchor() {
    const n = this.heights.rowAt(this.viewport.scrollTop);
    return { n, offset: this.viewport.scrollTop - this.heights.top(n) };
  }

  /** Bring the rows in line with the scroll position, then correct by what was measured. */
  draw() {
    for (let pass = 0; pass < 4; pass += 1) {
      const anchor = this.#anchor();
      this.#fill();
      let moved = false;
      for (const [n, row] of this.rows) moved = this.heights.measure(n, row.offsetHeight) || moved;
      this.#place();
      if (!moved) return;
      const top = this.heights.top(anchor.n) + anchor.offset;
      if (Math.abs(top - this.viewport.scrollTop) > 1) this.viewport.scrollTop = top;
    }
  }

  #fill() {
    const from = this.heights.rowAt(this.viewport.scrollTop - SPARE_PX);
    const to = this.heights.rowAt(this.viewport.scrollTop + this.viewport.clientHeight + SPARE_PX);
    for (const [n, row] of this.rows) {
      if ((n < from || n > to) && n !== this.pinned) {
        row.remove();
        this.rows.delete(n);
      }
    }
    const fresh = [];
    for (let n = from; n <= to && n < this.heights.count; n += 1) {
      if (!this.rows.has(n)) fresh.push(n);
    }
    for (const n of fresh) this.#add(n);
    if (fresh.length) this.#sortRows();
  }

  #add(n) {
    const row = this.build(n);
    row.setAttribute("aria-setsize", String(this.heights.count));
    row.setAttribute("aria-posinset", String(n + 1));
    this.rows.set(n, row);
    this.canvas.append(row);
  }

  // Reading and tab order follow the document, so the rows stand in it in their order.
  #sortRows() {
    const wanted = [...this.rows.keys()].sort((a, b) => a - b);
    let at = this.canvas.firstElementChild;
    for (const n of wanted) {
      const row = this.rows.get(n);
      if (row === at) at = at.nextElementSibling;
      else this.canvas.insertBefore(row, at);
    }
  }

  #place() {
    this.canvas.style.height = `${this.heights.total}px`;
    for (const [n, row] of this.rows) row.style.transform = `translateY(${this.heights.top(n)}px)`;
  }

  /** Build a row anew if it is shown, keeping what is visible in place. */
  renew(n) {
    const old = this.rows.get(n);
    if (!old) return;
    const row = this.build(n);
    row.setAttribute("aria-setsize", String(this.heights.count));
    row.setAttribute("aria-posinset", String(n + 1));
    row.style.transform = old.style.transform;
    old.replaceWith(row);
    this.rows.set(n, row);
    this.#soon();
  }

  renewAll() {
    for (const n of [...this.rows.keys()]) this.renew(n);
  }

  /** Show row `n` at this share of the height; with `lazily`, only if it isn't well in view. */
  reveal(n, { share = 0.3, lazily = false, smooth = false } = {}) {
    const { viewport } = this;
    const top = this.heights.top(n);
    const tall = this.heights.top(n + 1) - top;
    const seen = top - viewport.scrollTop;
    const fits = seen >= 0 && seen + tall <= viewport.clientHeight * 0.75;
    if (lazily && fits) return;
    const wanted = top - Math.max(0, viewport.clientHeight * share - tall / 2);
    const near = Math.abs(wanted - viewport.scrollTop) < viewport.clientHeight;
    if (smooth && near && !calmMotion()) {
      viewport.scrollTo({ top: wanted, behavior: "smooth" });
      return;
    }
    viewport.scrollTop = wanted;
    this.draw();
    const settled = this.heights.top(n) - Math.max(0, viewport.clientHeight * share - tall / 2);
    if (Math.abs(settled - viewport.scrollTop) > 1) {
      viewport.scrollTop = settled;
      this.draw();
    }
  }

  leave() {
    this.abort.abort();
    this.observer.disconnect();
    cancelAnimationFrame(this.frame);
  }
}
