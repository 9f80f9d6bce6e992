// Brings player, transcript and the server's data together; one desk for each mounted piece.

const KEPT_CALLS = 3;
const kept = (window.partylineCalls ??= new Map());
const desks = new WeakMap();

/** State of a call that survives reruns and page switches: its sound, place and transcript. */
function keptState(call) {
  if (!kept.has(call)) {
    const audio = new Audio();
    audio.preload = "metadata";
    kept.set(call, {
      audio, source: null, sound: "", wanted: null, heard: 0, going: false, duration: 0, speed: 1, volume: 1, renewals: 0,
      follow: true, scrollTop: 0, query: "", seekNonce: null, model: null, reload: 0,
    });
  }
  const state = kept.get(call);
  kept.delete(call);
  kept.set(call, state);
  for (const [other, old] of kept) {
    if (kept.size <= KEPT_CALLS) break;
    old.audio.pause();
    old.audio.removeAttribute("src");
    kept.delete(other);
  }
  return state;
}

class Desk {
  constructor(root, call) {
    this.root = root;
    this.call = call;
    this.state = keptState(call);
    clearTimeout(this.state.leaving);
    this.current = -1;
    this.word = -1;
    this.editing = null;
    this.abort = new AbortController();
    this.pick = (name) => root.querySelector(`[data-part="${name}"]`);
    this.viewport = this.pick("viewport");
    this.player = new Player(root, this.state, { onTime: (ms) => this.#at(ms), renew: () => this.#renew() });
    this.find = new Find(root, this);
    this.#listen();
  }

  get model() {
    return this.state.model;
  }

  /** Whether the person may change anything; what would be refused is not offered. */
  get mayEdit() {
    return this.data?.may_edit !== false;
  }

  #listen() {
    const options = { signal: this.abort.signal };
    document.addEventListener("keydown", (event) => shortcut(event, this), options);
    for (const kind of ["wheel", "touchmove"]) {
      this.viewport.addEventListener(kind, () => this.setFollow(false), { ...options, passive: true });
    }
    this.viewport.addEventListener("pointerdown", (event) => {
      if (event.offsetX >= this.viewport.clientWidth) this.setFollow(false);
    }, options);
    this.viewport.addEventListener("keydown", (event) => {
      if (["PageUp", "PageDown", "Home", "End"].includes(event.key)) this.setFollow(false);
    }, options);
    this.viewport.addEventListener("scroll", () => {
      this.state.scrollTop = this.viewport.scrollTop;
    }, { ...options, passive: true });
    this.pick("original").addEventListener("click", () => {
      this.send({ kind: "hear_original", wanted: !this.data.original });
    }, options);
    this.pick("follow").addEventListener("click", () => this.setFollow(true), options);
    this.pick("help").addEventListener("click", () => showShortcuts(this.root), options);
    this.pick("retry").addEventListener("click", () => this.#fetch(), options);
    this.stripObserver = new ResizeObserver(() => this.model && drawStrip(this.pick("strip"), this.model));
    this.stripObserver.observe(this.pick("strip"));
    this.pick("strip").addEventListener("click", (event) => {
      this.player.seek((event.offsetX / event.currentTarget.clientWidth) * this.player.duration);
    }, options);
  }

  /** Take what Python hands over, on the first drawing and on every rerun. */
  async update(data, emit) {
    this.emit = emit;
    this.data = data;
    const stale = !this.model || this.model.version !== data.version || this.state.reload !== data.reload;
    this.player.load(data.audio_url, {
      sound: data.sound,
      again: Boolean(this.renewing && data.audio_url),
      without: data.no_sound,
    });
    this.root.querySelector(".player").classList.toggle("unrecorded", data.recorded === false);
    this.#tellSound();
    this.renewing = false;
    if (stale) await this.#fetch();
    else if (!this.list) this.#show();
    else requestAnimationFrame(() => drawStrip(this.pick("strip"), this.model));
    this.#seek(data.seek);
  }

  /** Say what is special about the sound, and offer the original to whoever may hear it. */
  #tellSound() {
    const { sound_note: note, original } = this.data;
    this.pick("sound-words").textContent = note;
    this.pick("sound-note").hidden = !note;
    const button = this.pick("original");
    button.hidden = typeof original !== "boolean";
    button.textContent = original ? "Back to the covered sound" : "Hear the original";
    button.title = original ? "" : "Plays the recording as it came in, with all personal data in it";
  }

  #renew() {
    this.renewing = true;
    this.send({ kind: "fresh_links" });
  }

