// A virtual list that grows: only rows near the visible part exist, at measured heights. At its end
// it follows what is said; elsewhere what is read stays in place, whatever comes in above or below.

const SPARE_PX = 320;
const AT_END_PX = 28;

class LiveList {
  constructor(viewport, canvas, model, { onFollow, following, scrollTop }) {
    Object.assign(this, { viewport, canvas, model, onFollow, following });
    this.nodes = new Map();
    this.abort = new AbortController();
    this.width = viewport.clientWidth;
    this.canvas.replaceChildren();
    for (const row of model.rows) row.height = this.#estimate(row);
    this.#layOut();
    if (!following) this.#scrollTo(scrollTop);
    const options = { signal: this.abort.signal, passive: true };
    viewport.addEventListener("scroll", () => this.#scrolled(), options);
    viewport.addEventListener("wheel", (event) => event.deltaY < 0 && this.#leaveEnd(), options);
    viewport.addEventListener("keydown", (event) => this.#key(event), { signal: this.abort.signal });
    this.observer = new ResizeObserver(() => this.#resized());
    this.observer.observe(viewport);
    this.draw(new Set());
  }

  #estimate(row) {
    if (row.kind !== "line") return 34;
    const perLine = Math.max(20, (this.width - 110) / 7.4);
    return (row.goesOn ? 14 : 40) + 23 * Math.max(1, Math.ceil(row.text.length / perLine));
  }

  /** Where each row lies; a few thousand additions, so always all of them. */
  #layOut() {
    let top = 0;
    for (const row of this.model.rows) {
      row.height ??= this.#estimate(row);
      row.top = top;
      top += row.height;
    }
    this.total = top;
    const height = `${top}px`;
    if (this.canvas.style.height !== height) this.canvas.style.height = height;
  }

  #rowAt(y) {
    const { rows } = this.model;
    let [low, high] = [0, rows.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (rows[middle].top <= y) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }

  #scrollTo(y) {
    if (Math.abs(this.viewport.scrollTop - y) > 0.5) this.viewport.scrollTop = y;
    this.ours = this.viewport.scrollTop;
  }

  #scrolled() {
    const { viewport } = this;
    if (Math.abs(viewport.scrollTop - this.ours) < 1) return;
    this.ours = viewport.scrollTop;
    const toEnd = viewport.scrollHeight - viewport.clientHeight - viewport.scrollTop;
    this.#follow(toEnd < AT_END_PX);
    this.#soon();
  }

  // The browser's own way there is an animation, which ends where a height on the way was wrong.
  #key(event) {
    if (event.key !== "Home" && event.key !== "End") return;
    event.preventDefault();
    if (event.key === "End") this.toEnd();
    else if (this.model.rows.length) this.reveal(this.model.rows[0]);
  }

  #leaveEnd() {
    if (this.viewport.scrollHeight > this.viewport.clientHeight) this.#follow(false);
  }

  #follow(following) {
    if (following === this.following) return;
    this.following = following;
    this.onFollow(following);
  }

  #soon() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.draw(new Set());
    });
  }

  #resized() {
    if (this.viewport.clientWidth !== this.width) {
      const anchor = this.#anchor();
      this.width = this.viewport.clientWidth;
      for (const row of this.model.rows) row.height = this.#estimate(row);
      this.#layOut();
      this.#hold(anchor);
      this.draw(new Set(this.nodes.keys()));
    } else this.draw(new Set());
  }

  #anchor() {
    if (this.following) return null;
    const row = this.model.rows[this.#rowAt(this.viewport.scrollTop)];
    return row ? { row, offset: this.viewport.scrollTop - row.top } : null;
  }

  #hold(anchor) {
    if (this.following) this.#scrollTo(Math.max(0, this.total - this.viewport.clientHeight));
    else if (anchor && !anchor.row.gone) this.#scrollTo(anchor.row.top + anchor.offset);
  }

  /** Bring the page in line with the model; `changed` are the rows of which something is new. */
  draw(changed) {
    const anchor = this.#anchor();
    const unmeasured = new Set();
    for (const row of changed) {
      const node = this.nodes.get(row);
      if (row.gone) this.#drop(row);
      else if (node) {
        node.renew();
        unmeasured.add(row);
      }
    }
    this.#layOut();
    this.#hold(anchor);
    for (let pass = 0; pass < 4; pass += 1) {
      this.#fill(unmeasured);
      if (!this.#measure(unmeasured)) break;
      this.#layOut();
      this.#hold(anchor);
    }
    for (const [row, node] of this.nodes) {
      if (node.placed === row.top) continue;
      node.placed = row.top;
      node.style.transform = `translateY(${row.top}px)`;
    }
  }

  #measure(unmeasured) {
    let moved = false;
    for (const row of unmeasured) {
      const height = this.nodes.get(row)?.offsetHeight;
      if (!height || Math.abs(height - row.height) < 0.5) continue;
      row.height = height;
      moved = true;
    }
    unmeasured.clear();
    return moved;
  }

  #drop(row) {
    this.nodes.get(row)?.remove();
    this.nodes.delete(row);
  }

  #fill(unmeasured) {
    const { rows } = this.model;
    const from = this.#rowAt(this.viewport.scrollTop - SPARE_PX);
    const to = this.#rowAt(this.viewport.scrollTop + this.viewport.clientHeight + SPARE_PX);
    for (const row of [...this.nodes.keys()]) if (row.order < from || row.order > to) this.#drop(row);
    let at = this.canvas.firstElementChild;
    for (let n = from; n <= to && n < rows.length; n += 1) {
      const row = rows[n];
      let node = this.nodes.get(row);
      if (!node) {
        node = makeRow(row, this.model);
        node.setAttribute("aria-setsize", "-1");
        this.nodes.set(row, node);
        unmeasured.add(row);
      }
      if (node.position !== n) {
        node.position = n;
        node.setAttribute("aria-posinset", String(n + 1));
      }
      // Reading order follows the document, so the rows stand in it in their order.
      if (node === at) at = at.nextElementSibling;
      else this.canvas.insertBefore(node, at);
    }
  }

  /** Go to the end and stay there. */
  toEnd() {
    this.#follow(true);
    this.draw(new Set());
  }

  /** Show this row in the upper part of the list; twice, because heights on the way are estimates. */
  reveal(row) {
    this.#follow(false);
    for (let pass = 0; pass < 2; pass += 1) {
      this.#scrollTo(Math.max(0, row.top - this.viewport.clientHeight * 0.3));
      this.draw(new Set());
    }
    const toEnd = this.viewport.scrollHeight - this.viewport.clientHeight - this.viewport.scrollTop;
    if (toEnd < AT_END_PX) this.#follow(true);
  }

  leave() {
    this.abort.abort();
    this.observer.disconnect();
    cancelAnimationFrame(this.frame);
  }
}
