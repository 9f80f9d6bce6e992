// How an upload is shown. File names reach the page by textContent only.

function part(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "class") node.className = value;
    else node.setAttribute(name, String(value));
  }
  node.append(...children.filter(Boolean));
  return node;
}

function sizeInWords(bytes) {
  let value = bytes;
  for (const unit of ["B", "kB", "MB"]) {
    if (value < 1000) return `${unit === "B" ? value : value.toFixed(1)} ${unit}`;
    value /= 1000;
  }
  return `${value.toFixed(2)} GB`;
}

function share(upload) {
  return upload.file.size ? Math.min(1, upload.sent / upload.file.size) : 1;
}

function stateWords(upload) {
  const size = sizeInWords(upload.file.size);
  switch (upload.state) {
    case "waiting":
      return `${size} · waiting for the files before it`;
    case "sending":
      return share(upload) < 1
        ? `${sizeInWords(upload.sent)} of ${size} · ${Math.floor(100 * share(upload))} %`
        : `${size} · sent, being taken in`;
    case "renewing":
      return `${size} · asking for permission again`;
    case "duplicate":
      return "This recording is here already.";
    case "done":
      return `${size} · uploaded`;
    default:
      return upload.said;
  }
}

function uploadRow(upload, desk) {
  const button = (text, act) =>
    part("button", { type: "button", "aria-label": `${text}: ${upload.file.name}`, onclick: act }, text);
  const buttons = part("div", { class: "buttons" });
  if (upload.going) buttons.append(button("Cancel", () => upload.cancel()));
  if (upload.state === "duplicate") buttons.append(button("Open it", () => desk.open(upload)));
  if ((upload.state === "failed" && upload.retryable) || upload.state === "cancelled") {
    buttons.append(button("Retry", () => upload.retry()));
  }
  if (["failed", "cancelled", "duplicate"].includes(upload.state)) {
    buttons.append(button("Remove", () => desk.remove(upload)));
  }
  const bar =
    upload.state === "sending"
      ? part("progress", { max: 1, value: share(upload), "aria-label": `Upload of ${upload.file.name}` })
      : null;
  return part(
    "li",
    { class: `upload ${upload.state}` },
    part("div", { class: "name", title: upload.file.name }, upload.file.name),
    buttons,
    part("div", { class: "said" }, stateWords(upload)),
    bar,
  );
}
