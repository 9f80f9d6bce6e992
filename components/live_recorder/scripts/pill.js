// What shows on other pages that a call is being recorded. It hangs on the document itself: pages
// come and go beside it.

const PILL_LOOK = {
  position: "fixed", right: "16px", bottom: "16px", zIndex: "999990", display: "flex", gap: "8px",
  alignItems: "center", padding: "8px 14px", border: "0", borderRadius: "999px",
  background: "#a32438", color: "#fff", font: "600 14px/1.3 system-ui, sans-serif",
  boxShadow: "0 2px 10px rgb(0 0 0 / 35%)", cursor: "pointer", fontVariantNumeric: "tabular-nums",
};
const PILL_EVERY_MS = 500;
const LIVE_PAGE = "live_call";

class Pill {
  constructor(recording) {
    this.recording = recording;
    this.timer = setInterval(() => this.draw(), PILL_EVERY_MS);
  }

  /** Show it while the call is recorded and no view of it is there. */
  draw() {
    const { recording } = this;
    const wanted = !recording.view && (recording.isOpen || ["ending", "rest"].includes(recording.phase));
    if (!wanted) return this.#hide();
    if (!this.node) this.#show();
    const text = pillWords(recording);
    if (this.node.textContent !== text) this.node.textContent = text;
  }

  #show() {
    this.node = document.createElement("button");
    this.node.type = "button";
    this.node.title = "Go to the live call";
    this.node.dataset.partyline = "recording";
    Object.assign(this.node.style, PILL_LOOK);
    this.node.addEventListener("click", goToLivePage);
    document.body.append(this.node);
  }

  #hide() {
    this.node?.remove();
    this.node = null;
  }

  leave() {
    clearInterval(this.timer);
    this.#hide();
  }
}

function pillWords(recording) {
  const time = clockWords(recording.kept.callMs);
  if (recording.phase === "rest") return `Not sent: ${clockWords(recording.kept.ms)} of a call`;
  if (recording.phase === "ending") return `Sending the end of the call · ${time}`;
  if (recording.phase === "paused") return `Paused ${time}`;
  return recording.isUp ? `Recording ${time}` : `Recording ${time} · not connected`;
}

/** Follow the navigation's own link: that keeps the window, and with it the recording. */
function goToLivePage() {
  const links = [...document.querySelectorAll("a[href]")];
  links.find((link) => new URL(link.href).pathname.endsWith(`/${LIVE_PAGE}`))?.click();
}

function clockWords(ms) {
  const seconds = Math.floor(ms / 1000);
  const two = (number) => String(number).padStart(2, "0");
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h ? `${h}:${two(m)}:${two(s)}` : `${two(m)}:${two(s)}`;
}
