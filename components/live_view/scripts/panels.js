// Warnings and summary beside the transcript.

const MOST_WARNINGS_SHOWN = 40;

function drawWarnings(pick, model, onOpen) {
  const all = [...model.warnings.values()];
  const shown = all.slice(-MOST_WARNINGS_SHOWN).reverse();
  pick("no-warnings").hidden = all.length > 0;
  pick("warning-number").textContent = all.length ? String(all.length) : "";
  const entries = shown.map((row) => {
    const words = warningWords(row.warning, (id) => model.people.nameOf(id));
    return make(
      "li",
      {},
      make(
        "button",
        { type: "button", class: "warning", "data-kind": row.warning.kind, title: "Show in the transcript", onclick: () => onOpen(row) },
        icon(iconOf(row.warning)),
        make("span", { class: "warning-words" }, row.warning.alert ? make("b", {}, "Alert ") : null, words),
        make("span", { class: "figure" }, clock(row.at)),
      ),
    );
  });
  const left = all.length - shown.length;
  if (left) entries.push(make("li", { class: "soft" }, `and ${counted(left, "earlier one")} in the transcript`));
  pick("warnings").replaceChildren(...entries);
}

function statementLine(statement, model, onOpen) {
  const told = [ROLE_WORDS[statement.who] && statement.who !== "unknown" ? ROLE_WORDS[statement.who] : null];
  if (isText(statement.due) && statement.due && !statement.text.includes(statement.due)) told.push(statement.due);
  const words = told.filter(Boolean).join(", ");
  const ids = Array.isArray(statement.utterances) ? statement.utterances : [];
  const row = ids.map((id) => model.lines.get(id)).find(Boolean);
  const place = row
    ? make("button", { type: "button", class: "quiet place", "aria-label": `Show the line at ${clock(row.at)}`, onclick: () => onOpen(row) }, clock(row.at))
    : null;
  return make("li", {}, statement.text, " ", words ? make("span", { class: "soft" }, `${words} `) : null, place);
}

function drawSummary(pick, model, onOpen) {
  const { summary } = model;
  pick("summary-title").textContent = summary && !summary.soFar ? "Summary" : "Summary so far";
  if (!summary) {
    pick("summary").replaceChildren(make("p", { class: "soft" }, "There is none yet."));
    return;
  }
  const verdict = summary.soFar ? null : RESOLVED_WORDS[String(summary.resolved)];
  const parts = summary.groups.map(({ title, statements }) =>
    make("section", {}, make("h3", {}, title), make("ul", {}, ...statements.map((one) => statementLine(one, model, onOpen)))),
  );
  if (verdict) parts.unshift(make("p", {}, make("b", {}, verdict)));
  if (!parts.length) parts.push(make("p", { class: "soft" }, "Nothing worth noting has been said yet."));
  pick("summary").replaceChildren(...parts);
}

/** What stands beside the button: whether one is being written, and of when the shown one is. */
function summaryTime(model, asked) {
  if (asked) return "Being written\u2026";
  const { summary } = model;
  const said = [summary?.soFar ? `Up to ${clock(summary.at)}` : "", summary?.byPhone ? "by the telephone service" : ""];
  return said.filter(Boolean).join(", ");
}
