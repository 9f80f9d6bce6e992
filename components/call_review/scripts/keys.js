// Keyboard shortcuts; they rest while the focus is in anything that takes keys itself.

const SHORTCUTS = [
  ["Space", "Play or pause"],
  ["← →", "5 seconds back or forward"],
  ["↑ ↓", "Previous or next line"],
  ["< >", "Slower or faster"],
  ["F", "Find in the transcript"],
  ["?", "Show this list"],
];
const TAKES_KEYS = [
  "input",
  "textarea",
  "select",
  "canvas",
  "iframe",
  "video",
  "dialog",
  '[contenteditable="true"]',
  '[role="dialog"]',
  '[role="menu"]',
  '[role="tab"]',
  '[role="radio"]',
  '[role="slider"]',
  '[role="combobox"]',
  '[role="listbox"]',
  '[role="option"]',
  '[role="grid"]',
].join(",");

function takesKeys(event) {
  return event.composedPath().some((node) => node instanceof Element && node.matches(TAKES_KEYS));
}

function shortcut(event, desk) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || takesKeys(event)) return;
  const onButton = event.composedPath()[0].closest?.("button, a, summary");
  const acts = {
    ArrowLeft: () => desk.player.step(-STEP_MS),
    ArrowRight: () => desk.player.step(STEP_MS),
    ArrowUp: () => desk.stepLine(-1),
    ArrowDown: () => desk.stepLine(1),
    "<": () => desk.player.shiftSpeed(-1),
    ">": () => desk.player.shiftSpeed(1),
    f: () => desk.find.open(),
    "?": () => showShortcuts(desk.root),
  };
  if (!onButton) acts[" "] = () => desk.player.toggle();
  const act = acts[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

function showShortcuts(root) {
  if (root.querySelector("dialog")) return;
  const rows = SHORTCUTS.map(([keys, what]) => [make("dt", {}, make("kbd", {}, keys)), make("dd", {}, what)]);
  const close = make("button", { class: "main" }, "Close");
  openDialog(
    root,
    "Keyboard shortcuts",
    make(
      "form",
      { method: "dialog" },
      make("h3", {}, "Keyboard shortcuts"),
      make("dl", {}, ...rows.flat()),
      make("div", { class: "buttons" }, close),
    ),
  );
}
