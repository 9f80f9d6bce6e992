"""Counts how personal data was found: by kind, by form, and what was taken for it wrongly."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from services.domain.speech import PiiMention, PiiType

Key = tuple[PiiType, str]


@dataclass(kw_only=True)
class MentionCounts:
    """Counts of mentions.

    ``found``: every letter and digit is inside some finding, and a finding of the right kind
    touches it. ``covered``: the same whatever the kind. ``right`` and ``wrong``: findings that
    touch a mention, and findings that touch none.
    """

    truth: Counter[Key] = field(default_factory=Counter)
    found: Counter[Key] = field(default_factory=Counter)
    covered: Counter[Key] = field(default_factory=Counter)
    right: int = 0
    wrong: int = 0
    harmless: int = 0
    touched: int = 0

    def add(
        self, text: str, form: str, truth: Sequence[PiiMention], found: Sequence[PiiMention]
    ) -> None:
        """Count the mentions of one text."""
        for mention in truth:
            key = (mention.type, form)
            self.truth[key] += 1
            if is_covered(text, mention, found):
                self.covered[key] += 1
                self.found[key] += any(touch(mention, f) and f.type is mention.type for f in found)
        right = sum(any(touch(mention, f) for mention in truth) for f in found)
        self.right += right
        self.wrong += len(found) - right

    def add_harmless(self, found: Sequence[PiiMention]) -> None:
        """Count a text in which nothing is personal."""
        self.harmless += 1
        self.touched += bool(found)
        self.wrong += len(found)

    def recall(self, *, kind: PiiType | None = None, form: str | None = None) -> float | None:
        """Return found / mentions of a kind or form; None where there are none."""
        return self._share(self.found, kind, form)

    def coverage(self, *, kind: PiiType | None = None, form: str | None = None) -> float | None:
        """Return covered / mentions of a kind or form; None where there are none."""
        return self._share(self.covered, kind, form)

    def mentions(self, *, kind: PiiType | None = None, form: str | None = None) -> int:
        """Return how many mentions of a kind or form there are."""
        return sum(n for key, n in self.truth.items() if _fits(key, kind, form))

    @property
    def precision(self) -> float | None:
        """Findings that touch a mention / all findings; None where nothing was found."""
        total = self.right + self.wrong
        return self.right / total if total else None

    def _share(self, hits: Counter[Key], kind: PiiType | None, form: str | None) -> float | None:
        total = self.mentions(kind=kind, form=form)
        if not total:
            return None
        return sum(n for key, n in hits.items() if _fits(key, kind, form)) / total


def is_covered(text: str, mention: PiiMention, found: Sequence[PiiMention]) -> bool:
    """Whether no letter or digit of a mention lies outside what was found."""
    return all(
        any(f.start_char <= at < f.end_char for f in found)
        for at in range(mention.start_char, mention.end_char)
        if text[at].isalnum()
    )


def touch(one: PiiMention, other: PiiMention) -> bool:
    """Whether two mentions share a character."""
    return one.start_char < other.end_char and other.start_char < one.end_char


def _fits(key: Key, kind: PiiType | None, form: str | None) -> bool:
    return kind in {None, key[0]} and form in {None, key[1]}
