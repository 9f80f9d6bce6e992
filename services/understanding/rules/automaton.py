"""A phrase as states and steps between them: all ways are followed at once, none is tried again."""

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


class Automaton:
    """Steps from state to state, each taking a word; made once a pattern and shared."""

    def __init__(self, said: InOrder) -> None:
        """Compile what a pattern means."""
        self._states = [_State()]
        self.final = self._add(said, 0)
        closures = [self._closure(state) for state in range(len(self._states))]
        self.steps: list[tuple[tuple[Test, int], ...]] = [
            tuple(step for state in closure for step in self._states[state].steps)
            for closure in closures
        ]
        first = [test for test, _ in self.steps[0]]
        self.first_words = tuple({test.word for test in first if isinstance(test, Exactly)})
        self.first_forms = tuple({test for test in first if isinstance(test, Like)})
        self.starts_with_number = any(isinstance(test, Number) for test in first)
        self.accepts = [self.final in closure for closure in closures]

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
