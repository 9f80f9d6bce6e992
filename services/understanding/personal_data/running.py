"""Reads a call while it is held: what a line holds, by all that was heard before it."""

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass

from services.domain.speech import PiiMention, Utterance
from services.understanding.personal_data.entities import EntityFinder
from services.understanding.personal_data.known_names import KnownNames
from services.understanding.personal_data.memory import Memory
from services.understanding.personal_data.names import is_cased
from services.understanding.personal_data.overlaps import Candidate, disjoint
from services.understanding.personal_data.readbacks import Readbacks
from services.understanding.personal_data.scanning import CallScanner
from services.understanding.personal_data.unfinished import uncertain_from

_SAMPLE = 40
"""Lines by which it is told whether the texts use capitals."""


@dataclass(slots=True)
class _ReadLine:
    line: Utterance
    before: Memory
    candidates: list[Candidate]


class RunningScanner:
    """Scans lines as they come; the cost of one doesn't grow with the call.

    Names and numbers, once heard, are known in all lines, also in those before: ``mentions`` of an
    earlier line may grow with what is read after it.
    """

    def __init__(self, entities: EntityFinder, *, language: str) -> None:
        """Begin a call in this language."""
        self._entities = entities
        self._scanner = CallScanner(entities, language=language)
        self._language = language
        self._memory = Memory()
        self._lines: dict[str, _ReadLine] = {}
        self._cased = True
        self._names = KnownNames(cased=True)
        self._readbacks = Readbacks(language)

    def speak(self, language: str) -> None:
        """Read what follows in another language; what was heard so far stays known."""
        if language != self._language:
            self._scanner = CallScanner(self._entities, language=language)
            self._language = language
            self._readbacks.speak(language)

    def read(self, line: Utterance) -> bool:
        """Read a finished line, or one that is worded anew; whether anything personal is in it."""
        self._look_at_case(line.text)
        known = self._lines.get(line.id)
        before = known.before if known else _copy(self._memory)
        memory = _copy(before)
        candidates = self._candidates(line, memory)
        self._lines[line.id] = _ReadLine(line, before, candidates)
        if known is None or line.id == next(reversed(self._lines)):
            self._memory = memory
        self._learn(line.text, candidates)
        return bool(candidates)

    def mentions(self, line_id: str) -> tuple[PiiMention, ...]:
        """Return what is personal in a line that was read, by all that is known now."""
        read = self._lines[line_id]
        return self._disjoint(read.line.text, read.candidates)

    def peek(self, line: Utterance) -> tuple[int, tuple[PiiMention, ...]]:
        """Return up to where an unfinished line can be shown, and what is personal in it.

        Nothing is learnt from it.
        """
        asked = self._memory.subjects()
        found = self._disjoint(line.text, self._candidates(line, _copy(self._memory)))
        certain = uncertain_from(
            line.text, found, asked=asked, cased=self._cased, language=self._language
        )
        return certain, found

    def _candidates(self, line: Utterance, memory: Memory) -> list[Candidate]:
        (entities,) = self._scanner.entities_of([line])
        return self._scanner.read(line, entities, memory, cased=self._cased)

    def _disjoint(self, text: str, candidates: Iterable[Candidate]) -> tuple[PiiMention, ...]:
        repeated = (*self._names.find(text), *self._readbacks.find(text))
        return disjoint(text, [*candidates, *repeated])

    def _learn(self, text: str, candidates: Iterable[Candidate]) -> None:
        candidates = list(candidates)
        self._names.learn(text, candidates)
        self._readbacks.learn(text, candidates)

    def _look_at_case(self, text: str) -> None:
        """Learn the names anew where it turns out that the texts use capitals, or none."""
        if len(self._lines) >= _SAMPLE:
            return
        cased = is_cased([text, *(read.line.text for read in self._lines.values())])
        if cased == self._cased:
            return
        self._cased = cased
        self._names = KnownNames(cased=cased)
        for read in self._lines.values():
            self._names.learn(read.line.text, read.candidates)


def _copy(memory: Memory) -> Memory:
    """Return a memory that can be changed without changing this one."""
    return Memory(asked=[copy(a) for a in memory.asked], unfinished=dict(memory.unfinished))
