// What the recorder shows of a recording. Names of devices reach the page by textContent only.

const QUIETEST_DB = -60;
const CHANNEL_NAMES = [["Your microphone"], ["You", "Tab or screen"]];
const STATES = {
  idle: "Ready", opening: "Recording", live: "Recording", paused: "Paused", left: "Not recording",
  ending: "Ending", ended: "Ended", failed: "Not recording", rest: "Not sent",
};
const NOT_CONNECTED = "Not connected; what is said is kept here and sent when the connection is back.";
const FULL = "Not connected, and no more can be kept here: what is said now is not recorded until the connection is back.";
const LEFT = "This window doesn't record the call at present. What was said before is safe; what is said until you go on is marked as a gap. If another window records it, going on here takes over.";
const LOST = {
  microphone: "The microphone gives no sound any more. Choose another one; until then silence is recorded for it.",
  tab: "The tab or screen is not shared any more: its channel stays silent. Your microphone is recorded on.",
};

/** What is to be read out, in one sentence: it changes only when something happens. */
function saidOf(recording, refusal, pauseMs) {
  if (refusal) return refusal;
  if (!recording) return "";
  switch (recording.phase) {
    case "left":
      return LEFT;
    case "opening":
      if (recording.isRest) return "A call is being opened for it.";
      return "The call is being opened; what is said is recorded already.";
    case "rest":
      return `${recording.said} ${shortClock(recording.kept.ms)} of what was said could not be sent before. Keep it as a new call, or discard it.`;
    case "ending":
      return recording.isUp ? "The last of the call is being sent." : `The call is over. ${NOT_CONNECTED}`;
    case "ended":
    case "failed":
      return recording.said;
    default:
      if (recording.full) return FULL;
      if (!recording.isUp) return NOT_CONNECTED;
      if (recording.lost) return LOST[recording.lost];
      if (recording.phase === "paused" && pauseMs) return `Nothing is recorded. A call that pauses for ${pauseWords(pauseMs)} is ended.`;
      return recording.isSilent ? "Nothing is heard. Is the right microphone chosen, and switched on?" : "";
  }
}

function keptWords(recording) {
  if (!recording || recording.isUp || recording.isOver || recording.isRest || !recording.kept.ms) return "";
  return `${shortClock(recording.kept.ms)} kept of ${shortClock(recording.kept.limitMs)}`;
}

function pauseWords(ms) {
  const minutes = Math.round(ms / 60_000);
  if (minutes % 60) return minutes === 1 ? "1 minute" : `${minutes} minutes`;
  return minutes === 60 ? "1 hour" : `${minutes / 60} hours`;
}

function shortClock(ms) {
  const seconds = Math.floor(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** A level as the share of a meter's width: 60 dB below the loudest is nothing. */
function meterShare(peak) {
  return peak > 0 ? Math.max(0, Math.min(1, 1 - (20 * Math.log10(peak)) / QUIETEST_DB)) : 0;
}

function makeMeters(parent, channels) {
  const meters = CHANNEL_NAMES[channels - 1].map((name) => {
    const row = document.createElement("div");
    row.className = "meter-row";
    const words = document.createElement("span");
    words.textContent = name;
    const meter = document.createElement("div");
    meter.className = "meter";
    meter.setAttribute("role", "meter");
    meter.setAttribute("aria-label", `Level: ${name}`);
    meter.setAttribute("aria-valuemin", "0");
    meter.setAttribute("aria-valuemax", "100");
    meter.setAttribute("aria-valuenow", "0");
    meter.append(document.createElement("i"));
    row.append(words, meter);
    return row;
  });
  parent.replaceChildren(...meters);
}

function showLevels(parent, peaks) {
  parent.querySelectorAll(".meter").forEach((meter, c) => {
    const share = meterShare(peaks[c] ?? 0);
    meter.firstChild.style.width = `${(100 * share).toFixed(0)}%`;
    meter.setAttribute("aria-valuenow", (100 * share).toFixed(0));
  });
}

function fillDevices(select, devices, chosen) {
  const named = devices.filter((one) => one.label);
  const options = named.length
    ? named.map((one) => new Option(one.label, one.deviceId, false, one.deviceId === chosen))
    : [new Option("The usual one of this browser", "")];
  select.replaceChildren(...options);
}
