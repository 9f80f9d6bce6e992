"""Reads a call from start to end and collects personal data with the context it stands in."""

from collections.abc import Sequence
from dataclasses import replace

from services.domain.speech import PiiMention, PiiType, Utterance
from services.understanding.personal_data.entities import Entity, EntityFinder
from services.understanding.personal_data.known_names import KnownNames
from services.understanding.personal_data.memory import Memory
from services.understanding.personal_data.names import is_cased
from services.understanding.personal_data.overlaps import Candidate, disjoint
from services.understanding.personal_data.pieces import LONGEST, pieces_of
from services.understanding.personal_data.readbacks import Readbacks
from services.understanding.personal_data.reading import ENGLISH, UtteranceReader
from services.understanding.personal_data.subjects import Subject

_REACH = 60
"""Lines before a typed one that can have a say in what it means."""


class CallScanner:
    """Scans utterances in order. English also uses the entity finder; other languages don't."""

    def __init__(self, entities: EntityFinder, *, language: str) -> None:
        self._entities = entities
        self._language = language
        self._reader = UtteranceReader(language)

    def scan(self, utterances: Sequence[Utterance]) -> list[tuple[PiiMention, ...]]:
        """Return the mentions of each utterance of one conversation."""
        entities = self.entities_of(utterances)
        cased = is_cased(u.text for u in utterances)
        memory = Memory()
        found = [
            self.read(utterance, own, memory, cased=cased)
            for utterance, own in zip(utterances, entities, strict=True)
        ]
        names, readbacks, spoken = KnownNames(cased=cased), Readbacks(), (self._language,)
        for utterance, candidates in zip(utterances, found, strict=True):
            names.learn(utterance.text, candidates)
            readbacks.learn(utterance.text, candidates, spoken)
        return [
            disjoint(text, [*candidates, *names.find(text), *readbacks.find(text, spoken)])
            for text, candidates in zip((u.text for u in utterances), found, strict=True)
        ]

    def scan_typed(
        self, lines: Sequence[Utterance], at: int, typed: Utterance
    ) -> tuple[PiiMention, ...]:
        """Return the mentions of a line that is put into a conversation at position ``at``.

        When it is a new version of the line there (the same id), what was taken out of that one
        is looked for in it. The lines around it only tell what it means.
        """
        cased = is_cased(u.text for u in lines)
        # Typed in a hurry, names have no capitals however the rest is written.
        typed_cased = cased and any(c.isupper() for c in typed.text)
        names, memory = KnownNames(cased=typed_cased), Memory()
        for line in lines:
            names.learn(line.text, _marked_names(line))
        for line in lines[max(0, at - _REACH) : at]:
            names.learn(line.text, self.read(line, [], memory, cased=cased))
        if at < len(lines) and lines[at].id == typed.id:
            memory.recall(lines[at])
        (own,) = self.entities_of([typed])
        candidates = self.read(typed, own, memory, cased=typed_cased)
        names.learn(typed.text, candidates)
        return disjoint(typed.text, [*candidates, *names.find(typed.text)])

    def scan_apart(
        self, utterances: Sequence[Utterance], before: Sequence[Utterance | None]
    ) -> list[tuple[PiiMention, ...]]:
        """Return the mentions of utterances that have nothing to do with each other.

        ``before`` holds what was said right before each, where that is known.
        """
        found = []
        entities = self.entities_of(utterances)
        for utterance, own, question in zip(utterances, entities, before, strict=True):
            cased = is_cased([utterance.text])
            names, memory = KnownNames(cased=cased), Memory()
            if question is not None:
                asking = self.read(question, [], memory, cased=is_cased([question.text]))
                names.learn(question.text, asking)
            candidates = self.read(utterance, own, memory, cased=cased)
            names.learn(utterance.text, candidates)
            found.append(disjoint(utterance.text, [*candidates, *names.find(utterance.text)]))
        return found

    def read(
        self, utterance: Utterance, entities: Sequence[Entity], memory: Memory, *, cased: bool
    ) -> list[Candidate]:
        """Return the candidates of an utterance; a long one is read as several in a row."""
        if len(utterance.text) <= LONGEST:
            return self._reader.read(utterance, entities, memory, cased=cased)
        found = []
        for piece in pieces_of(utterance.text):
            part = replace(utterance, text=utterance.text[piece.start : piece.end], words=())
            inside = [
                Entity(e.kind, e.start - piece.start, e.end - piece.start)
                for e in entities
                if piece.start <= e.start and e.end <= piece.end
            ]
            found += [
                Candidate(c.subject, c.start + piece.start, c.end + piece.start)
                for c in self._reader.read(part, inside, memory, cased=cased)
                if piece.owns(c.start, c.end)
            ]
        return found

    def entities_of(self, utterances: Sequence[Utterance]) -> list[list[Entity]]:
        """Return the people and places in each utterance; none in other languages than English."""
        if self._language != ENGLISH or not utterances:
            return [[] for _ in utterances]
        return self._entities.find([u.text for u in utterances])


def _marked_names(line: Utterance) -> list[Candidate]:
    """Return the names that are marked in a line and not taken out of it."""
    return [
        Candidate(Subject.PERSON, m.start_char, m.end_char)
        for m in line.pii
        if m.type is PiiType.PERSON and line.text[m.start_char : m.start_char + 1] != "["
    ]
