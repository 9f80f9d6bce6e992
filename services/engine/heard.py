"""What recognition hands on: words with their place, before anybody has been given them."""

import json
from dataclasses import dataclass
from typing import Protocol


class Spoken(Protocol):
    """Anything said that has its place in time: a word, or words that belong together."""

    @property
    def start_ms(self) -> int:
        """Where it begins."""

    @property
    def end_ms(self) -> int:
        """Where it ends."""

    @property
    def plain(self) -> str:
        """Its text without surrounding space."""


@dataclass(frozen=True, kw_only=True)
class HeardWord:
    """A recognised word. ``text`` keeps its leading space where the language writes one."""

    text: str
    start_ms: int
    end_ms: int
    confidence: float

    @property
    def middle_ms(self) -> int:
        """The word's midpoint in milliseconds."""
        return (self.start_ms + self.end_ms) // 2

    @property
    def plain(self) -> str:
        """The word without surrounding space."""
        return self.text.strip()


@dataclass(frozen=True, kw_only=True)
class Heard:
    """All words of one channel (None: of the mix) in order of time."""

    channel: int | None
    words: tuple[HeardWord, ...]


@dataclass(frozen=True, kw_only=True)
class LanguageGuess:
    """The language of a call (ISO 639-1); confidence in 0..1, None when it was given."""

    code: str
    confidence: float | None


def words_to_json(words: tuple[HeardWord, ...]) -> bytes:
    """Serialise words for a checkpoint."""
    rows = [[w.text, w.start_ms, w.end_ms, round(w.confidence, 4)] for w in words]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode()


def words_from_json(content: bytes) -> tuple[HeardWord, ...]:
    """Read back what ``words_to_json`` wrote."""
    return tuple(
        HeardWord(text=text, start_ms=start, end_ms=end, confidence=confidence)
        for text, start, end, confidence in json.loads(content)
    )
