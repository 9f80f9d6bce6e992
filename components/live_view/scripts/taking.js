// Reads told events (docs/live.md) into the model. What doesn't have the form of its kind is left
// out; kinds that aren't known here are passed over.

const isText = (value) => typeof value === "string";
const isNumber = Number.isFinite;
const textOr = (value, other) => (isText(value) ? value : other);
const numberOr = (value, other) => (isNumber(value) ? value : other);

/** Take one event; `live`: it happens now, so it is read out. Tells whether it was taken. */
function takeEvent(model, told, { live = true } = {}) {
  if (!told || typeof told !== "object") return false;
  if (isNumber(told.n)) {
    if (told.n <= model.n) return false;
    model.n = told.n;
  }
  if (isNumber(told.at_ms) && told.at_ms > model.at) {
    model.at = told.at_ms;
    model.touch("time");
  }
  const taker = Object.hasOwn(TAKERS, told.type) ? TAKERS[told.type] : null;
  if (!taker) return false;
  taker(model, told, live);
  return true;
}

const TAKERS = {
  partial: (model, told) => takeLine(model, told, { final: false }),
  final: (model, told, live) => takeLine(model, told, { final: true, live }),
  revised: (model, told) => takeLine(model, told, { final: true, revised: true }),
  speaker: takeSpeaker,
  sentiment: takeSentiment,
  warning: takeWarning,
  figures: takeFigures,
  summary: takeSummary,
  language: (model, { language, by }) => {
    model.language = { code: isText(language) ? language : null, chosen: by === "chosen" };
    model.touch("language");
  },
  state: (model, { state }) => {
    if (Object.hasOwn(STATE_WORDS, state)) model.state = state;
    model.touch("state");
  },
  ended: (model, told) => {
    model.ended = { message: textOr(told.error_message, "") };
    model.touch("state");
    for (const row of model.lines.values()) {
      if (row.partial) model.changed.rows.add(Object.assign(row, { partial: false }));
    }
  },
  landed: (model, told) => {
    model.landed = { call: textOr(told.call_id, null) };
    model.touch("state");
  },
};

function takeLine(model, told, { final, revised = false, live = false }) {
  if (!isText(told.id) || !isText(told.text)) return;
  const text = told.text.trim();
  const speaker = textOr(told.speaker, null);
  let row = model.lines.get(told.id);
  if (row && !row.partial && !final) return;
  if (!row && !text) return;
  if (row && !text) {
    model.lines.delete(row.id);
    model.remove(row);
    model.touch("timeline");
    return;
  }
  if (!row) {
    const at = numberOr(told.start_ms, model.at);
    row = { kind: "line", id: told.id, at, speaker, mood: null, mark: "", goesOn: false, changes: 0 };
    model.lines.set(row.id, row);
    Object.assign(row, { text: "", partial: !final });
    model.insert(row);
  }
  const reworded = row.text !== "" && row.text !== text;
  const refined = told.stage === "refined";
  if (refined && (reworded || !revised)) row.mark = "improved";
  else if (revised && reworded) row.mark = "changed";
  if (revised && (reworded || row.speaker !== speaker)) row.changes += 1;
  Object.assign(row, {
    text,
    partial: !final,
    start: numberOr(told.start_ms, row.start ?? row.at),
    end: numberOr(told.end_ms, row.end ?? row.at),
  });
  if (row.speaker !== speaker) model.moveToSpeaker(row, speaker);
  takeMood(model, row, told.sentiment);
  model.changed.rows.add(row);
  model.touch("timeline");
  if (live) model.fresh.said.push(row);
}

function takeMood(model, row, sentiment) {
  if (!sentiment || !Object.hasOwn(SENTIMENT_WORDS, sentiment.label)) return;
  row.mood = { label: sentiment.label, score: numberOr(sentiment.score, null) };
  model.moods.set(row.speaker, row.mood);
  model.changed.rows.add(row);
  model.touch("course");
}

function takeSentiment(model, told) {
  const row = model.lines.get(told.utterance);
  if (!row) return;
  takeMood(model, row, told);
  // Where running figures are told, the course is theirs.
  if (!model.figures && row.mood?.score !== null) model.addCourse(row.speaker, row.end, told.score);
}

function takeSpeaker(model, told) {
  if (!isText(told.id)) return;
  const label = textOr(told.label, "") || "Speaker";
  if (!model.people.tell({ id: told.id, label, role: told.role, channel: told.channel })) return;
  model.touchRows();
  model.touch("people", "timeline", "course", "warnings");
}

const GAP_LIKE = new Set(["gap", "silence"]);

/** What was being said when the server went down is heard again, as other lines. */
function forgetPartials(model) {
  for (const row of [...model.lines.values()].filter((one) => one.partial)) {
    model.lines.delete(row.id);
    model.remove(row);
  }
  model.touch("timeline");
}

function takeWarning(model, told, live) {
  if (told.code === "StartedAgain") forgetPartials(model);
  const kind = textOr(told.kind, "error");
  const end = numberOr(told.end_ms, numberOr(told.at_ms, model.at));
  const start = numberOr(told.start_ms, end);
  const id = isText(told.id) ? told.id : `${kind} ${told.code ?? ""} ${start}`;
  const seen = model.warnings.get(id);
  if (told.taken_back === true) {
    if (seen) takeBack(model, seen);
    return;
  }
  const warning = seen ?? { kind: "warning", id, warning: null, at: 0, goesOn: false };
  warning.warning = {
    kind,
    start,
    end,
    speaker: textOr(told.speaker, null),
    reason: textOr(told.reason, ""),
    rule: textOr(told.rule?.name, ""),
    message: textOr(told.message, ""),
    alert: told.alert === true,
  };
  // What is missing stands where it is missing; what was noticed, where it was noticed.
  warning.at = seen ? seen.at : GAP_LIKE.has(kind) ? start : end;
  if (!seen) {
    model.warnings.set(id, warning);
    model.insert(warning);
    if (live) model.fresh.warned.push(warning);
  }
  model.changed.rows.add(warning);
  model.touch("warnings", "timeline");
}

/** It has turned out that there was nothing to warn of. */
function takeBack(model, warning) {
  model.warnings.delete(warning.id);
  model.fresh.warned = model.fresh.warned.filter((one) => one !== warning);
  model.remove(warning);
  model.touch("warnings", "timeline");
}

function takeFigures(model, told) {
  const speakers = Array.isArray(told.speakers) ? told.speakers : [];
  model.figures = {
    speakers: speakers.filter((one) => isText(one?.id) && isNumber(one.talk_ms)),
    overlap: numberOr(told.overlap_ms, null),
    silence: numberOr(told.silence_ms, null),
  };
  for (const point of Array.isArray(told.course) ? told.course : []) {
    if (isNumber(point?.at_ms) && isNumber(point.score)) {
      model.addCourse(textOr(point.speaker, null), point.at_ms, point.score);
    }
  }
  model.touch("people", "timeline");
}

function takeSummary(model, told) {
  const groups = [];
  const byPhone = told.origin?.name === "acs";
  for (const [name, title] of SUMMARY_GROUPS) {
    const given = Array.isArray(told[name]) ? told[name] : [told[name]];
    const statements = given.filter((one) => isText(one?.text) && one.text);
    // The service tells one text, which is more than how the call ended.
    if (statements.length) groups.push({ title: byPhone ? "What happened" : title, statements });
  }
  const soFar = told.so_far === true;
  model.summary = { groups, soFar, byPhone, at: numberOr(told.at_ms, model.at), resolved: told.resolved ?? null };
  model.touch("summary");
}
