// One row of the transcript: a spoken line with its marks, comments and editor, or a gap.

/** Text as nodes, cut where words and matches begin and end; returns the span of each word. */
function paintText(target, line, { everyWord, matches, chosen }) {
  const ranges = [];
  for (let n = 0; n < line.words.length; n += 5) {
    const [from, length, sure] = [line.words[n + 2], line.words[n + 3], line.words[n + 4]];
    const unsure = sure >= 0 && sure < UNSURE_BELOW;
    if (everyWord || unsure) ranges.push({ from, to: from + length, word: n, unsure });
  }
  for (const match of matches) {
    ranges.push({ from: match.at, to: match.at + match.length, match, chosen: match === chosen });
  }
  const cuts = [...new Set([0, line.text.length, ...ranges.flatMap((r) => [r.from, r.to])])];
  cuts.sort((a, b) => a - b);
  const words = new Map();
  const pieces = [];
  for (let n = 0; n + 1 < cuts.length; n += 1) {
    const text = line.text.slice(cuts[n], cuts[n + 1]);
    const here = ranges.filter((r) => r.from <= cuts[n] && r.to >= cuts[n + 1]);
    if (!here.length) {
      pieces.push(text);
      continue;
    }
    const found = here.find((r) => r.match);
    const span = make(found ? "mark" : "span", { class: found?.chosen ? "chosen" : null }, text);
    for (const range of here) {
      if (range.unsure) span.classList.add("unsure");
      if (range.word !== undefined) words.set(range.word, [...(words.get(range.word) ?? []), span]);
    }
    pieces.push(span);
  }
  target.replaceChildren(...pieces);
  return words;
}

/** "Negative, −0.82: “fed up”, “third time”", and what else there is to say of it. */
function sentimentInWords(line) {
  const score = `${line.score < 0 ? "\u2212" : "+"}${Math.abs(line.score).toFixed(2)}`;
  const quoted = line.why?.map((words) => `\u201c${words}\u201d`).join(", ");
  const why = line.why ? `: ${quoted || "by the meaning of the whole line"}` : "";
  const theirs = line.providerSentiment
    ? `The provider says: ${SENTIMENT_WORDS[line.providerSentiment].toLowerCase()}.`
    : "";
  return [`${SENTIMENT_WORDS[line.sentiment]}, ${score}${why}.`, theirs, "Scores run from \u22121 to +1."]
    .filter(Boolean)
    .join(" ");
}

function sentimentMark(line, root) {
  if (!line.sentiment) return null;
  const words = sentimentInWords(line);
  const mark = make(
    "button",
    { class: `mark-sentiment ${line.sentiment}`, type: "button", "aria-label": words },
    icon(line.sentiment),
    SENTIMENT_WORDS[line.sentiment],
  );
  explainOn(root, mark, words);
  return mark;
}

/** What rules found in a line. */
function foundMark(names) {
  return make("span", { class: "tag found", title: `Found by rules: ${names}` }, `\u2691 ${names}`);
}

function flagMarks(line) {
  const marks = [];
  if (line.flags & FLAG.interrupts) marks.push(make("span", { class: "tag" }, "interrupts"));
  else if (line.flags & FLAG.overlap) {
    const why = "Both parties speak at the same time here";
    marks.push(make("span", { class: "tag", title: why }, icon("overlap"), "overlap"));
  }
  if (line.flags & FLAG.backchannel) marks.push(make("span", { class: "tag" }, "listening signal"));
  if (line.found) marks.push(foundMark(line.found));
  if (line.flags & FLAG.corrected) marks.push(make("span", { class: "tag" }, "corrected"));
  return marks;
}

function commentBlock(comment, onDelete) {
  const made = new Date(comment.at);
  const when = Number.isNaN(made.getTime()) ? "" : made.toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
  return make(
    "div",
    { class: "comment" },
    icon("comment"),
    make("div", {}, make("div", { class: "comment-by" }, `${comment.author} · ${when}`), make("div", {}, comment.text)),
    comment.id && onDelete
      ? make("button", { class: "quiet", type: "button", "aria-label": "Delete comment", title: "Delete comment", onclick: onDelete }, icon("close"))
      : null,
  );
}

/** A small form in the row; `kind` is "correct" or "comment". Escape leaves, Ctrl+Enter saves. */
function lineEditor(kind, text, { onSave, onLeave, onInput }) {
  const label = kind === "correct" ? "Text of this line" : "Comment on this line";
  const field = make("textarea", { "aria-label": label, rows: 3, value: text });
  field.addEventListener("input", () => onInput(field.value));
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape") onLeave();
    else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) onSave(field.value);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  const save = make("button", { type: "button", class: "main", onclick: () => onSave(field.value) }, "Save");
  const leave = make("button", { type: "button", onclick: onLeave }, "Cancel");
  return make("div", { class: "editor" }, field, make("div", { class: "buttons" }, save, leave));
}

function gapRow(row) {
  return make(
    "div",
    { class: `row gap ${row.what}`, role: "listitem" },
    make("span", { class: "gap-text" }, `${GAP_WORDS[row.what]} · ${lengthInWords(row.end - row.start)}`),
  );
}

function speakerName(speaker) {
  const name = make("span", { class: "name" }, speaker ? speaker.label : "Not assigned");
  const role = speaker && speaker.role !== "unknown" ? ROLE_WORDS[speaker.role] : null;
  const said = role && speaker.label.toLowerCase() !== role.toLowerCase();
  return make("span", { class: "who" }, name, said ? make("span", { class: "role" }, role) : null);
}

/** Build the row of a line. `desk` answers for what is current, found, edited and allowed. */
function lineRow(line, desk) {
  const { model } = desk;
  const dim = line.flags & FLAG.backchannel ? " backchannel" : "";
  const text = make("div", { class: "text" });
  const row = make(
    "div",
    {
      class: `row line of-${model.colourOf(line.speaker)}${dim}${line.goesOn ? " goes-on" : ""}`,
      role: "listitem",
      "data-line": line.id,
    },
    make(
      "button",
      { class: "time", type: "button", "aria-label": `Play from ${clock(line.start)}`, onclick: () => desk.playFrom(line) },
      clock(line.start),
    ),
    make(
      "div",
      { class: "body" },
      make(
        "div",
        { class: "head" },
        speakerName(model.speakerOf(line)),
        ...flagMarks(line),
        sentimentMark(line, desk.root),
        make(
          "button",
          {
            class: "quiet more",
            type: "button",
            "aria-label": `More for the line at ${clock(line.start)}`,
            "aria-haspopup": "menu",
            onclick: (event) => desk.lineMenu(line, event.currentTarget),
          },
          icon("more"),
        ),
      ),
      text,
    ),
  );
  const body = row.querySelector(".body");
  const editing = desk.editing?.line === line ? desk.editing : null;
  if (editing) body.append(desk.editor());
  if (editing?.kind === "correct") text.hidden = true;
  for (const comment of model.comments.get(line.id) ?? []) {
    body.append(commentBlock(comment, desk.mayEdit ? () => desk.deleteComment(line, comment) : null));
  }
  row.words = paintText(text, line, {
    everyWord: line.order === desk.current,
    matches: desk.find.matchesIn(line),
    chosen: desk.find.chosen,
  });
  if (line.order === desk.current) {
    row.classList.add("current");
    row.setAttribute("aria-current", "true");
  }
  row.addEventListener("click", (event) => {
    if (event.target.closest("button, textarea, .comment, .editor")) return;
    if (!String(getSelection() ?? "")) desk.playFrom(line);
  });
  return row;
}
