// What states, warnings and parts of a summary are called on screen.

Object.assign(ICONS, {
  silence: "M5 9v6M9.500 11v2M14.500 11v2M19 9v6",
  monologue: "M4 5h16v10H9.500L5 19v-4H4zM8 9h8M8 12h5",
  rule: "M6 21V4M6 5h11l-2.500 4 2.500 4H6",
  gap: "M3.500 12h5M15.500 12h5M10 8l1.500 2.500M14 16l-1.500-2.500",
  error: "M12 4l9 16H3zM12 10v4.500M12 17.300h.01",
  improved: "M12 4l1.800 5.200L19 11l-5.200 1.800L12 18l-1.800-5.200L5 11l5.200-1.800z",
});

const ROLE_WORDS = { agent: "Agent", customer: "Customer", unknown: "Role not known" };
const SENTIMENT_WORDS = { positive: "Positive", neutral: "Neutral", negative: "Negative" };
const STATE_WORDS = {
  recording: "Live",
  paused: "Paused",
  away: "No sound arrives",
  finishing: "Ended, being saved",
  interrupted: "Interrupted, being saved",
};
const LINK_WORDS = {
  connecting: "Connecting\u2026",
  lost: "Connection lost, trying again",
  gone: "Not running any more",
  refused: "Not allowed",
  landed: "Saved",
  dropped: "Ended, nothing kept",
};
const LINK_NOTES = {
  lost: "The call goes on. What is said meanwhile appears here when the connection is back.",
  gone: "This call is not running any more. If it was kept, it is among the calls.",
  refused: "This page may not read along in this call. Load the page again, or ask who runs this server.",
};
const DROPPED_NOTE = "There was less than half a second of sound, or no word of a phone call, so this call was not kept.";
const GAP_REASONS = {
  connection_lost: "Not transcribed, connection lost",
  channel_lost: "Not transcribed, a channel was lost",
  recogniser_lost: "Not transcribed, recognition was started again",
  not_recorded: "Not recorded",
};
const RESOLVED_WORDS = { true: "Resolved", false: "Not resolved" };
const SUMMARY_GROUPS = [
  ["reason", "Reason"],
  ["actions", "What was done"],
  ["outcome", "Outcome"],
  ["promises", "Promises"],
  ["action_items", "To do"],
  ["next_steps", "Next steps"],
];
const GOING_ON = new Set(["recording", "paused", "away"]);

const counted = (count, one, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;

const percent = (share) => `${Math.round(share * 100)} %`;

/** "English" for "en", in the browser's own list; a code that isn't in it is its own name. */
function languageName(code) {
  try {
    return new Intl.DisplayNames(["en"], { type: "language" }).of(code) ?? code;
  } catch {
    return code;
  }
}

/** A warning in words, without its time: "Nobody speaks · 12 s". `nameOf` names a speaker. */
function warningWords(warning, nameOf) {
  const long = warning.end > warning.start ? ` \u00b7 ${lengthInWords(warning.end - warning.start)}` : "";
  const who = warning.speaker === null ? "" : nameOf(warning.speaker);
  switch (warning.kind) {
    case "gap":
      return `${GAP_REASONS[warning.reason] ?? "Not transcribed"}${long}`;
    case "silence":
      return `Nobody speaks${long}`;
    case "monologue":
      return `${who || "One speaker"} speaks without a break${long}`;
    case "negative":
      return `${who || "Customer"} is turning negative`;
    case "overlap":
      return `Both speak at once${long}`;
    case "rule":
      return warning.rule ? `Found: ${warning.rule}` : "A rule applies";
    default:
      return warning.message || "Something went wrong";
  }
}
