// Brings the events of a call and the page together; one view for each mounted piece.

const SLOW_EVERY_MS = 900;
const HIDDEN_EVERY_MS = 1000;
const SAID_FOR_MS = 10000;
const ASKED_FOR_MS = 60000;
const ANSWERED_WITHIN_MS = 15000;
// A page that is only run again takes the piece away and brings it back at once.
const LEAVE_AFTER_MS = 700;
const WIDE_PX = 820;
const views = new WeakMap();

class View {
  constructor(root, call) {
    this.root = root;
    this.call = call;
    this.kept = keptCall(call);
    clearTimeout(this.kept.leaving);
    this.kept.view = this;
    this.model = this.kept.model;
    this.clock = new CallClock(this.kept);
    this.paints = new Paints();
    this.abort = new AbortController();
    this.slowAt = 0;
    this.pick = (name) => root.querySelector(`[data-part="${name}"]`);
    this.#openPanels();
    this.list = new LiveList(this.pick("viewport"), this.pick("canvas"), this.model, {
      following: this.kept.following,
      scrollTop: this.kept.scrollTop,
      onFollow: (following) => this.#followed(following),
    });
    this.#listen();
    this.model.touch("state", "language", "people", "timeline", "course", "warnings", "summary", "time");
  }

  /** Panels are open beside the transcript; below it, on a narrow screen, only the warnings are. */
  #openPanels() {
    const wide = this.root.clientWidth >= WIDE_PX;
    for (const panel of this.root.querySelectorAll("details")) {
      const name = panel.dataset.panel;
      panel.open = this.kept.open[name] ?? (wide || name === "warnings");
      panel.querySelector("summary").addEventListener("click", () => {
        this.kept.open[name] = !panel.open;
        this.model.touch("timeline");
        this.soon();
      });
    }
  }

  #listen() {
    const options = { signal: this.abort.signal };
    this.pick("newest").addEventListener("click", () => {
      this.list.toEnd();
      this.pick("viewport").focus({ preventScroll: true });
    }, options);
    this.pick("stop").addEventListener("click", () => askStop(this.root, () => this.#stop()), options);
    this.pick("open").addEventListener("click", () => this.send({ kind: "open_call", call: this.model.landed?.call ?? this.call }), options);
    this.pick("summarise").addEventListener("click", () => this.#summarise(), options);
    this.ticking = setInterval(() => this.#tick(), SLOW_EVERY_MS / 2);
    this.resized = new ResizeObserver(() => {
      this.model.touch("timeline");
      this.slowAt = 0;
      this.soon();
    });
    this.resized.observe(this.pick("side"));
  }

  send(intent) {
    this.emit({ ...intent, sent: Date.now() });
  }

  /** Take what Python hands over, on the first drawing and on every rerun. */
  update(data, emit) {
    this.emit = emit;
    this.data = data;
    const { kept } = this;
    if (!kept.feed || (kept.feed.over && !OVER.has(kept.link))) {
      kept.feed = openFeed(kept, data.events_url);
    } else kept.feed.renewed(data.events_url);
    this.model.touch("state", "language", "summary");
    this.soon();
  }

  #stop() {
    this.stoppedAt = performance.now();
    this.model.touch("state");
    this.soon();
    this.send({ kind: "stop" });
  }

  #summarise() {
    this.askedAt = performance.now();
    this.model.touch("summary");
    this.soon();
    this.send({ kind: "summarise" });
  }

  #followed(following) {
    this.kept.following = following;
    if (following) this.kept.unread = 0;
    this.#drawNewest();
  }

  #drawNewest() {
    const { following, unread } = this.kept;
    this.pick("newest").hidden = following;
    this.pick("newest-words").textContent = unread ? `Newest (${counted(unread, "new line")})` : "Newest";
  }

  #tick() {
    this.pick("elapsed").textContent = clock(this.clock.now());
    this.#giveUpWaiting();
    if (this.model.changed.parts.size) this.soon();
  }

  /** What was asked for and isn't answered has been refused: it can be asked for again. */
  #giveUpWaiting() {
    const { model } = this;
    const now = performance.now();
    if (this.askedAt && now - this.askedAt > ASKED_FOR_MS) {
      this.askedAt = 0;
      model.touch("summary");
    }
    if (this.stoppedAt && now - this.stoppedAt > ANSWERED_WITHIN_MS) {
      this.stoppedAt = 0;
      model.touch("state");
    }
    if (model.language?.askedAt && now - model.language.askedAt > ANSWERED_WITHIN_MS) {
      model.language = model.language.before;
      model.touch("language");
    }
  }

  /** Draw in the next frame; a hidden page has none, and is brought up to date now and then. */
  soon() {
    if (this.frame || this.timer || this.left) return;
    if (document.hidden) {
      this.timer = setTimeout(() => {
        this.timer = 0;
        this.#draw();
      }, HIDDEN_EVERY_MS);
    } else {
      this.frame = requestAnimationFrame(() => {
        this.frame = 0;
        this.#draw();
      });
    }
  }

  #draw() {
    if (this.left) return;
    const { model, pick } = this;
    const slow = performance.now() - this.slowAt > SLOW_EVERY_MS;
    const { rows, parts, said, warned } = model.takeChanges();
    const later = [];
    const draws = {
      state: () => this.#drawState(),
      time: () => this.clock.set(model, this.kept.link),
      language: () => drawLanguage(pick, model, this.data, (language) => this.#speak(language)),
      warnings: () => drawWarnings(pick, model, (row) => this.list.reveal(row)),
      summary: () => this.#drawSummary(),
    };
    const slowDraws = {
      people: () => drawShares(pick, model),
      timeline: () => drawTimeline(pick, model, this.clock.now()),
      course: () => drawCourse(pick, model, this.clock.now()),
    };
    this.kept.unread += this.kept.following ? 0 : said.length;
    for (const part of parts) {
      if (draws[part]) draws[part]();
      else if (slow) slowDraws[part]();
      else later.push(part);
    }
    model.touch(...later);
    if (slow && parts.size) this.slowAt = performance.now();
    this.list.draw(rows);
    this.kept.scrollTop = pick("viewport").scrollTop;
    this.#drawNewest();
    this.#drawMessage();
    this.#readOut(said, warned);
    this.paints.handled();
  }

  #drawState() {
    const { model, kept } = this;
    this.clock.set(model, kept.link);
    drawState(this.pick, model, kept.link);
    const goesOn = kept.link === "open" && !model.ended && GOING_ON.has(model.state);
    this.pick("stop").hidden = !this.data.can_stop || !(goesOn || (kept.link === "lost" && !model.ended));
    this.pick("stop").disabled = Boolean(this.stoppedAt) || kept.link === "lost";
    this.pick("summarise").hidden = !this.data.can_summarise || !goesOn;
    drawLanguage(this.pick, model, this.data, (language) => this.#speak(language));
    this.root.dataset.link = kept.link;
    if (kept.tellLanded) {
      kept.tellLanded = false;
      this.send({ kind: "landed", call: model.landed.call });
    }
  }

  #drawSummary() {
    const { model } = this;
    if (model.summary !== this.shownSummary) this.askedAt = 0;
    if (model.summary !== this.shownSummary || !model.summary) drawSummary(this.pick, model, (row) => this.list.reveal(row));
    this.shownSummary = model.summary;
    this.pick("summarise").disabled = Boolean(this.askedAt);
    this.pick("summary-time").textContent = summaryTime(model, this.askedAt);
  }

  #speak(language) {
    const { language: before } = this.model;
    this.model.language = { code: language, chosen: language !== null, before, askedAt: performance.now() };
    this.send({ kind: "speak", language });
  }

  #drawMessage() {
    const { model, kept } = this;
    const ended = model.ended || OVER.has(kept.link);
    const waiting = kept.link === "connecting" ? "" : "Nothing has been said yet. Words appear here as they are spoken.";
    const words = model.rows.length ? "" : ended ? "No words were recognised in this call." : waiting;
    this.pick("message").hidden = !words || kept.link === "gone" || kept.link === "refused";
    this.pick("message").textContent = words;
  }

  // Lines that are still being spoken are not read out: they would never come to an end.
  #readOut(said, warned) {
    const nameOf = (id) => this.model.people.nameOf(id);
    const tell = (place, words) => {
      const node = make("div", {}, words);
      this.pick(place).append(node);
      setTimeout(() => node.remove(), SAID_FOR_MS);
    };
    for (const row of said.slice(-4)) if (!row.gone) tell("said", `${nameOf(row.speaker)}: ${row.text}`);
    for (const row of warned.slice(-3)) tell("warned", `Warning: ${warningWords(row.warning, nameOf)}`);
  }

  leave() {
    this.left = true;
    this.abort.abort();
    clearInterval(this.ticking);
    clearTimeout(this.timer);
    cancelAnimationFrame(this.frame);
    this.resized.disconnect();
    this.list.leave();
    const { kept } = this;
    if (kept.view !== this) return;
    kept.view = null;
    kept.leaving = setTimeout(() => {
      kept.feed?.close();
      kept.feed = kept.link === "landed" ? kept.feed : null;
    }, LEAVE_AFTER_MS);
  }
}

export default function mount({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".live");
  let view = views.get(root);
  if (view && view.call !== data.call) {
    view.leave();
    view = null;
  }
  if (!view) {
    view = new View(root, data.call);
    views.set(root, view);
  }
  view.update(data, (intent) => setTriggerValue("intent", intent));
  return () => {
    views.get(root)?.leave();
    views.delete(root);
  };
}
