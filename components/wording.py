"""How values read on screen: durations, shares and states in plain words with their units."""

import re
from datetime import datetime
from pathlib import PurePath
from zoneinfo import ZoneInfo

from services.audio.covering import Cover
from services.domain.calls import Call, CallDetails, CallState, Stage
from services.domain.live_calls import LiveSource, RunningCall
from services.domain.sound import Listening
from services.domain.speech import SentimentLabel, SpeakerRole

SECOND_MS = 1_000
MINUTE_MS = 60_000
HOUR_MS = 3_600_000
DAY_MS = 86_400_000
MISSING = "–"
NEEDS_RECORDING = "needs the recording"

STATE_WORDS = {
    CallState.WAITING: "Waiting",
    CallState.PROCESSING: "Processing",
    CallState.READY: "Ready",
    CallState.FAILED: "Failed",
    CallState.CANCELLED: "Cancelled",
}
STATE_ICONS = {
    CallState.WAITING: ":material/hourglass_empty:",
    CallState.PROCESSING: ":material/autorenew:",
    CallState.READY: ":material/check_circle:",
    CallState.FAILED: ":material/error:",
    CallState.CANCELLED: ":material/cancel:",
}
STAGE_WORDS = {
    Stage.DECODE: "Reading the audio",
    Stage.RECOGNISE: "Recognising words",
    Stage.SPEAKERS: "Telling speakers apart",
    Stage.ANALYSE: "Analysing the conversation",
}
ROLE_WORDS = {
    SpeakerRole.AGENT: "Agent",
    SpeakerRole.CUSTOMER: "Customer",
    SpeakerRole.UNKNOWN: "Role not known",
}
SENTIMENT_WORDS = {
    SentimentLabel.POSITIVE: "Positive",
    SentimentLabel.NEUTRAL: "Neutral",
    SentimentLabel.NEGATIVE: "Negative",
}
SOUND_WORDS = {
    Listening.PREPARING: (
        "The sound is being prepared; in a redacted call personal data is covered first. It "
        "appears here when you open the call again."
    ),
    Listening.NOTHING: "This call has no sound.",
    Listening.UNRECORDED: "There is no recording of this call to listen to.",
}
COVER_WORDS = {Cover.BEEP: "covered by a tone", Cover.SILENCE: "covered by silence"}
LEAST_SHOWN_COST = 0.0001
WORD_JOINER = "\u2060"
_LINK_BEGINNING = re.compile(r"https?(?=://)|www(?=\.)", re.IGNORECASE)


def clock(ms: int | None) -> str:
    """Return a position or length as ``4:07`` or ``1:02:33``."""
    if ms is None:
        return MISSING
    seconds = max(0, ms) // SECOND_MS
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def length(ms: int) -> str:
    """Return a length as ``4:07``, rounded like ``duration``; places in a call are not."""
    return clock(round(ms / SECOND_MS) * SECOND_MS)


def duration(ms: float | None) -> str:
    """Return a length in words and units: ``0.8 s``, ``42 s``, ``3 min 5 s``, ``2 h 4 min``."""
    if ms is None:
        return MISSING
    if ms == 0:
        return "0 s"
    if ms < 10 * SECOND_MS:
        return f"{ms / SECOND_MS:.1f} s"
    seconds = round(ms / SECOND_MS)
    if seconds < 60:
        return f"{seconds} s"
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes} min {seconds} s" if seconds else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def time_left(ms: int | None) -> str:
    """Return a forecast without false precision: ``about 20 s left``; empty if unknown."""
    if ms is None:
        return ""
    if ms < 5 * SECOND_MS:
        return "a few seconds left"
    if ms < MINUTE_MS:
        return f"about {max(10, round(ms / 10_000) * 10)} s left"
    if ms < HOUR_MS:
        return f"about {max(1, round(ms / MINUTE_MS))} min left"
    return f"about {duration(round(ms / MINUTE_MS) * MINUTE_MS)} left"


def percent(fraction: float | None, digits: int = 0) -> str:
    """Return a fraction in 0..1 as ``43 %``."""
    return MISSING if fraction is None else f"{fraction * 100:.{digits}f} %"


def number(value: float | None, digits: int = 0, unit: str = "") -> str:
    """Return a figure with its unit, or a dash when it is not defined."""
    if value is None:
        return MISSING
    return f"{value:.{digits}f} {unit}".rstrip()


def signed(value: float | None, digits: int = 2) -> str:
    """Return a score or change with its sign, using a true minus."""
    if value is None:
        return MISSING
    # What is nothing once it is rounded has no sign.
    written = f"{value:+z.{digits}f}"
    return written.lstrip("+") if float(written) == 0 else written.replace("-", "\N{MINUS SIGN}")


def size(size_bytes: int) -> str:
    """Return a file size as ``12.4 MB``."""
    value = float(size_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError


def moment(at: datetime, zone: str | None = None) -> str:
    """Return a date and time in the person's zone: ``12 Nov 2026, 09:30``."""
    local = at.astimezone(ZoneInfo(zone)) if zone else at
    return f"{local.day} {local:%b %Y, %H:%M}"


def plural(count: int, one: str, many: str | None = None) -> str:
    """Return a count with its noun: ``1 call``, ``1,200 calls``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def call_title(call: Call) -> str:
    """Return what a call is called on screen: agent and customer if known, else the file."""
    return _title(call.details, call.source_name)


def running_title(call: RunningCall) -> str:
    """Return what a call is called while it is held: its name, unless that is a file's."""
    is_file = call.source is LiveSource.RECORDING and PurePath(call.name).suffix
    return _title(call.details, call.name) if is_file else call.name


def _title(details: CallDetails, otherwise: str) -> str:
    return " with ".join(p for p in (details.agent_name, details.customer_ref) if p) or otherwise


def covered_words(mentions: int, cover: Cover, *, heard: bool) -> str:
    """Return what a person is told about the sound of a redacted call.

    ``heard`` is whether they hear the covered sound; else they hear the original.
    """
    if not heard:
        return "You hear the original: personal data is not covered."
    if not mentions:
        return "Personal data was looked for; none was found to cover."
    return f"Personal data is {COVER_WORDS[cover]} ({plural(mentions, 'place')})."


def plain(text: str) -> str:
    """Return text from calls or file names so that Streamlit's Markdown shows it literally.

    Addresses are found in the finished text, whatever was escaped: an invisible word joiner
    keeps them from becoming links.
    """
    text = _LINK_BEGINNING.sub(lambda found: found[0] + WORD_JOINER, text)
    text = text.replace("@", WORD_JOINER + "@")
    for character in "\\`*_{}[]()#+-.!|~<>:$&^=\"'/@":
        text = text.replace(character, "\\" + character)
    return " ".join(text.split())


def cost_words(cost: float) -> str:
    """Return a cost in dollars; the sign must not begin a formula."""
    if cost < LEAST_SHOWN_COST:
        return f"under \\${LEAST_SHOWN_COST:.4f}"
    return f"about \\${cost:.2f}" if cost >= 1 else f"about \\${cost:.4f}"


def hourly_cost(cost: float) -> str:
    """Return the price of an hour of sound, which is in whatever currency it was set in."""
    shown = f"{cost:.2f}" if round(cost, 2) == cost else f"{cost:g}"
    return f"about {shown} per hour of sound, as set here"
