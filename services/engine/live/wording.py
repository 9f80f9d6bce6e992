"""What a line is heard as while it is being said, and which of its words can be shown."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from services.audio.recording import Samples

_NOT_LETTERS = re.compile(r"[^\w']+")
_MARKS_AT_END = re.compile(r"[^\w'%€$£]+$")


@dataclass(frozen=True, kw_only=True)
class CaptionWord:
    """A word of a caption; confidence in 0..1 or None where the model tells none."""

    text: str
    confidence: float | None = None


@dataclass(frozen=True, kw_only=True)
class SoFar:
    """A line as it is heard so far.

    ``words`` are all that were heard last, the first ``shown`` of them can be shown: two hearings
    in a row agreed on them. ``tokens`` are what the model made, ``settled`` those of the shown.
    """

    words: tuple[str, ...] = ()
    shown: int = 0
    tokens: tuple[int, ...] = ()
    settled: tuple[int, ...] = ()

    @property
    def text(self) -> tuple[str, ...]:
        """The words to show; the last one without the mark that may yet change."""
        shown = self.words[: self.shown]
        return (*shown[:-1], _MARKS_AT_END.sub("", shown[-1]) or shown[-1]) if shown else ()


NOTHING = SoFar()


@dataclass(frozen=True, kw_only=True)
class Whole:
    """A line as it is heard from beginning to end; without words, nobody said anything.

    ``heard`` is the same as a line so far, should the voice go on after all.
    """

    words: tuple[CaptionWord, ...]
    heard: SoFar


class Captioner(Protocol):
    """Hears what is said in a line; safe across threads."""

    def so_far(self, samples: Samples, before: SoFar) -> SoFar:
        """Hear the line up to now; words that were shown before stay as they are."""

    def whole(self, samples: Samples, before: SoFar) -> Whole:
        """Hear the line to its end, without regard to what was shown."""


def agreed(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many first words are the same in both, marks and capitals aside."""
    count = 0
    for mine, theirs in zip(one, other, strict=False):
        if plain(mine) != plain(theirs):
            break
        count += 1
    return count


def plain(word: str) -> str:
    """Return a word's letters and digits, small."""
    return _NOT_LETTERS.sub("", word).casefold()
