// Find in the transcript: marks all matches and walks through them.

class Find {
  constructor(root, desk) {
    this.desk = desk;
    this.pick = (name) => root.querySelector(`[data-part="${name}"]`);
    this.box = this.pick("find");
    this.places = [];
    this.byLine = new Map();
    this.at = -1;
    this.abort = new AbortController();
    const options = { signal: this.abort.signal };
    const field = this.pick("find-text");
    this.field = field;
    field.addEventListener("input", () => this.look(), options);
    field.addEventListener("keydown", (event) => this.#key(event), options);
    this.pick("find-next").addEventListener("click", () => this.step(1), options);
    this.pick("find-previous").addEventListener("click", () => this.step(-1), options);
    this.pick("find-close").addEventListener("click", () => this.close(), options);
    this.pick("find-open").addEventListener("click", () => this.open(), options);
    if (desk.state.query) {
      field.value = desk.state.query;
      this.box.hidden = false;
      this.look({ move: false });
    }
  }

  get chosen() {
    return this.places[this.at] ?? null;
  }

  matchesIn(line) {
    return this.byLine.get(line.order) ?? [];
  }

  open() {
    this.box.hidden = false;
    this.field.focus();
    this.field.select();
  }

  close() {
    this.box.hidden = true;
    this.field.value = "";
    this.look({ move: false });
    this.pick("find-open").focus();
  }

  #key(event) {
    if (event.key === "Enter") this.step(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape") this.close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  look({ move = true } = {}) {
    const { desk } = this;
    desk.state.query = this.field.value;
    this.places = desk.model ? desk.model.find(this.field.value) : [];
    this.byLine = Map.groupBy
      ? Map.groupBy(this.places, (place) => place.order)
      : this.places.reduce((map, p) => map.set(p.order, [...(map.get(p.order) ?? []), p]), new Map());
    this.at = -1;
    if (move && this.places.length) {
      const from = this.places.findIndex((place) => place.order >= Math.max(0, desk.current));
      this.#go(from < 0 ? 0 : from);
    } else {
      this.#show();
      desk.list?.renewAll();
    }
  }

  step(direction) {
    if (!this.places.length) return;
    this.#go((this.at + direction + this.places.length) % this.places.length);
  }

  #go(at) {
    const { desk } = this;
    this.at = at;
    this.#show();
    desk.setFollow(false);
    desk.list.reveal(desk.model.rowOfLine.get(this.chosen.order));
    desk.list.renewAll();
  }

  #show() {
    const count = this.places.length;
    const asked = this.field.value.trim();
    this.pick("find-count").textContent = asked ? (count ? `${this.at + 1} of ${count}` : "Not found") : "";
  }

  leave() {
    this.abort.abort();
  }
}
