// The speakers above the transcript: who is who, and the menu that changes it.

function drawPeople(place, desk) {
  const { model } = desk;
  const buttons = model.speakers.map((speaker, n) => {
    const role = speaker.role === "unknown" ? "Set role" : ROLE_WORDS[speaker.role];
    const same = speaker.label.toLowerCase() === role.toLowerCase();
    return make(
      "button",
      {
        type: "button",
        class: `person of-${model.colourOf(n)}`,
        ...(desk.mayEdit
          ? {
              "aria-haspopup": "menu",
              title: "Rename, set role, merge",
              onclick: (event) => speakerMenu(speaker, event.currentTarget, desk),
            }
          : { disabled: true }),
      },
      make("span", { class: "dot", "aria-hidden": "true" }),
      make("span", { class: "name" }, speaker.label),
      speaker.sure < 0 ? null : make("span", { class: "sure" }, `(voice, ${speaker.sure} %)`),
      same ? null : make("span", { class: "role" }, role),
      desk.mayEdit ? icon("down") : null,
    );
  });
  if (desk.mayEdit && model.speakers.some((s) => s.role !== "unknown") && model.speakers.length > 1) {
    buttons.push(
      make(
        "button",
        { type: "button", class: "swap", title: "Agent and customer the other way round", onclick: () => desk.swapRoles() },
        icon("swap"),
        "Swap roles",
      ),
    );
  }
  place.replaceChildren(...buttons);
}

function speakerMenu(speaker, anchor, desk) {
  const { model } = desk;
  const roles = Object.entries(ROLE_WORDS).map(([role, words]) => ({
    text: words,
    checked: speaker.role === role,
    act: () => desk.setRole(speaker, role),
  }));
  const others = model.speakers.filter((other) => other !== speaker);
  const merges = others.map((other) => ({
    text: `Same voice as ${other.label}`,
    act: () => desk.merge(speaker, other),
  }));
  const merged = model.merges.some(([one, into]) => into === speaker.id || one === speaker.id);
  const undo = { text: "Undo merge", act: () => desk.unmerge(speaker) };
  const rename = {
    text: "Rename…",
    act: () =>
      askText(desk.root, {
        title: "Rename speaker",
        label: "Name shown in this call and its downloads",
        hint: "Leave it empty to take the given name away.",
        value: speaker.label,
        onSave: (name) => desk.rename(speaker, name.trim()),
      }),
  };
  openMenu(desk.root, anchor, `Speaker ${speaker.label}`, [
    rename,
    null,
    ...roles,
    ...(merges.length || merged ? [null] : []),
    ...merges,
    ...(merged ? [undo] : []),
  ]);
}
