// One row of the list: a spoken line or a warning. A row is made once and then kept in step with
// what is known of it, so that what stands in it doesn't flicker while it is being spoken.

function moodMark(mood) {
  const words = SENTIMENT_WORDS[mood.label];
  const score = mood.score === null ? "" : `${mood.score < 0 ? "\u2212" : "+"}${Math.abs(mood.score).toFixed(2)}`;
  return make(
    "span",
    { class: `mark-sentiment ${mood.label}`, title: score ? `${words}, ${score} of \u22121 to +1` : words },
    icon(mood.label),
    words,
  );
}

const MARK_TITLES = {
  improved: "Read once more by a more accurate model",
  changed: "Understood otherwise than at first, or personal data taken out",
};

function lineHead(row, model) {
  const person = model.people.get(row.speaker);
  const role = person && person.role !== "unknown" ? ROLE_WORDS[person.role] : null;
  const said = role && person.label.toLowerCase() !== role.toLowerCase();
  // Whose voice it is may only be known once the line is finished.
  const nobody = row.partial ? "Speaking\u2026" : "Not assigned";
  const name = row.speaker === null ? nobody : model.people.nameOf(row.speaker);
  const mark = row.mark
    ? make("span", { class: "tag", title: MARK_TITLES[row.mark] }, row.mark === "improved" ? icon("improved") : null, row.mark)
    : null;
  return [
    make("span", { class: "who" }, make("span", { class: "name" }, name), said ? make("span", { class: "role" }, role) : null),
    mark,
    row.mood ? moodMark(row.mood) : null,
  ];
}

/** What of a line is shown beside its words; the same again means nothing to draw. */
function headKey(row, model) {
  const person = model.people.get(row.speaker);
  return [row.speaker, row.partial, person?.label, person?.role, person?.colour, row.mark, row.mood?.label, row.mood?.score].join("|");
}

function makeLine(row, model) {
  const head = make("div", { class: "head" });
  const words = make("span", { class: "words" });
  const time = make("span", { class: "time" }, clock(row.at));
  const node = make(
    "div",
    { role: "listitem", "data-line": row.id },
    time,
    make("div", { class: "body" }, head, make("div", { class: "text" }, words)),
  );
  let shown = { key: null, changes: row.changes };
  node.renew = () => {
    const colour = model.people.colourOf(row.speaker);
    const partial = row.partial ? " partial" : "";
    node.className = `row line of-${colour}${partial}${row.goesOn ? " goes-on" : ""}`;
    if (words.textContent !== row.text) words.textContent = row.text;
    const key = headKey(row, model);
    if (key !== shown.key) head.replaceChildren(...lineHead(row, model).filter(Boolean));
    if (row.changes !== shown.changes) {
      node.classList.add("renewed");
      node.style.animationName = row.changes % 2 ? "renewed-odd" : "renewed-even";
    } else if (node.style.animationName) node.classList.add("renewed");
    shown = { key, changes: row.changes };
  };
  node.renew();
  return node;
}

function makeWarning(row, model) {
  const words = make("span", {});
  const held = make("span", { class: "held" });
  const node = make("div", { role: "listitem", "data-warning": row.id }, held);
  node.renew = () => {
    const { warning } = row;
    node.className = `row warning-row ${GAP_LIKE.has(warning.kind) ? "missing" : "noticed"}`;
    held.replaceChildren(icon(iconOf(warning)), words);
    words.textContent = `${warning.alert ? "Alert. " : ""}${warningWords(warning, (id) => model.people.nameOf(id))}`;
  };
  node.renew();
  return node;
}

const iconOf = (warning) => (Object.hasOwn(ICONS, warning.kind) ? warning.kind : "error");

const makeRow = (row, model) => (row.kind === "line" ? makeLine(row, model) : makeWarning(row, model));
