"""Words without which no phrase can be said: most calls are told from them alone."""

from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import NamedTuple

from services.domain.rules import Phrase
from services.understanding.rules.patterns import Choice, Exactly, InOrder, Like, Part, parsed

_TOO_SHORT = 1
Group = tuple[str, ...]
"""Words of which one is in every match; a ``*`` at the end: any word that starts so."""


class PhraseNeeds:
    """What phrase conditions need, as bits: one for each group of words."""

    def __init__(self, phrases: Iterable[Phrase]) -> None:
        """Take these conditions. Raises BadRule."""
        self._phrases = tuple(phrases)
        self._bit_of: dict[Group, int] = {}
        self._of = {id(phrase): self._needed(phrase) for phrase in self._phrases}
        self._bits = _WordBits(self._bit_of)

    def _needed(self, phrase: Phrase) -> "_Needed":
        every, rarest = set(), 0
        for text in phrase.any_of:
            groups = groups_of(parsed(text).said)
            bits = [self._bit_of.setdefault(group, 1 << len(self._bit_of)) for group in groups]
            every.add(reduce(or_, bits, 0))
            # Where nothing is needed, every call will do.
            rarest |= self._bit_of[min(groups, key=_commonness)] if groups else -1
        return _Needed(rarest, tuple(every))

    def met_by(self, words: Iterable[str]) -> int:
        """Return the groups of which these words, folded, hold something."""
        return reduce(or_, map(self._bits.__getitem__, words), 0)

    def allowed(self, phrase: Phrase, met: int) -> bool:
        """Whether one of the phrases of a condition given can be said with what is met."""
        needed = self._of[id(phrase)]
        if needed.rarest >= 0 and not met & needed.rarest:
            return False
        return any(met & need == need for need in needed.every)


class _Needed(NamedTuple):
    """Of the phrases of a condition, the rarest groups together, and all groups of each."""

    rarest: int
    every: tuple[int, ...]


class _WordBits(dict[str, int]):
    """The groups to which each word belongs, worked out when it is first met."""

    MOST = 60_000

    def __init__(self, bit_of: dict[Group, int]) -> None:
        super().__init__()
        self._whole: dict[str, int] = {}
        self._starts: dict[str, int] = {}
        for group, bit in bit_of.items():
            for word in group:
                known, form = (
                    (self._starts, word[:-1]) if word.endswith("*") else (self._whole, word)
                )
                known[form] = known.get(form, 0) | bit
        self._longest = max(map(len, self._starts), default=-1)

    def __missing__(self, word: str) -> int:
        bits = self._whole.get(word, 0)
        for size in range(min(len(word), self._longest) + 1):
            bits |= self._starts.get(word[:size], 0)
        if len(self) >= self.MOST:
            self.clear()
        self[word] = bits
        return bits


def groups_of(part: Part) -> tuple[Group, ...]:
    """Return groups of words of each of which one must occur."""
    if isinstance(part, InOrder):
        return tuple(group for one in part.parts for group in groups_of(one))
    if isinstance(part, Choice):
        ways = [groups_of(option) for option in part.options]
        if not all(ways):
            return ()
        return (tuple(sorted({word for way in ways for word in min(way, key=_commonness)})),)
    if isinstance(part, Exactly):
        return ((part.word,),)
    if isinstance(part, Like):
        start = _ascii_start(part.parts[0])
        return ((f"{start}*",),) if len(start) > _TOO_SHORT else ()
    return ()


def _commonness(group: Group) -> tuple[int, int]:
    """Rank groups: those of few and long words find least."""
    return (len(group), -min(len(word) for word in group))


def _ascii_start(word: str) -> str:
    """Return the start of a word that every index spells alike: ASCII, up to any accent."""
    for at, character in enumerate(word):
        if not character.isascii():
            # The letter before may carry the accent as a sign of its own.
            return word[:at]
    return word
