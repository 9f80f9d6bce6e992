"""Reads a call while it is held: what a line holds, by all that was heard before it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.domain.speech import PiiMention, Utterance
from services.understanding.personal_data.entities import EntityFinder
from services.understanding.personal_data.known_names import KnownNames
from services.understanding.personal_data.memory import Memory, joined
from services.understanding.personal_data.names import is_cased
from services.understanding.personal_data.overlaps import Candidate, disjoint
from services.understanding.personal_data.readbacks import Readbacks
from services.understanding.personal_data.scanning import CallScanner
from services.understanding.personal_data.spoken_languages import SpokenLanguages
from services.understanding.personal_data.unfinished import uncertain_from

_SAMPLE = 40
"""Lines by which it is told whether the texts use capitals."""


@dataclass(slots=True)
class _ReadLine:
    line: Utterance
    languages: tuple[str, ...]
    before: Memory
    candidates: list[Candidate]


class RunningScanner:
    """Scans lines as they come; the cost of one doesn't grow with the call.

    Names and numbers, once heard, are known in all lines, also in those before: ``mentions`` of an
    earlier line may grow with what is read after it. Where the language changes, a line is read in
    every language that it may have been said in, and what is found by any of them counts.
    """

    def __init__(self, entities: EntityFinder, *, language: str, is_guess: bool = False) -> None:
        """Begin a call in this language; ``is_guess``: until it is known which one it is."""
        self._entities = entities
        self._scanners: dict[str, CallScanner] = {}
        self._languages = SpokenLanguages(language, is_guess=is_guess)
        self._memory = Memory()
        self._lines: dict[str, _ReadLine] = {}
        self._cased = True
        self._names = KnownNames(cased=True)
        self._readbacks = Readbacks()

    def speak(self, language: str, at_ms: int) -> None:
        """Read in another language what begins at this moment of the call, or after it.

        Lines that were read before are read as they were, also when they are worded anew.
        """
        self._languages.speak(language, at_ms)

    def read(self, line: Utterance) -> bool:
        """Read a finished line, or one that is worded anew; whether anything personal is in it."""
        self._look_at_case(line.text)
        known = self._lines.get(line.id)
        before = known.before if known else self._memory
        languages = self._languages.of_finished(line)
        candidates, memory = self._candidates(line, languages, before)
        self._lines[line.id] = _ReadLine(line, languages, before, candidates)
        if known is None or line.id == next(reversed(self._lines)):
            self._memory = memory
        self._learn(line.text, candidates, languages)
        return bool(candidates)

    def mentions(self, line_id: str) -> tuple[PiiMention, ...]:
        """Return what is personal in a line that was read, by all that is known now."""
        read = self._lines[line_id]
        return self._disjoint(read.line.text, read.candidates, read.languages)

    def peek(self, line: Utterance) -> tuple[int, tuple[PiiMention, ...]]:
        """Return up to where an unfinished line can be shown, and what is personal in it.

        Nothing is learnt from it.
        """
        asked = self._memory.subjects()
        languages = self._languages.of_unfinished(line)
        candidates, _ = self._candidates(line, languages, self._memory)
        found = self._disjoint(line.text, candidates, languages)
        certain = min(
            uncertain_from(line.text, found, asked=asked, cased=self._cased, language=language)
            for language in languages
        )
        return certain, found

    def _candidates(
        self, line: Utterance, languages: Sequence[str], before: Memory
    ) -> tuple[list[Candidate], Memory]:
        """Return what any of the languages finds, and what is remembered after the line."""
        found: list[Candidate] = []
        after: list[Memory] = []
        for language in languages:
            memory = before.copy()
            found += self._read_in(language, line, memory)
            after.append(memory)
        return found, joined(after)

    def _read_in(self, language: str, line: Utterance, memory: Memory) -> list[Candidate]:
        if language not in self._scanners:
            self._scanners[language] = CallScanner(self._entities, language=language)
        scanner = self._scanners[language]
        (entities,) = scanner.entities_of([line])
        return scanner.read(line, entities, memory, cased=self._cased)

    def _disjoint(
        self, text: str, candidates: Iterable[Candidate], languages: Sequence[str]
    ) -> tuple[PiiMention, ...]:
        repeated = (*self._names.find(text), *self._readbacks.find(text, languages))
        return disjoint(text, [*candidates, *repeated])

    def _learn(self, text: str, candidates: Sequence[Candidate], languages: Sequence[str]) -> None:
        self._names.learn(text, candidates)
        self._readbacks.learn(text, candidates, languages)

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
