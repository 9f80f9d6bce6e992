// The fetched transcript, and what the person changed that the server hasn't confirmed yet.

const FLAG = { backchannel: 1, overlap: 2, interrupts: 4, corrected: 8 };
const SENTIMENT = [null, "positive", "neutral", "negative"];
const SENTIMENT_WORDS = { positive: "Positive", neutral: "Neutral", negative: "Negative" };
const ROLE_WORDS = { agent: "Agent", customer: "Customer", unknown: "Role not known" };
const GAP_WORDS = { music: "Hold, music", silence: "Hold, silent", dead_air: "Nobody speaks" };
const UNSURE_BELOW = 50;
const OTHER_COLOURS = ["violet", "green", "grey"];

/** A line of the transcript, read from the row the server sends. */
function readLine(row, order) {
  const [id, speaker, start, end, text, label, score, flags, words, providers = 0, why = null] = row;
  const sentiment = SENTIMENT[label];
  const providerSentiment = SENTIMENT[providers];
  return { kind: "line", id, speaker, start, end, text, sentiment, score, providerSentiment, why, flags, words, order };
}

class Model {
  constructor(payload) {
    this.version = payload.version;
    this.duration = payload.duration_ms;
    this.redacted = payload.redacted;
    this.speakers = payload.speakers.map(([id, label, role, sure]) => ({ id, label, role, sure }));
    this.colours = payload.colours;
    this.merges = payload.merges;
    this.covered = payload.covered;
    this.lines = payload.utterances.map(readLine);
    for (const line of this.lines) line.found = payload.found?.[line.id] ?? "";
    this.starts = this.lines.map((line) => line.start);
    this.comments = new Map();
    for (const [id, line, author, at, text] of payload.comments) {
      this.addComment(line, { id, author, at, text });
    }
    this.rows = this.#withGaps(payload.gaps);
    this.rowOfLine = new Map();
    this.rows.forEach((row, n) => row.kind === "line" && this.rowOfLine.set(row.order, n));
  }

  #withGaps(gaps) {
    const waiting = gaps.map(([start, end, what]) => ({ kind: "gap", start, end, what }));
    const rows = [];
    for (const line of this.lines) {
      while (waiting.length && waiting[0].start < line.start) rows.push(waiting.shift());
      const before = rows.at(-1);
      line.goesOn = before?.kind === "line" && before.speaker === line.speaker;
      rows.push(line);
    }
    return rows.concat(waiting);
  }

  speakerOf(line) {
    return line.speaker < 0 ? null : this.speakers[line.speaker];
  }

  colourOf(speakerIndex) {
    return speakerIndex < 0 ? "grey" : this.colours[speakerIndex];
  }

  /** Order of the line being spoken at this time, else of the last one before it. */
  lineAt(ms) {
    const last = lastNotAfter(this.starts, ms);
    for (let n = last; n >= 0 && n > last - 6; n -= 1) {
      if (this.lines[n].end > ms) return n;
    }
    return last;
  }

  /** Position in `words` of the word spoken at this time, -1 between words. */
  wordAt(line, ms) {
    const at = ms - line.start;
    let found = -1;
    for (let n = 0; n < line.words.length; n += 5) {
      if (line.words[n] > at) break;
      found = n;
    }
    return found >= 0 && at < line.words[found] + line.words[found + 1] + 120 ? found : -1;
  }

  addComment(lineId, comment) {
    if (!this.comments.has(lineId)) this.comments.set(lineId, []);
    this.comments.get(lineId).push(comment);
  }

  dropComment(lineId, commentId) {
    const kept = (this.comments.get(lineId) ?? []).filter((c) => c.id !== commentId);
    this.comments.set(lineId, kept);
  }

  correct(line, text) {
    line.text = text;
    line.words = [];
    line.flags |= FLAG.corrected;
  }

  setRole(speaker, role) {
    speaker.role = role;
    this.#recolour();
  }

  swapRoles() {
    const other = { agent: "customer", customer: "agent", unknown: "unknown" };
    for (const speaker of this.speakers) speaker.role = other[speaker.role];
    this.#recolour();
  }

  #recolour() {
    const free = { agent: "agent", customer: "customer" };
    let others = 0;
    this.colours = this.speakers.map(({ role }) => {
      if (free[role]) {
        delete free[role];
        return role;
      }
      others += 1;
      return OTHER_COLOURS[(others - 1) % OTHER_COLOURS.length];
    });
  }

  /** Lines whose text contains the words, as `{order, at}` places in reading order. */
  find(query) {
    const wanted = query.trim().toLocaleLowerCase();
    const places = [];
    if (!wanted) return places;
    for (const line of this.lines) {
      const text = line.text.toLocaleLowerCase();
      for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + wanted.length)) {
        places.push({ order: line.order, at, length: wanted.length });
      }
    }
    return places;
  }
}