  async #fetch() {
    const { data } = this;
    this.#say(this.model ? "" : "Loading the transcript…");
    const answer = await fetch(data.review_url, { signal: this.abort.signal }).catch(() => null);
    if (this.abort.signal.aborted) return;
    if (answer && [401, 403].includes(answer.status) && this.state.renewals < 2) {
      this.state.renewals += 1;
      this.#renew();
      return;
    }
    if (!answer?.ok) {
      this.#say("The transcript could not be loaded. Check the connection and try again.", true);
      return;
    }
    const payload = await answer.json();
    if (this.abort.signal.aborted || data !== this.data) return;
    this.state.renewals = 0;
    this.state.reload = data.reload;
    this.state.model = new Model(payload);
    this.editing = null;
    this.#say("");
    this.#show();
  }

  #say(text, failed = false) {
    this.pick("message-text").textContent = text;
    this.pick("message").hidden = !text;
    this.pick("retry").hidden = !failed;
  }

  #show() {
    const { model } = this;
    this.state.duration = model.duration;
    this.player.refresh();
    if (!model.lines.length) this.#say("No words were recognised in this call.");
    drawPeople(this.pick("people"), this);
    const before = this.list ? this.viewport.scrollTop : this.state.scrollTop;
    this.list?.leave();
    this.list = new List(this.viewport, this.pick("canvas"), {
      count: model.rows.length,
      estimate: (n) => this.#estimate(model.rows[n]),
      build: (n) => (model.rows[n].kind === "gap" ? gapRow(model.rows[n]) : lineRow(model.rows[n], this)),
    });
    this.viewport.scrollTop = before;
    this.list.draw();
    drawStrip(this.pick("strip"), model);
    this.current = -1;
    this.find.look({ move: false });
    this.#at(this.player.ms, { still: before > 0 });
    this.setFollow(this.state.follow, { still: true });
    this.root.dataset.ready = "true";
  }

  #estimate(row) {
    if (row.kind === "gap") return 34;
    const perLine = Math.max(20, (this.viewport.clientWidth - 110) / 7.4);
    return (row.goesOn ? 14 : 40) + 23 * Math.max(1, Math.ceil(row.text.length / perLine));
  }

  #seek(seek) {
    if (!seek || seek.nonce === this.state.seekNonce || !this.model) return;
    this.state.seekNonce = seek.nonce;
    this.player.seek(seek.ms, { play: seek.play });
    this.setFollow(true);
  }

  #at(ms, { still = false } = {}) {
    const { model, list } = this;
    if (!model || !list) return;
    const now = model.lineAt(ms);
    if (now !== this.current) {
      const before = this.current;
      this.current = now;
      this.word = -1;
      for (const order of [before, now]) if (order >= 0) list.renew(model.rowOfLine.get(order));
      if (this.state.follow && now >= 0 && !still) {
        list.reveal(model.rowOfLine.get(now), { lazily: true, smooth: true });
      }
    }
    if (now >= 0) this.#speak(list.rows.get(model.rowOfLine.get(now)), model.wordAt(model.lines[now], ms));
  }

  #speak(row, word) {
    if (!row || (row === this.spokenRow && word === this.word)) return;
    for (const span of this.spokenRow?.words?.get(this.word) ?? []) span.classList.remove("spoken");
    for (const span of row.words?.get(word) ?? []) span.classList.add("spoken");
    this.spokenRow = row;
    this.word = word;
  }

  setFollow(follow, { still = false } = {}) {
    this.state.follow = follow;
    this.pick("follow").hidden = follow;
    if (follow && !still && this.current >= 0) this.list?.reveal(this.model.rowOfLine.get(this.current));
  }

  playFrom(line) {
    this.setFollow(true, { still: true });
    this.player.seek(line.start, { play: true });
  }

  stepLine(direction) {
    const line = this.model?.lines[clamp(this.current + direction, 0, this.model.lines.length - 1)];
    if (!line) return;
    this.setFollow(true, { still: true });
    this.player.seek(line.start + 1);
  }

  leave() {
    this.abort.abort();
    this.player.leave();
    this.find.leave();
    this.list?.leave();
    this.stripObserver.disconnect();
    closeMenu(this.root);
    // A rerun may take the piece away and bring it back at once; only a real leave stops the sound.
    this.state.leaving = setTimeout(() => this.state.audio.pause(), 700);
  }
}

Object.assign(Desk.prototype, intents);

export default function mount({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".desk");
  let desk = desks.get(root);
  if (desk && desk.call !== data.call) {
    desk.leave();
    desk = null;
  }
  if (!desk) {
    desk = new Desk(root, data.call);
    desks.set(root, desk);
  }
  desk.update(data, (intent) => setTriggerValue("intent", intent));
  return () => {
    desks.get(root)?.leave();
    desks.delete(root);
  };
}
