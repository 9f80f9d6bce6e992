"""Personal data that its written form alone gives away: e-mail, IBAN, cards, phones, codes."""

import re
from collections.abc import Iterator, Sequence

from services.understanding.personal_data.context import nearest_subject
from services.understanding.personal_data.meaning import passes_luhn
from services.understanding.personal_data.subjects import Subject
from services.understanding.personal_data.tokens import just_before

_EMAIL = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?\b")
_CARD = re.compile(r"\b\d(?:[ -]?\d){12,18}\b")
_SSN = re.compile(r"\b\d{3}-\d{2}-\d{4}\b")
_NINO = re.compile(r"\b[A-CEGHJ-PR-TW-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b")
_PHONE = re.compile(
    r"(?<![\w.,$£€])(?:\+\d{1,3}[ .-]?)?(?:\(\d{2,5}\)[ .-]?)?\d{2,5}(?:[ .-]\d{2,4}){1,4}(?![\w%])"
)
_UK_POSTCODE = re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b")
_PLATE = re.compile(r"\b[A-Z]{2}\d{2} ?[A-Z]{3}\b")
_MIXED = re.compile(r"\b(?=[A-Z0-9/-]*\d)(?=[A-Z0-9/-]*[A-Z])[A-Z0-9]+(?:[-/][A-Z0-9]+)*\b")
_CODE_SUBJECTS = frozenset({Subject.ACCOUNT, Subject.POLICY, Subject.BOOKING, Subject.SSN})
_THING = re.compile(
    r"\b(?:error|model|version|thinkpad|galaxy|flight|windows|update|build|part)"
    r"(?: code| number)? ?$",
    re.IGNORECASE,
)

Finding = tuple[Subject, int, int]


def find_written(text: str, asked: Sequence[Subject]) -> Iterator[Finding]:
    """Yield (subject, start, end) for everything whose written form tells what it is."""
    for match in _EMAIL.finditer(text):
        yield Subject.EMAIL, match.start(), match.end()
    for match in _IBAN.finditer(text):
        if sum(c.isdigit() for c in match.group()) >= 8:
            yield Subject.IBAN, match.start(), match.end()
    for match in _CARD.finditer(text):
        if passes_luhn("".join(c for c in match.group() if c.isdigit())):
            yield Subject.CARD, match.start(), match.end()
    for pattern in (_SSN, _NINO):
        for match in pattern.finditer(text):
            yield Subject.SSN, match.start(), match.end()
    for match in _UK_POSTCODE.finditer(text):
        if " " not in match.group() and _code_subject(text, match.start(), match.end(), asked):
            continue
        yield Subject.ADDRESS, match.start(), match.end()
    for match in _PLATE.finditer(text):
        if nearest_subject(text, match.start(), match.end()) is Subject.ACCOUNT:
            yield Subject.ACCOUNT, match.start(), match.end()
    yield from _phones(text)
    yield from _mixed_codes(text, asked)


def _phones(text: str) -> Iterator[Finding]:
    for match in _PHONE.finditer(text):
        digits = sum(c.isdigit() for c in match.group())
        international = match.group().startswith(("+", "("))
        if 10 <= digits <= 13 or (international and digits >= 8):
            yield Subject.PHONE, match.start(), match.end()


def _mixed_codes(text: str, asked: Sequence[Subject]) -> Iterator[Finding]:
    for match in _MIXED.finditer(text):
        code = match.group()
        digits = sum(c.isdigit() for c in code)
        if _THING.search(just_before(text, match.start())):
            continue
        known = _code_subject(text, match.start(), match.end(), asked)
        if len(code) >= 4 and digits >= 2 and known is not None:
            yield known, match.start(), match.end()
        elif len(code) >= 8 and digits >= 4:
            yield Subject.ACCOUNT, match.start(), match.end()


def _code_subject(text: str, start: int, end: int, asked: Sequence[Subject]) -> Subject | None:
    """Return which kind of code the words around a place or the question speak of, if any."""
    subject = nearest_subject(text, start, end)
    known = (subject,) if subject is not None else asked
    return next((s for s in known if s in _CODE_SUBJECTS), None)
