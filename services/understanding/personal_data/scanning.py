"""Reads a call from start to end and collects personal data with the context it stands in."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from services.domain.placeholders import placeholders_in
from services.domain.speech import PiiMention, PiiType, Utterance
from services.understanding.personal_data.addresses import find_addresses
from services.understanding.personal_data.codes import Code, find_codes
from services.understanding.personal_data.context import (
    LASTS,
    TYPES,
    Asked,
    Subject,
    announced_by,
    asked_by,
    nearest_subject,
    still_open,
    subjects_in,
)
from services.understanding.personal_data.dates import find_dates, has_birth_year
from services.understanding.personal_data.emails import find_spoken_emails
from services.understanding.personal_data.entities import (
    LOCATION,
    PERSON,
    Entity,
    EntityFinder,
)
from services.understanding.personal_data.introductions import find_introduced
from services.understanding.personal_data.known_names import KnownNames
from services.understanding.personal_data.meaning import meaning_of
from services.understanding.personal_data.names import find_names, is_cased, is_name
from services.understanding.personal_data.overlaps import Candidate, disjoint
from services.understanding.personal_data.tokens import Token, tokenise
from services.understanding.personal_data.written import find_written

ENGLISH = "en"
_BARE_CODE = re.compile(r"\bcode(?: is|'s)?\W*$", re.IGNORECASE)
_SPELLS_NAME = re.compile(r"\b(?:name|surname|spel(?:l|led|t)|spelling)\b", re.IGNORECASE)
_CARD_SUBJECTS = frozenset({Subject.CARD, Subject.EXPIRY, Subject.CVV})
_LEAD_IN_TOKENS = 3
_LONGEST_ANSWER = 90
"""A place named in a longer utterance is no answer to a question for an address."""
_REACH = 60
"""Lines before a typed one that can have a say in what it means."""
_SUBJECTS = {kind: subject for subject, kind in reversed(TYPES.items())}


@dataclass(slots=True)
class _Memory:
    """What was asked so far, and the last code of each speaker that may still go on."""

    asked: list[Asked] = field(default_factory=list)
    unfinished: dict[str | None, Subject] = field(default_factory=dict)

    def subjects(self) -> list[Subject]:
        """Return what is being asked for, the latest first."""
        return [asked.subject for asked in reversed(self.asked)]

    def expect(self, questions: Sequence[Subject]) -> None:
        """Stop waiting for the rest of a code once something else is asked for."""
        if questions:
            self.unfinished = {k: s for k, s in self.unfinished.items() if s in questions}

    def ask(self, subjects: Sequence[Subject]) -> None:
        """Remember new questions; the same question again starts anew."""
        self.asked = [a for a in self.asked if a.subject not in subjects]
        self.asked += [Asked(subject=s, left=LASTS) for s in subjects]

    def recall(self, line: Utterance) -> None:
        """Expect what an earlier redaction took out of this line."""
        taken = _taken_out(line.text)
        self.ask(taken)
        if taken:
            self.unfinished.setdefault(line.speaker, taken[-1])


class CallScanner:
    """Scans utterances in order. English also uses the entity finder; other languages don't."""

    def __init__(self, entities: EntityFinder, *, language: str) -> None:
        self._entities = entities
        self._language = language

    def scan(self, utterances: Sequence[Utterance]) -> list[tuple[PiiMention, ...]]:
        """Return the mentions of each utterance of one conversation."""
        entities = self._find_entities(utterances)
        cased = is_cased(u.text for u in utterances)
        memory = _Memory()
        found = [
            self._candidates(utterance, own, memory, cased=cased)
            for utterance, own in zip(utterances, entities, strict=True)
        ]
        names = KnownNames(cased=cased)
        for utterance, candidates in zip(utterances, found, strict=True):
            names.learn(utterance.text, candidates)
        return [
            disjoint(utterance.text, [*candidates, *names.find(utterance.text)])
            for utterance, candidates in zip(utterances, found, strict=True)
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
        names, memory = KnownNames(cased=typed_cased), _Memory()
        for line in lines:
            names.learn(line.text, _marked_names(line))
        for line in lines[max(0, at - _REACH) : at]:
            names.learn(line.text, self._candidates(line, [], memory, cased=cased))
        if at < len(lines) and lines[at].id == typed.id:
            memory.recall(lines[at])
        (own,) = self._find_entities([typed])
        candidates = self._candidates(typed, own, memory, cased=typed_cased)
        names.learn(typed.text, candidates)
        return disjoint(typed.text, [*candidates, *names.find(typed.text)])

    def scan_apart(self, utterances: Sequence[Utterance]) -> list[tuple[PiiMention, ...]]:
        """Return the mentions of utterances that have nothing to do with each other."""
        found = []
        for utterance, own in zip(utterances, self._find_entities(utterances), strict=True):
            cased = is_cased([utterance.text])
            candidates = self._candidates(utterance, own, _Memory(), cased=cased)
            names = KnownNames(cased=cased)
            names.learn(utterance.text, candidates)
            found.append(disjoint(utterance.text, [*candidates, *names.find(utterance.text)]))
        return found

    def _find_entities(self, utterances: Sequence[Utterance]) -> list[list[Entity]]:
        if self._language != ENGLISH or not utterances:
            return [[] for _ in utterances]
        return self._entities.find([u.text for u in utterances])

    def _candidates(
        self, utterance: Utterance, entities: Sequence[Entity], memory: _Memory, *, cased: bool
    ) -> list[Candidate]:
        text = utterance.text
        asked = memory.subjects()
        questions = asked_by(text)
        here = questions + announced_by(text)
        tokens = tokenise(text)
        found = [Candidate(s, start, end) for s, start, end in find_written(text, asked)]
        found += self._codes(utterance, tokens, asked, memory)
        found += _emails(tokens, text, [*asked, *here], self._language)
        if self._language != ENGLISH:
            found += [
                Candidate(Subject.PERSON, start, end)
                for start, end in find_introduced(text, self._language, cased=cased)
            ]
        else:
            found += _dates(text, [*asked, *here])
            found += _addresses(text, entities, asked)
            found += _names(text, entities, asked, cased=cased)
        if not utterance.is_backchannel:
            memory.asked = still_open(memory.asked)
        memory.expect(questions)
        heard = [*(c.subject for c in found), *_taken_out(text)]
        memory.ask([*(s for s in heard if s is not Subject.PERSON), *here])
        return found

    def _codes(
        self,
        utterance: Utterance,
        tokens: Sequence[Token],
        asked: Sequence[Subject],
        memory: _Memory,
    ) -> list[Candidate]:
        found: list[Candidate] = []
        before = memory.unfinished.get(utterance.speaker)
        last: Subject | None = None
        for code in find_codes(tokens, self._language):
            start, end = tokens[code.first].start, tokens[code.last].end
            if utterance.text[start - 1 : start] == "+":
                start -= 1
            continues = before is not None and code.first <= _LEAD_IN_TOKENS and not found
            subject = _subject_of(utterance.text, start, end, asked, code)
            meaning = meaning_of(
                code, tokens, before if continues else subject, continues=continues
            )
            if meaning is None and continues:
                meaning = meaning_of(code, tokens, subject)
            if meaning is not None:
                found.append(Candidate(meaning, start, end))
                last = meaning if code.last >= len(tokens) - 2 else None
        at_end = [s for token in tokens[-2:] for s in _taken_out(token.text)]
        last = at_end[-1] if at_end else last
        if (not utterance.is_backchannel and len(tokens) > _LEAD_IN_TOKENS) or last:
            if last is None:
                memory.unfinished.pop(utterance.speaker, None)
            else:
                memory.unfinished[utterance.speaker] = last
        return found


def _taken_out(text: str) -> list[Subject]:
    """Return what the placeholders of an earlier redaction stand for, in order."""
    return [_SUBJECTS[mention.type] for mention in placeholders_in(text)]


def _marked_names(line: Utterance) -> list[Candidate]:
    """Return the names that are marked in a line and not taken out of it."""
    return [
        Candidate(Subject.PERSON, m.start_char, m.end_char)
        for m in line.pii
        if m.type is PiiType.PERSON and line.text[m.start_char : m.start_char + 1] != "["
    ]


def _subject_of(
    text: str, start: int, end: int, asked: Sequence[Subject], code: Code
) -> Subject | None:
    if code.digits == 0 and _SPELLS_NAME.search(text[:start]):
        return Subject.PERSON
    named = nearest_subject(text, start, end)
    if named is not None:
        return named
    if _BARE_CODE.search(text[:start]) and any(s in _CARD_SUBJECTS for s in asked):
        return Subject.CVV
    if code.digits == 0:
        return next(iter(asked), None)
    return next((s for s in asked if s not in {Subject.PERSON, Subject.EMAIL}), None)


def _emails(
    tokens: Sequence[Token], text: str, asked: Sequence[Subject], language: str
) -> list[Candidate]:
    named = any(subject is Subject.EMAIL for subject, _, _ in subjects_in(text))
    wanted = Subject.EMAIL in asked or named
    places = find_spoken_emails(tokens, text, asked=wanted, language=language)
    return [Candidate(Subject.EMAIL, start, end) for start, end in places]


def _dates(text: str, asked: Sequence[Subject]) -> list[Candidate]:
    found = []
    for start, end in find_dates(text):
        near = nearest_subject(text, start, end)
        wanted = near is Subject.DOB or (Subject.DOB in asked and near is None)
        if wanted and (near is Subject.DOB or has_birth_year(text[start:end]) or end - start >= 6):
            found.append(Candidate(Subject.DOB, start, end))
    return found


def _addresses(text: str, entities: Sequence[Entity], asked: Sequence[Subject]) -> list[Candidate]:
    wanted = Subject.ADDRESS in asked and len(text) <= _LONGEST_ANSWER
    spoken_of = wanted or nearest_subject(text, len(text), len(text), reach=200) is Subject.ADDRESS
    places = find_addresses(text, asked=spoken_of)
    found = [Candidate(Subject.ADDRESS, start, end) for start, end in places]
    if places or wanted:
        found += [
            Candidate(Subject.ADDRESS, e.start, e.end)
            for e in entities
            if e.kind == LOCATION and (wanted or any(0 <= e.start - end <= 3 for _, end in places))
        ]
    return found


def _names(
    text: str, entities: Sequence[Entity], asked: Sequence[Subject], *, cased: bool
) -> list[Candidate]:
    places = find_names(text, asked=Subject.PERSON in asked, cased=cased)
    places += [
        (e.start, e.end)
        for e in entities
        if e.kind == PERSON and is_name(text[e.start : e.end], before=text[: e.start])
    ]
    return [Candidate(Subject.PERSON, start, end) for start, end in places]
