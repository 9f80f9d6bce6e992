"""A phrase as states and steps between them: all ways are followed at once, none is tried again."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from services.understanding.rules.patterns import (
    Choice,
    Exactly,
    Gap,
    InOrder,
    Like,
    Number,
    Part,
)

Test = Exactly | Like | Gap | Number


@dataclass(slots=True)
class _State:
    steps: list[tuple[Test, int]] = field(default_factory=list)
    free: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Steps:
    """Where a state leads: by a word of its own, by a word of a form, by any word, by a number."""

    by_word: dict[str, tuple[int, ...]]
    forms: tuple[tuple[Like, int], ...]
    gaps: tuple[int, ...]
    numbers: tuple[tuple[Number, int], ...]
    others: bool

    @classmethod
    def of(cls, steps: Sequence[tuple[Test, int]]) -> "Steps":
        """Sort steps by what they ask for."""
        by_word: dict[str, tuple[int, ...]] = {}
        for test, then in steps:
            if isinstance(test, Exactly):
                by_word[test.word] = (*by_word.get(test.word, ()), then)
        forms = tuple((test, then) for test, then in steps if isinstance(test, Like))
        gaps = tuple(then for test, then in steps if isinstance(test, Gap))
        numbers = tuple((test, then) for test, then in steps if isinstance(test, Number))
        return cls(by_word, forms, gaps, numbers, bool(forms or gaps or numbers))


class Automaton:
    """Steps from state to state, each taking a word; made once a pattern and shared."""

    def __init__(self, said: InOrder) -> None:
        """Compile what a pattern means."""
        self._states = [_State()]
        self.final = self._add(said, 0)
        closures = [self._closure(state) for state in range(len(self._states))]
        self.steps = [
            Steps.of([step for state in closure for step in self._states[state].steps])
            for closure in closures
        ]
        first = self.steps[0]
        self.first_words = frozenset(first.by_word)
        self.first_forms = tuple({form for form, _ in first.forms})
        self.starts_with_number = bool(first.numbers)
        self.accepts = [self.final in closure for closure in closures]
        self.starts_with_any = first.forms != () and all(
            f.parts == ("", "") for f, _ in first.forms
        )
        self.second_words = self._second_words(first)

    def _second_words(self, first: Steps) -> frozenset[str] | None:
        """Return the words of which one comes second in every match; None when any may."""
        if first.gaps or first.numbers:
            return None
        behind = {then for ways in first.by_word.values() for then in ways}
        behind |= {then for _, then in first.forms}
        if any(self.accepts[state] or self.steps[state].others for state in behind):
            return None
        return frozenset(word for state in behind for word in self.steps[state].by_word)

    def _new(self) -> int:
        self._states.append(_State())
        return len(self._states) - 1

    def _add(self, part: Part, start: int) -> int:
        """Add a part behind a state and return the state behind it."""
        if isinstance(part, InOrder):
            for one in part.parts:
                start = self._add(one, start)
            return start
        if isinstance(part, Choice):
            end = self._new()
            for option in part.options:
                entry = self._new()
                self._states[start].free.append(entry)
                self._states[self._add(option, entry)].free.append(end)
            return end
        if isinstance(part, Gap):
            for _ in range(part.most):
                behind = self._new()
                self._states[start].steps.append((part, behind))
                self._states[start].free.append(behind)
                start = behind
            return start
        end = self._new()
        self._states[start].steps.append((part, end))
        return end

    def _closure(self, state: int) -> frozenset[int]:
        reached, waiting = {state}, [state]
        while waiting:
            for free in self._states[waiting.pop()].free:
                if free not in reached:
                    reached.add(free)
                    waiting.append(free)
        return frozenset(reached)
