"""What the emulated service hears, and how it misbehaves."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

TICKS_PER_MS = 10_000
DIALOGUE_LINE_MS = 4_000
DIALOGUE_PAUSE_MS = 500

DIALOGUE = (
    "Thank you for calling Northwind Energy, my name is Anna, how can I help you?",
    "Hi, I'm calling because my bill is twice as high as last month.",
    "I'm sorry to hear that, let me look at your account for you.",
    "Nobody told me about any change, so I'm quite upset to be honest.",
    "I can see what happened: the discount of your first year has ended.",
    "So what can you do about it?",
    "I can offer you the new rate, that is twelve dollars less a month.",
    "That sounds fair, please do that.",
    "Done, you will get an email about it by Friday.",
    "Great, thank you very much for your help.",
    "You're welcome, have a nice day.",
    "You too, goodbye.",
)


@dataclass(frozen=True, kw_only=True)
class Line:
    """What one person says. Times are those of the recording, in milliseconds.

    ``speaker`` is what the service calls them: Guest-1, Unknown, or the id of a participant.
    ``status`` other than Success makes it a phrase without words; ``confidence`` None leaves out
    what the service is not sure to give, and so does ``words`` False.
    """

    text: str
    start_ms: int
    end_ms: int
    speaker: str = "Guest-1"
    channel: int = 0
    confidence: float | None = 0.93
    partials: int = 2
    words: bool = True
    language: str | None = None
    status: str = "Success"
    delay_s: float = 0.0


class Ending(StrEnum):
    """What happens to a connection at a place, instead of going on."""

    DROP = "drop"
    CLOSE = "close"
    PHRASE = "phrase"
    NO_TURN_END = "no-turn-end"
    HANG = "hang"


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """What is done with one connection; without anything it goes well.

    ``refuse_with`` is an HTTP status for the handshake. ``ending`` happens when the sound that
    arrived reaches ``at_ms`` of the connection (NO_TURN_END: at its end): CLOSE closes the
    WebSocket with ``code``, PHRASE tells a phrase with this ``status``, DROP resets the TCP
    connection, HANG says nothing more.
    """

    refuse_with: int | None = None
    ending: Ending | None = None
    at_ms: int = 0
    code: int = 1011
    status: str = "Error"


def ticks(ms: int) -> int:
    """Return milliseconds in the protocol's units of 100 ns."""
    return ms * TICKS_PER_MS


def dialogue_line(number: int, *, separate: bool) -> Line:
    """Return a line of the shipped dialogue, which goes on from its start when it is over."""
    start_ms = number * DIALOGUE_LINE_MS
    return Line(
        text=DIALOGUE[number % len(DIALOGUE)],
        start_ms=start_ms,
        end_ms=start_ms + DIALOGUE_LINE_MS - DIALOGUE_PAUSE_MS,
        speaker=f"Guest-{number % 2 + 1}",
        channel=number % 2 if separate else 0,
    )


def hypothesis_of(line: Line, share: float) -> dict[str, Any]:
    """Return a line as it is understood when a share of it (0..1) has been heard."""
    words = line.text.split()
    heard = words[: max(1, round(len(words) * share))]
    return {
        "Text": " ".join(heard).lower(),
        "Offset": ticks(line.start_ms),
        "Duration": ticks(round((line.end_ms - line.start_ms) * share)),
        "Channel": line.channel,
        "SpeakerId": line.speaker,
    }


def phrase_of(line: Line) -> dict[str, Any]:
    """Return a line as the service leaves it."""
    told: dict[str, Any] = {
        "RecognitionStatus": line.status,
        "Offset": ticks(line.start_ms),
        "Duration": ticks(line.end_ms - line.start_ms),
        "Channel": line.channel,
    }
    if line.status != "Success":
        return told
    best: dict[str, Any] = {
        "Lexical": _lexical(line.text),
        "ITN": _lexical(line.text),
        "MaskedITN": _lexical(line.text),
        "Display": line.text,
    }
    if line.confidence is not None:
        best["Confidence"] = line.confidence
    if line.words:
        best["Words"] = _words(line)
    told |= {"DisplayText": line.text, "SpeakerId": line.speaker, "NBest": [best]}
    if line.language:
        told["PrimaryLanguage"] = {"Language": line.language, "Confidence": "High"}
    return told


def _lexical(text: str) -> str:
    plain = "".join(c for c in text.lower() if c.isalnum() or c in " '")
    return " ".join(plain.split())


def _words(line: Line) -> list[dict[str, Any]]:
    words = _lexical(line.text).split()
    length = line.end_ms - line.start_ms
    bounds = [line.start_ms + length * n // len(words) for n in range(len(words) + 1)]
    return [
        {"Word": word, "Offset": ticks(start), "Duration": ticks(end - start)}
        for word, start, end in zip(words, bounds, bounds[1:], strict=False)
    ]
