"""Decides whether a code is personal and of which kind, from its shape and its context."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from services.understanding.personal_data.codes import Code
from services.understanding.personal_data.quantities import (
    MODEL_DIGITS,
    is_counting,
    is_date,
    is_price,
    is_quantity,
    is_round,
    is_year,
    names_a_model,
    names_a_thing,
)
from services.understanding.personal_data.subjects import Subject
from services.understanding.personal_data.tokens import Token, just_before

CODE_SUBJECTS = frozenset({Subject.ACCOUNT, Subject.POLICY, Subject.BOOKING})
_NINO = re.compile(r"[A-Z]{2}\d{6}[A-D]")
_IBAN = re.compile(
    r"(?:AT|BE|BG|CH|CY|CZ|DE|DK|EE|ES|FI|FR|GB|GR|HR|HU|IE|IS|IT|LI|LT|LU|LV|MC|MT|NL|NO|PL|PT|RO|"
    r"SA|SE|SI|SK|TR|AE)\d{2}[A-Z0-9]{10,30}"
)
_POSTCODE = re.compile(r"[A-Z]{1,2}\d[A-Z\d]?\d[A-Z]{2}|[A-Z]\d[A-Z]\d[A-Z]\d")
_DIALLED = re.compile(r"00[1-9]\d{8,12}")
"""A number as it is dialled abroad: 0044 …"""
_ENDING = re.compile(
    r"\b(?:ending|ends|finishing|last (?:four|4)|last digits)(?: digits?)?\W*"
    r"(?:(?:in|with|of|the|my|card|account|social|are|is|on|for)\W+)*$",
    re.IGNORECASE,
)
LEAST_DIGITS = 4


@dataclass(frozen=True, kw_only=True)
class Context:
    """What surrounds a code.

    ``subject`` is what the words around it speak of. ``continues``: it goes on with a code of an
    utterance before. ``bare``: it is all there is in the answer to a question, so that short
    pieces count as well.
    """

    text: str
    tokens: Sequence[Token]
    subject: Subject | None = None
    continues: bool = False
    bare: bool = False


def passes_luhn(digits: str) -> bool:
    """Whether a number has the check digit that payment cards have."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def meaning_of(code: Code, context: Context) -> Subject | None:
    """Return what a code is, or None when it is nothing personal."""
    answers = context.bare or context.continues
    awaited = answers and context.subject is Subject.EXPIRY
    if is_quantity(code, context.tokens, awaited=awaited) or _is_no_code(
        code, context, answers=answers
    ):
        return None
    subject = context.subject
    certain = _by_shape(code, subject)
    if certain is not None:
        return certain
    if subject is not None:
        found = _in_context(code, subject, context)
        if found is not None:
            return found
    if is_counting(code, context.text):
        return None
    return _on_its_own(code, context)


def _is_no_code(code: Code, context: Context, *, answers: bool) -> bool:
    start = context.tokens[code.first].start
    if names_a_thing(code, context.tokens, context.text):
        return True
    if answers:
        return False
    if context.subject in {None, Subject.PHONE, Subject.CARD, Subject.EMAIL}:
        if is_date(context.text, start, context.tokens[code.last].end):
            return context.subject is not Subject.CARD
        if is_round(code, context.tokens) and context.subject in {None, Subject.PHONE}:
            return True
    return is_price(code, context.text, start) or is_year(code, context.text, start)


def _by_shape(code: Code, subject: Subject | None) -> Subject | None:
    characters = code.characters
    if _IBAN.fullmatch(characters) and subject not in CODE_SUBJECTS:
        return Subject.IBAN
    if _DIALLED.fullmatch(characters) and subject is not Subject.CARD:
        return Subject.PHONE
    if code.letters == 0 and 13 <= code.digits <= 19:
        if passes_luhn(characters) or subject not in {Subject.IBAN, *CODE_SUBJECTS}:
            return Subject.CARD
        return subject
    if _NINO.fullmatch(characters) and subject in {None, Subject.SSN, Subject.ACCOUNT}:
        return Subject.SSN
    if code.letters == 0 and code.groups == (3, 2, 4):
        return Subject.SSN
    if code.letters == 0 and code.groups == (3, 3, 4) and subject in {None, Subject.ACCOUNT}:
        return Subject.PHONE
    return None


