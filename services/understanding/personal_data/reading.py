"""Reads one utterance: everything in it that may be personal data, in its context."""

import re
from collections.abc import Sequence

from services.domain.speech import Utterance
from services.understanding.personal_data.addresses import find_addresses, find_places
from services.understanding.personal_data.answers import is_bare_code, points_at_one
from services.understanding.personal_data.codes import Code, find_codes
from services.understanding.personal_data.context import (
    announced_by,
    asked_by,
    is_acknowledgement,
    nearest_subject,
    still_open,
    subjects_in,
)
from services.understanding.personal_data.dates import find_dates, has_birth_year, has_day
from services.understanding.personal_data.emails import find_spoken_emails
from services.understanding.personal_data.entities import LOCATION, PERSON, Entity
from services.understanding.personal_data.heard import NO_LETTERS, awaited_tokens
from services.understanding.personal_data.introductions import find_introduced
from services.understanding.personal_data.meaning import Context, meaning_of
from services.understanding.personal_data.memory import Memory, taken_out
from services.understanding.personal_data.names import find_names, is_name
from services.understanding.personal_data.overlaps import Candidate
from services.understanding.personal_data.subjects import Subject
from services.understanding.personal_data.tokens import Token, just_before, tokenise
from services.understanding.personal_data.written import find_written

ENGLISH = "en"
_BARE_CODE = re.compile(r"\bcode(?: is|'s)?\W*$", re.IGNORECASE)
_SPELLS_NAME = re.compile(r"\b(?:name|surname|spel(?:l|led|t)|spelling)\b", re.IGNORECASE)
_CARD_SUBJECTS = frozenset({Subject.CARD, Subject.EXPIRY, Subject.CVV})
_NO_CODES = frozenset({Subject.PERSON, Subject.EMAIL})
_CVV_DIGITS = 3
_LEAD_IN_TOKENS = 3
_LONGEST_ANSWER = 90
"""A place named in a longer utterance is no answer to a question for an address."""
_PREFIX = re.compile(r"(?<![\w'’])([A-Z]{1,4})(?:, ?|[ -])?$")
_NO_PREFIX = NO_LETTERS | {"A"}
_PREFIXED = frozenset({
    Subject.ACCOUNT, Subject.POLICY, Subject.BOOKING, Subject.SSN, Subject.IBAN,
})  # fmt: skip
_PLUS = re.compile(r"(?:\+|\bplus )$", re.IGNORECASE)


