// Menus and small dialogs of the piece.

/** Show a menu below `anchor`. Choices are `{text, act, checked?}` or null for a line between. */
function openMenu(root, anchor, label, choices) {
  closeMenu(root);
  const menu = make("div", { class: "menu", role: "menu", "aria-label": label });
  const buttons = [];
  for (const choice of choices) {
    if (!choice) {
      menu.append(make("div", { class: "menu-line", role: "separator" }));
      continue;
    }
    const checkable = choice.checked !== undefined;
    const button = make(
      "button",
      {
        type: "button",
        tabindex: "-1",
        role: checkable ? "menuitemradio" : "menuitem",
        "aria-checked": checkable ? String(choice.checked) : null,
        onclick: () => {
          closeMenu(root);
          choice.act();
        },
      },
      choice.text,
    );
    buttons.push(button);
    menu.append(button);
  }
  root.append(menu);
  placeMenu(root, anchor, menu);
  anchor.setAttribute("aria-expanded", "true");
  const abort = new AbortController();
  root.closeMenu = (refocus) => {
    abort.abort();
    menu.remove();
    anchor.removeAttribute("aria-expanded");
    root.closeMenu = null;
    if (refocus && anchor.isConnected) anchor.focus();
  };
  const options = { signal: abort.signal };
  menu.addEventListener("keydown", (event) => menuKey(event, root, buttons), options);
  const outside = (event) => event.composedPath().includes(menu) || closeMenu(root);
  setTimeout(() => document.addEventListener("pointerdown", outside, options), 0);
  buttons[0]?.focus();
}

function menuKey(event, root, buttons) {
  const at = buttons.indexOf(event.target);
  const moves = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 };
  if (event.key in moves) buttons[(moves[event.key] + buttons.length) % buttons.length].focus();
  else if (event.key === "Escape") root.closeMenu(true);
  else if (event.key === "Tab") closeMenu(root);
  if (event.key in moves || event.key === "Escape") {
    event.preventDefault();
    event.stopPropagation();
  }
}

function placeMenu(root, anchor, menu) {
  const area = root.getBoundingClientRect();
  const from = anchor.getBoundingClientRect();
  const left = clamp(from.right - area.left - menu.offsetWidth, 4, Math.max(4, area.width - menu.offsetWidth - 4));
  const below = from.bottom - area.top + 4;
  const above = from.top - area.top - menu.offsetHeight - 4;
  menu.style.left = `${left}px`;
  menu.style.top = `${below + menu.offsetHeight > area.height && above > 0 ? above : below}px`;
}

function closeMenu(root) {
  root.closeMenu?.(false);
}

/** Explain `anchor` in a small note beside it, while it is pointed at or has the focus. */
function explainOn(root, anchor, words) {
  let note = null;
  const hide = () => {
    note?.remove();
    note = null;
  };
  const show = () => {
    if (note) return;
    root.querySelectorAll(".note").forEach((other) => other.remove());
    // It is read out as the label of what it explains.
    note = make("div", { class: "note", "aria-hidden": "true" }, words);
    root.append(note);
    placeMenu(root, anchor, note);
    anchor.closest(".viewport")?.addEventListener("scroll", hide, { once: true, passive: true });
  };
  anchor.addEventListener("mouseenter", show);
  anchor.addEventListener("focus", show);
  anchor.addEventListener("click", show);
  anchor.addEventListener("mouseleave", hide);
  anchor.addEventListener("blur", hide);
  anchor.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !note) return;
    hide();
    event.stopPropagation();
  });
}

/** Ask for one line of text in a dialog. */
function askText(root, { title, label, value, hint, onSave }) {
  const field = make("input", { type: "text", id: "ask-field", maxlength: 80, value, autocomplete: "off" });
  const form = make(
    "form",
    { method: "dialog" },
    make("h3", {}, title),
    make("label", { for: "ask-field" }, label),
    field,
    hint ? make("p", { class: "hint" }, hint) : null,
    make(
      "div",
      { class: "buttons" },
      make("button", { class: "main", value: "save" }, "Save"),
      make("button", { value: "leave", formnovalidate: true }, "Cancel"),
    ),
  );
  openDialog(root, title, form, (answer) => answer === "save" && onSave(field.value));
  field.select();
}

/** Show content in a modal dialog; `onClose` gets the value of the button that closed it. */
function openDialog(root, title, content, onClose = () => {}) {
  const before = root.getRootNode().activeElement;
  const dialog = make("dialog", { "aria-label": title }, content);
  dialog.addEventListener("close", () => {
    onClose(dialog.returnValue);
    dialog.remove();
    if (before?.isConnected) before.focus();
  });
  dialog.addEventListener("keydown", (event) => event.stopPropagation());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  root.append(dialog);
  dialog.showModal();
  return dialog;
}
