// Building blocks of the page piece. Text of calls reaches the page by textContent only.

const SVG = "http://www.w3.org/2000/svg";

const ICONS = {
  play: "M7 4.5v15l12-7.5z",
  pause: "M7 5h3.5v14H7zM13.5 5H17v14h-3.5z",
  back: "M11 6l-6 6 6 6M19 6l-6 6 6 6",
  forward: "M13 6l6 6-6 6M5 6l6 6-6 6",
  volume: "M4 9.5v5h3.5L12 18.500V5.500L7.500 9.500zM15.500 9a4 4 0 010 6M18 6.500a8 8 0 010 11",
  muted: "M4 9.5v5h3.5L12 18.500V5.500L7.500 9.500zM16 9.500l5 5M21 9.500l-5 5",
  more: "M5.500 12h.01M12 12h.01M18.500 12h.01",
  find: "M10.500 4a6.500 6.500 0 110 13 6.500 6.500 0 010-13M15.500 15.500L20 20",
  up: "M6 14.500l6-6 6 6",
  down: "M6 9.500l6 6 6-6",
  close: "M6 6l12 12M18 6L6 18",
  swap: "M4 8h14l-4-4M20 16H6l4 4",
  follow: "M12 4v12M7 11.500l5 5 5-5M5 20h14",
  positive: "M12 3.500a8.500 8.500 0 110 17 8.500 8.500 0 010-17M8.500 14c1.800 2.700 5.200 2.700 7 0M9 9.500h.01M15 9.500h.01",
  neutral: "M12 3.500a8.500 8.500 0 110 17 8.500 8.500 0 010-17M8.500 14.500h7M9 9.500h.01M15 9.500h.01",
  negative: "M12 3.500a8.500 8.500 0 110 17 8.500 8.500 0 010-17M8.500 16c1.800-2.700 5.200-2.700 7 0M9 9.500h.01M15 9.500h.01",
  overlap: "M3.500 8h11v3.500h-11zM9.500 13h11v3.500h-11z",
  comment: "M4 5h16v11H10l-4.500 4v-4H4z",
};

/** Make an element: attributes, `on…` listeners, and children (strings become text). */
function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "class") node.className = value;
    else if (name === "value") node.value = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** Make a line icon that assistive technology skips. */
function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", `icon icon-${name}`);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

function setIcon(button, name) {
  const old = button.querySelector(".icon");
  if (old) old.replaceWith(icon(name));
  else button.prepend(icon(name));
}

function clock(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  const rest = String(seconds % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

function lengthInWords(ms) {
  if (ms < 10000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const rest = seconds % 60;
  return rest ? `${Math.floor(seconds / 60)} min ${rest} s` : `${seconds / 60} min`;
}

const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

const calmMotion = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Index of the last entry of sorted `starts` that is not after `at`, -1 if there is none. */
function lastNotAfter(starts, at) {
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (starts[middle] <= at) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