class UtteranceReader:
    """Collects candidates in the utterances of a conversation, one after the other."""

    def __init__(self, language: str) -> None:
        """Read utterances in this language."""
        self._language = language

    def read(
        self, utterance: Utterance, entities: Sequence[Entity], memory: Memory, *, cased: bool
    ) -> list[Candidate]:
        """Return the candidates of an utterance and put into ``memory`` what it asks for."""
        text = utterance.text
        asked = memory.subjects()
        questions = asked_by(text, self._language)
        here = questions + announced_by(text, self._language)
        tokens = awaited_tokens(text, asked) if self._language == ENGLISH else tokenise(text)
        found = [Candidate(s, start, end) for s, start, end in find_written(text, asked)]
        found += self._codes(utterance, tokens, asked, memory)
        found += self._emails(tokens, text, [*asked, *here])
        found += self._dates(text, [*asked, *here])
        if self._language != ENGLISH:
            found += [
                Candidate(Subject.PERSON, start, end)
                for start, end in find_introduced(text, self._language, cased=cased)
            ]
        else:
            found += _addresses(text, entities, asked)
            found += _names(text, entities, asked, cased=cased)
        if not utterance.is_backchannel and not is_acknowledgement(text):
            memory.asked = still_open(memory.asked)
        memory.expect(questions)
        heard = [*(c.subject for c in found), *taken_out(text)]
        memory.ask([*(s for s in heard if s is not Subject.PERSON), *here])
        return found

    def _codes(
        self,
        utterance: Utterance,
        tokens: Sequence[Token],
        asked: Sequence[Subject],
        memory: Memory,
    ) -> list[Candidate]:
        text = utterance.text
        found: list[Candidate] = []
        before = memory.unfinished.get(utterance.speaker)
        last: Subject | None = None
        codes = [
            code
            for code in find_codes(tokens, self._language, named=self._naming(text, tokens))
            if not points_at_one(code, tokens)
        ]
        bare = is_bare_code(codes, tokens) and any(s not in _NO_CODES for s in asked)
        for code in codes:
            continues = before is not None and code.first <= _LEAD_IN_TOKENS and not found
            subject = self._subject_of(text, tokens, asked, code)
            context = Context(
                text=text,
                tokens=tokens,
                subject=before if continues else subject,
                continues=continues,
                bare=bare and (continues or _is_substantial(code)),
            )
            meaning = meaning_of(code, context)
            if meaning is None and continues:
                meaning = meaning_of(code, Context(text=text, tokens=tokens, subject=subject))
            if meaning is not None:
                start, end = _extended(text, tokens, code, meaning)
                found.append(Candidate(meaning, start, end))
                last = meaning if code.last >= len(tokens) - 2 else None
        at_end = [s for token in tokens[-2:] for s in taken_out(token.text)]
        last = at_end[-1] if at_end else last
        said_more = len(tokens) > _LEAD_IN_TOKENS and not is_acknowledgement(text)
        if (not utterance.is_backchannel and said_more) or last:
            if last is None:
                memory.unfinished.pop(utterance.speaker, None)
            else:
                memory.unfinished[utterance.speaker] = last
        return found

    def _naming(self, text: str, tokens: Sequence[Token]) -> set[int]:
        """Return the positions of letters that say what follows: "c v c", "d o b"."""
        spans = [(start, end) for _, start, end in subjects_in(text, self._language)]
        return {
            at
            for at, token in enumerate(tokens)
            if not token.text[0].isdigit() and any(s <= token.start < e for s, e in spans)
        }

    def _subject_of(
        self, text: str, tokens: Sequence[Token], asked: Sequence[Subject], code: Code
    ) -> Subject | None:
        start, end = tokens[code.first].start, tokens[code.last].end
        if code.digits == 0 and _SPELLS_NAME.search(text[:start]):
            return Subject.PERSON
        named = nearest_subject(text, start, end, language=self._language)
        if named is Subject.CARD and code.digits == _CVV_DIGITS:
            spoken_of = {subject for subject, _, _ in subjects_in(text[:start], self._language)}
            return Subject.CVV if Subject.CVV in spoken_of else named
        if named is not None:
            return named
        if _BARE_CODE.search(just_before(text, start)) and any(s in _CARD_SUBJECTS for s in asked):
            return Subject.CVV
        if code.digits == 0:
            return next(iter(asked), None)
        return next((s for s in asked if s not in _NO_CODES), None)

    def _emails(
        self, tokens: Sequence[Token], text: str, asked: Sequence[Subject]
    ) -> list[Candidate]:
        named = any(s is Subject.EMAIL for s, _, _ in subjects_in(text, self._language))
        wanted = Subject.EMAIL in asked or named
        places = find_spoken_emails(tokens, text, asked=wanted, language=self._language)
        return [Candidate(Subject.EMAIL, start, end) for start, end in places]

    def _dates(self, text: str, asked: Sequence[Subject]) -> list[Candidate]:
        found = []
        named = [*asked, *(s for s, _, _ in subjects_in(text, self._language))]
        card = any(s in _CARD_SUBJECTS and s is not Subject.EXPIRY for s in named)
        for start, end in find_dates(text, self._language):
            near = nearest_subject(text, start, end, language=self._language)
            expiry = near is Subject.EXPIRY or (near is None and asked[:1] == [Subject.EXPIRY])
            wanted = near is Subject.DOB or (Subject.DOB in asked and near is None)
            if expiry and not wanted and (card or not has_day(text[start:end])):
                found.append(Candidate(Subject.EXPIRY, start, end))
            elif wanted and (
                near is Subject.DOB or has_birth_year(text[start:end]) or end - start >= 6
            ):
                found.append(Candidate(Subject.DOB, start, end))
        return found


def _is_substantial(code: Code) -> bool:
    """Whether a code is more than "one" or "two", or was spelled out ("g as in golf")."""
    return code.digits + code.letters >= 2 or code.last > code.first


def _extended(text: str, tokens: Sequence[Token], code: Code, meaning: Subject) -> tuple[int, int]:
    """Return where a code stands with what is written before it: "+", "HX 440 912"."""
    start, end = tokens[code.first].start, tokens[code.last].end
    before = just_before(text, start)
    plus = _PLUS.search(before)
    if plus:
        return start - len(before) + plus.start(), end
    prefix = _PREFIX.search(before)
    if meaning in _PREFIXED and prefix and prefix[1] not in _NO_PREFIX:
        return start - len(before) + prefix.start(), end
    return start, end


def _addresses(text: str, entities: Sequence[Entity], asked: Sequence[Subject]) -> list[Candidate]:
    wanted = Subject.ADDRESS in asked and len(text) <= _LONGEST_ANSWER
    spoken_of = wanted or any(s is Subject.ADDRESS for s, _, _ in subjects_in(text))
    found = find_addresses(text, asked=spoken_of)
    if found or wanted:
        towns = [(e.start, e.end) for e in entities if e.kind == LOCATION] + find_places(text)
        found += [
            (start, end)
            for start, end in towns
            if wanted or any(0 <= start - stop <= 3 for _, stop in found)
        ]
    return [Candidate(Subject.ADDRESS, start, end) for start, end in found]


def _names(
    text: str, entities: Sequence[Entity], asked: Sequence[Subject], *, cased: bool
) -> list[Candidate]:
    places = find_names(text, asked=Subject.PERSON in asked, cased=cased)
    places += [
        (e.start, e.end - 2 * text.endswith(("'s", "’s"), e.start, e.end))
        for e in entities
        if e.kind == PERSON and is_name(text, e.start, e.end)
    ]
    return [Candidate(Subject.PERSON, start, end) for start, end in places]
