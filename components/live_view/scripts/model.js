// What has been told of a call, in the order in which it stands on the page. Nothing is drawn here:
// `changed` notes what has to be drawn anew.

const MOST_COURSE_POINTS = 300;

class LiveModel {
  constructor() {
    this.n = 0;
    this.at = 0;
    this.state = null;
    this.began = null;
    this.people = new People();
    this.rows = [];
    this.lines = new Map();
    this.warnings = new Map();
    this.course = new Map();
    this.moods = new Map();
    this.figures = null;
    this.summary = null;
    this.language = null;
    this.ended = null;
    this.landed = null;
    this.changed = { rows: new Set(), parts: new Set() };
    this.fresh = { said: [], warned: [] };
  }

  touch(...parts) {
    for (const part of parts) this.changed.parts.add(part);
  }

  /** Hand over what has to be drawn anew, and begin to note afresh. */
  takeChanges() {
    const changes = { ...this.changed, ...this.fresh };
    this.changed = { rows: new Set(), parts: new Set() };
    this.fresh = { said: [], warned: [] };
    return changes;
  }

  /** Put a row where its time belongs. There it stays, whatever its time turns out to be. */
  insert(row) {
    let at = this.rows.length;
    while (at > 0 && this.rows[at - 1].at > row.at) at -= 1;
    this.rows.splice(at, 0, row);
    this.#renumber(at);
    this.#continuity(at);
    this.changed.rows.add(row);
  }

  remove(row) {
    this.rows.splice(row.order, 1);
    row.gone = true;
    this.#renumber(row.order);
    this.#continuity(row.order);
    this.changed.rows.add(row);
  }

  #renumber(from) {
    for (let n = from; n < this.rows.length; n += 1) this.rows[n].order = n;
  }

  /** Whether row `at` and the one after it are said on by the speaker of the row before. */
  #continuity(at) {
    for (let n = Math.max(0, at); n <= at + 1 && n < this.rows.length; n += 1) {
      const [before, row] = [this.rows[n - 1], this.rows[n]];
      const goesOn = row.kind === "line" && before?.kind === "line" && before.speaker === row.speaker;
      if (row.goesOn !== goesOn) {
        row.goesOn = goesOn;
        this.changed.rows.add(row);
      }
    }
  }

  moveToSpeaker(row, speaker) {
    row.speaker = speaker;
    this.#continuity(row.order);
  }

  /** Every shown row has to be drawn anew, as when a speaker has got a name. */
  touchRows() {
    for (const row of this.rows) this.changed.rows.add(row);
  }

  /** Note a point of a speaker's course; one at the same time takes the place of an earlier one. */
  addCourse(speaker, at, score) {
    if (!this.course.has(speaker)) this.course.set(speaker, new Map());
    this.course.get(speaker).set(at, clamp(score, -1, 1));
    this.touch("course");
  }

  /** A speaker's points in the order of time, neighbours joined where they are very many. */
  coursePoints(speaker) {
    const points = [...this.course.get(speaker)].sort(([a], [b]) => a - b);
    const joined = Math.ceil(points.length / MOST_COURSE_POINTS);
    if (joined < 2) return points;
    const fewer = [];
    for (let n = 0; n < points.length; n += joined) {
      const some = points.slice(n, n + joined);
      fewer.push([some.at(-1)[0], some.reduce((sum, [, score]) => sum + score, 0) / some.length]);
    }
    return fewer;
  }

  /** Talk times and shares by speaker: as told, or by the lines where nothing is told. */
  shares() {
    const told = this.figures?.speakers;
    const talk = new Map(told?.map(({ id, talk_ms: ms, share_of_speech: share }) => [id, { ms, share }]) ?? []);
    if (!told) {
      for (const row of this.lines.values()) {
        const ms = (talk.get(row.speaker)?.ms ?? 0) + Math.max(0, row.end - row.start);
        if (row.speaker !== null) talk.set(row.speaker, { ms, share: null });
      }
    }
    const all = [...talk.values()].reduce((sum, { ms }) => sum + ms, 0);
    return this.people
      .roleFirst()
      .map((person) => ({ person, ms: talk.get(person.id)?.ms ?? 0, share: talk.get(person.id)?.share }))
      .filter(({ ms }) => ms > 0)
      .map((one) => ({ ...one, share: one.share ?? (all ? one.ms / all : 0) }));
  }
}
