"""What the service hears as lines in our units, and as bytes that outlive the process."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from services.domain.speech import Word
from services.providers.azure_speech.line_words import HeardWord, timed_words
from services.providers.azure_speech.locales import language_of
from services.providers.azure_speech.session import (
    Heard,
)

TICKS_PER_MS = 10_000
UNKNOWN = "Unknown"


@dataclass(frozen=True, kw_only=True)
class Line:
    """What somebody says in one go, placed in the recording.

    ``voice`` is what the service calls who speaks, None when it doesn't know; ``channel`` is None
    where the service tells none.
    """

    start_ms: int
    end_ms: int
    text: str
    voice: str | None = None
    channel: int | None = None
    confidence: float | None = None
    language: str | None = None
    words: tuple[Word, ...] = ()

    @property
    def duration_ms(self) -> int:
        """How long it lasts."""
        return self.end_ms - self.start_ms

    def to_bytes(self) -> bytes:
        """Return the line as a checkpoint keeps it."""
        return json.dumps(asdict(self), separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, kept: bytes) -> Self:
        """Return the line of a checkpoint."""
        told = json.loads(kept)
        return cls(**{**told, "words": tuple(Word(**word) for word in told["words"])})


def line_of(heard: Heard, *, base_ms: int, until_ms: int) -> Line | None:
    """Return what was heard as a line; None when nothing was said.

    The session's sound starts at ``base_ms`` of the recording, which ends at ``until_ms``. Times of
    words count from the start of the connection they came by, while the SDK tells the line's own
    from the start of the session: what lies between corrects the words.
    """
    text = " ".join(heard.text.split())
    start = max(0, base_ms + heard.offset // TICKS_PER_MS)
    end = min(until_ms, base_ms + (heard.offset + heard.duration) // TICKS_PER_MS)
    if not text or start >= until_ms:
        return None
    told = _told(heard.json)
    shift_ms = base_ms + (heard.offset - int(told.get("Offset", heard.offset))) // TICKS_PER_MS
    best: Mapping[str, Any] = (told.get("NBest") or [{}])[0]
    end = max(end, start + 1)
    words = timed_words(text, _words(best, shift_ms), end)
    if words:
        start, end = min(start, words[0].start_ms), max(end, *(w.end_ms for w in words))
    channel = told.get("Channel")
    language = (told.get("PrimaryLanguage") or {}).get("Language")
    return Line(
        start_ms=start,
        end_ms=end,
        text=text,
        voice=heard.speaker if heard.speaker not in ("", UNKNOWN) else None,
        channel=channel if isinstance(channel, int) else None,
        confidence=_confidence(best),
        language=language_of(language) if language else None,
        words=words,
    )


def after(line: Line, ms: int) -> Line | None:
    """Return what of a line comes after a place, None when nothing does.

    A line whose words have no times stays whole if most of it comes after.
    """
    if line.start_ms >= ms:
        return line
    if not line.words:
        return line if line.end_ms - ms > ms - line.start_ms else None
    words = [word for word in line.words if word.start_ms >= ms]
    if not words:
        return None
    return Line(
        start_ms=words[0].start_ms,
        end_ms=line.end_ms,
        text=" ".join(word.text for word in words),
        voice=line.voice,
        channel=line.channel,
        confidence=line.confidence,
        language=line.language,
        words=tuple(words),
    )


def _told(text: str) -> Mapping[str, Any]:
    try:
        told = json.loads(text)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _words(best: Mapping[str, Any], shift_ms: int) -> Sequence[HeardWord]:
    return [
        HeardWord(
            text=str(word["Word"]),
            start_ms=shift_ms + int(word["Offset"]) // TICKS_PER_MS,
            end_ms=shift_ms + (int(word["Offset"]) + int(word["Duration"])) // TICKS_PER_MS,
            confidence=_confidence(word),
        )
        for word in best.get("Words") or ()
        if {"Word", "Offset", "Duration"} <= word.keys()
    ]


def _confidence(told: Mapping[str, Any]) -> float | None:
    """Return a confidence in 0..1; one that isn't told stays unknown."""
    value = told.get("Confidence")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return round(min(1.0, max(0.0, float(value))), 3)
