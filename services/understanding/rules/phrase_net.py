"""Phrases as places and steps between them: what there is to be followed."""

from collections.abc import Iterable

from services.understanding.rules.patterns import Choice, Gap, InOrder, Like, Number, Part

Test = str | Like
"""What a word is to be: itself, or of a form."""


class PhraseNet:
    """All phrases as places and the steps between them; place 0 is before every phrase.

    ``steps`` lead from a place by a word of its own or of a form, ``gaps`` by any word inside a
    sentence, ``numbers`` by a number; ``finals`` tells which phrase ends at a place.
    """

    def __init__(self, phrases: Iterable[InOrder]) -> None:
        """Lay out these phrases, numbered from 0."""
        self.steps: list[list[tuple[Test, int]]] = [[]]
        self.gaps: dict[int, list[int]] = {}
        self.numbers: dict[int, list[tuple[Number, int]]] = {}
        self.finals: dict[int, int] = {}
        self.words: set[str] = set()
        self.forms: dict[str, set[Like]] = {}
        self._free: dict[int, list[int]] = {}
        self._closures: dict[int, frozenset[int]] = {}
        for number, phrase in enumerate(phrases):
            start = self._new()
            self._free.setdefault(0, []).append(start)
            self.finals[self._add(phrase, start)] = number

    def _new(self) -> int:
        self.steps.append([])
        return len(self.steps) - 1

    def _add(self, part: Part, start: int) -> int:
        """Add a part behind a place and return the place behind it."""
        if isinstance(part, InOrder):
            for one in part.parts:
                start = self._add(one, start)
            return start
        if isinstance(part, Choice):
            end = self._new()
            for option in part.options:
                entry = self._new()
                self._free.setdefault(start, []).append(entry)
                self._free.setdefault(self._add(option, entry), []).append(end)
            return end
        if isinstance(part, Gap):
            for _ in range(part.most):
                behind = self._new()
                self.gaps.setdefault(start, []).append(behind)
                self._free.setdefault(start, []).append(behind)
                start = behind
            return start
        end = self._new()
        if isinstance(part, Number):
            self.numbers.setdefault(start, []).append((part, end))
        elif isinstance(part, Like):
            self.forms.setdefault(part.parts[0], set()).add(part)
            self.steps[start].append((part, end))
        else:
            self.words.add(part.word)
            self.steps[start].append((part.word, end))
        return end

    def closure(self, places: Iterable[int]) -> frozenset[int]:
        """Return all places that are as good as these, without those that lead no further."""
        return frozenset().union(*map(self._closure, places))

    def _closure(self, place: int) -> frozenset[int]:
        known = self._closures.get(place)
        if known is None:
            reached, waiting = {place}, [place]
            while waiting:
                for free in self._free.get(waiting.pop(), ()):
                    if free not in reached:
                        reached.add(free)
                        waiting.append(free)
            known = self._closures[place] = frozenset(filter(self._tells, reached))
        return known

    def _tells(self, place: int) -> bool:
        return bool(
            self.steps[place] or place in self.gaps or place in self.numbers or place in self.finals
        )
