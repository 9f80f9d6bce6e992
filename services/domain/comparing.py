"""How two transcripts of one call differ, word by word."""

from dataclasses import dataclass
from enum import StrEnum


class WordKind(StrEnum):
    """What became of a word of the reference in the other transcript, or of one that was added."""

    SAME = "same"
    CHANGED = "changed"
    MISSING = "missing"
    ADDED = "added"


@dataclass(frozen=True, kw_only=True)
class WordDifferences:
    """Counts of words. ``words`` are the reference's, ``heard`` the other transcript's.

    ``changed`` stand in both, differently; ``missing`` only in the reference; ``added`` only in
    the other. ``other_speaker`` of the ``same`` ones are given to another speaker.
    """

    words: int
    heard: int
    same: int
    changed: int
    missing: int
    added: int
    other_speaker: int

    @property
    def errors(self) -> int:
        """Words to change, take away or add to get from the reference to the other."""
        return self.changed + self.missing + self.added

    @property
    def rate(self) -> float | None:
        """Word error rate: errors for each word of the reference; None when it has no word."""
        return self.errors / self.words if self.words else None


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Words in a row of which the same became."""

    kind: WordKind
    text: str


@dataclass(frozen=True, kw_only=True)
class Passage:
    """What one line of a transcript says, or a part of it."""

    speaker: str | None
    start_ms: int
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, kw_only=True)
class ComparedRow:
    """A line of the reference beside what the other transcript has in its place.

    Without ``reference``, the other transcript has a line where the reference has nothing.
    ``other_speaker``: words are the same and given to another speaker. Times in milliseconds.
    """

    start_ms: int
    end_ms: int
    reference: Passage | None
    other: tuple[Passage, ...]
    other_speaker: bool = False

    @property
    def alike(self) -> bool:
        """Whether nothing differs here."""
        passages = (*([self.reference] if self.reference else []), *self.other)
        same = all(piece.kind is WordKind.SAME for p in passages for piece in p.pieces)
        return same and not self.other_speaker


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Two transcripts beside each other, in the order of the reference.

    ``by_channel``: each channel was compared by itself.
    """

    counts: WordDifferences
    rows: tuple[ComparedRow, ...]
    by_channel: bool = False