def _in_context(code: Code, subject: Subject, context: Context) -> Subject | None:
    digits, letters = code.digits, code.letters
    answers = context.continues or context.bare
    ending = bool(_ENDING.search(just_before(context.text, context.tokens[code.first].start)))
    least = 2 if answers else LEAST_DIGITS - ending
    read_out = code.single_digits > 0 or not code.scaled or digits >= 7
    fits = False
    if subject is Subject.CVV:
        fits = letters == 0 and (3 <= digits <= 4 or (answers and digits == 2))
        # Said again after a slip: "seven seven, sorry, seven eight two".
        fits = fits or (letters == 0 and digits <= 8 and code.groups[-1] in {3, 4})
    elif subject is Subject.EXPIRY:
        fits = letters == 0 and (3 <= digits <= 6 or (answers and digits <= 6))
    elif subject in {Subject.CARD, Subject.SSN, Subject.IBAN}:
        fits = _fits_number(code, subject, least=least, read_out=read_out)
        # "my card was forty nine ninety nine" is a price; as the end of a card it is announced.
        if subject is Subject.CARD and digits <= 5 and code.single_digits < 2:
            fits = fits and (ending or answers)
    elif subject is Subject.PHONE:
        fits = letters == 0 and digits >= least
        fits = fits and (answers or code.single_digits >= 2 or digits >= 7)
    elif subject is Subject.DOB:
        fits = letters == 0 and (4 <= digits <= 8 or (answers and digits in {2, 3}))
    elif subject is Subject.ADDRESS:
        postcode = bool(_POSTCODE.fullmatch(code.characters))
        fits = postcode or (letters == 0 and digits in {5, 9} and code.single_digits >= 4)
        fits = fits or context.bare
    elif subject in CODE_SUBJECTS:
        fits = _fits_code(code, subject, context, ending=ending)
    elif subject in {Subject.PERSON, Subject.EMAIL}:
        fits = digits == 0 and letters >= (2 if context.bare else 3)
    return subject if fits else None


def _fits_number(code: Code, subject: Subject, *, least: int, read_out: bool) -> bool:
    if subject is Subject.CARD and code.letters:
        return False
    if least < LEAST_DIGITS and code.digits + code.letters >= 2:
        return True
    lettered = code.letters and code.digits >= 2 and code.digits + code.letters >= 6
    return (code.digits >= least or bool(lettered)) and read_out


def _fits_code(code: Code, subject: Subject, context: Context, *, ending: bool) -> bool:
    digits, letters = code.digits, code.letters
    least = 2 if context.continues or context.bare else LEAST_DIGITS - ending
    if context.bare or (context.continues and digits + letters >= 2):
        return True
    if letters and letters + digits >= LEAST_DIGITS and digits >= 2:
        return True
    if not letters and digits >= least:
        read_out = code.single_digits >= 2 or (not code.scaled and digits >= 6)
        return read_out or (ending and not code.scaled)
    return subject is Subject.BOOKING and letters >= 5


def _on_its_own(code: Code, context: Context) -> Subject | None:
    digits, letters, tokens = code.digits, code.letters, context.tokens
    if digits <= MODEL_DIGITS and names_a_model(code, tokens, context.text):
        return None
    if digits == 0:
        return Subject.PERSON if letters >= 4 else None
    if letters and digits < LEAST_DIGITS:
        return Subject.ACCOUNT if letters + digits >= 6 and digits >= 2 else None
    if _is_written_year(code, tokens) or code.single_digits < LEAST_DIGITS:
        many = digits >= 6 and not code.scaled and (code.single_digits >= 2 or digits >= 8)
        return Subject.ACCOUNT if many else None
    if letters == 0 and (digits == 7 or 10 <= digits <= 12):
        return Subject.PHONE
    if letters and _POSTCODE.fullmatch(code.characters):
        return Subject.ADDRESS
    return Subject.ACCOUNT


def _is_written_year(code: Code, tokens: Sequence[Token]) -> bool:
    written = code.first == code.last and tokens[code.first].text.isdigit()
    return written and code.digits == 4 and code.characters[:2] in {"19", "20"}
