// The line above the transcript: state, time, language, and the end of the call.

/** The call's own time between events: runs while sound comes in, stands still otherwise. */
class CallClock {
  constructor(kept) {
    this.kept = kept;
    kept.base ??= { at: 0, when: null };
  }

  /** Set the clock by what has been told: forward always, back only when it is far ahead. */
  set(model, link) {
    const { base } = this.kept;
    const now = this.now();
    const first = !base.at && !model.at && model.began && GOING_ON.has(model.state);
    const told = first ? clamp(Date.now() - model.began, 0, 3600_000) : model.at;
    base.at = told > now || now - told > 8000 ? told : now;
    const runs = model.state === "recording" && !model.ended && link === "open";
    base.when = runs ? performance.now() : null;
  }

  now() {
    const { base } = this.kept;
    return base.at + (base.when === null ? 0 : performance.now() - base.when);
  }
}

function drawState(pick, model, link) {
  const { words, look } = stateWords(model, link);
  const chip = pick("state");
  if (chip.textContent !== words) chip.textContent = words;
  chip.dataset.look = look;
  const dropped = model.landed?.call === null;
  const note = LINK_NOTES[link] ?? (dropped ? DROPPED_NOTE : model.ended?.message) ?? "";
  pick("note").hidden = !note;
  if (pick("note").textContent !== note) pick("note").textContent = note;
  pick("open").hidden = dropped || !(link === "landed" || link === "gone");
}

function stateWords(model, link) {
  if (model.landed?.call === null) return { words: LINK_WORDS.dropped, look: "finishing" };
  if (link !== "open") return { words: LINK_WORDS[link], look: link };
  if (model.ended) return { words: STATE_WORDS.finishing, look: "finishing" };
  const state = model.state ?? "recording";
  return { words: STATE_WORDS[state], look: state };
}

/** The language that is spoken, as a choice where it can be switched. */
function drawLanguage(pick, model, data, onChoose) {
  const told = model.language ?? { code: data.language, chosen: data.language !== null };
  const goesOn = !model.ended && (model.state === null || GOING_ON.has(model.state));
  const key = JSON.stringify([told.code, told.chosen, data.languages, goesOn]);
  const place = pick("language");
  if (place.dataset.key === key) return;
  place.dataset.key = key;
  if (!data.languages.length || !goesOn) {
    place.replaceChildren(...(told.code ? [make("span", { class: "soft" }, languageName(told.code))] : []));
    return;
  }
  const heard = told.code && !told.chosen ? `Detect (${languageName(told.code)})` : "Detect";
  const choices = [["", heard], ...data.languages];
  const chosen = told.chosen && told.code ? told.code : "";
  if (!choices.some(([code]) => code === chosen)) choices.push([chosen, languageName(chosen)]);
  const select = make(
    "select",
    { "aria-label": "Language that is spoken", title: "Language that is spoken" },
    ...choices.map(([code, name]) => make("option", { value: code, selected: code === chosen }, name)),
  );
  select.addEventListener("change", () => onChoose(select.value || null));
  const focused = place.querySelector(":focus") !== null;
  place.replaceChildren(select);
  if (focused) select.focus();
}

function askStop(root, onStop) {
  const form = make(
    "form",
    { method: "dialog" },
    make("h3", {}, "End this call?"),
    make("p", { class: "hint" }, "Recording ends, the last words are waited for, and the call is kept."),
    make(
      "div",
      { class: "buttons" },
      make("button", { class: "main", value: "stop" }, "End the call"),
      make("button", { value: "" }, "Go on"),
    ),
  );
  openDialog(root, "End this call?", form, (answer) => answer === "stop" && onStop());
}
