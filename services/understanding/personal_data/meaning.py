"""Decides whether a code is personal and of which kind, from its shape and its context."""

import re
from collections.abc import Sequence

from services.understanding.personal_data.codes import Code
from services.understanding.personal_data.context import Subject
from services.understanding.personal_data.tokens import Token

_UNITS = frozenset({
    "%", "am", "buck", "bucks", "business", "cent", "cents", "day", "days", "degrees",
    "dollar", "dollars", "euro", "euros", "gig", "gigabyte", "gigabytes", "gigs", "grand",
    "guests", "hour", "hours", "k", "kilometers", "kilos", "mbps", "megabit", "megabits",
    "megabyte", "megabytes", "mile", "miles", "minute", "minutes", "month", "months", "night",
    "nights", "o'clock", "pence", "people", "percent", "percentage", "pm", "points", "pound",
    "pounds", "quid", "time", "times", "week", "weeks", "working", "year", "years",
})  # fmt: skip
_CURRENCY = frozenset("$£€¥")
_AMOUNT = re.compile(r"[,.]")
_CODE_SUBJECTS = frozenset({Subject.ACCOUNT, Subject.POLICY, Subject.BOOKING})
_NINO = re.compile(r"[A-Z]{2}\d{6}[A-D]")
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{10,30}")
_POSTCODE = re.compile(r"[A-Z]{1,2}\d[A-Z\d]?\d[A-Z]{2}")
LEAST_DIGITS = 4


def passes_luhn(digits: str) -> bool:
    """Whether a number has the check digit that payment cards have."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def is_quantity(code: Code, tokens: Sequence[Token]) -> bool:
    """Whether a short code counts something: money, time, percent."""
    if code.digits >= 7 or code.letters:
        return False
    before = tokens[code.first - 1].text if code.first else ""
    following = [t.lower for t in tokens[code.last + 1 : code.last + 4]]
    if before in _CURRENCY and not _is_broken_up(code, tokens):
        return True
    if following and following[0] in _UNITS:
        return True
    if following[:1] == [":"] or before == ":":
        return True
    if following[:3] in (["a", ".", "m"], ["p", ".", "m"]):
        return True
    return (
        bool(following)
        and following[0] in {"point", "and"}
        and bool(set(following) & {"half", "point", "cents", "pence"})
    )


def _is_broken_up(code: Code, tokens: Sequence[Token]) -> bool:
    """Whether a number is written in groups as no amount is.

    Recognisers write "$739-286" when somebody reads digits out.
    """
    inside = [t.text for t in tokens[code.first : code.last + 1]]
    return "-" in inside or sum(text.isdigit() for text in inside) > 1 + sum(
        text in {",", "."} for text in inside
    )


def meaning_of(
    code: Code, tokens: Sequence[Token], subject: Subject | None, *, continues: bool = False
) -> Subject | None:
    """Return what a code is, or None when it is nothing personal.

    ``subject`` is what the context speaks of; ``continues`` says that the code goes on with one
    in an utterance before, so that short pieces count as well.
    """
    if is_quantity(code, tokens):
        return None
    certain = _by_shape(code, subject)
    if certain is not None:
        return certain
    if subject is not None:
        found = _in_context(code, subject, continues=continues)
        if found is not None:
            return found
    return _on_its_own(code, tokens)


def _by_shape(code: Code, subject: Subject | None) -> Subject | None:
    characters = code.characters
    if _IBAN.fullmatch(characters) and code.letters >= 2:
        return Subject.IBAN
    if code.letters == 0 and 13 <= code.digits <= 19:
        if passes_luhn(characters) or subject not in {Subject.IBAN, *_CODE_SUBJECTS}:
            return Subject.CARD
        return subject
    if _NINO.fullmatch(characters):
        return Subject.SSN
    if code.letters == 0 and code.groups == (3, 2, 4):
        return Subject.SSN
    if code.letters == 0 and code.groups == (3, 3, 4) and subject in {None, Subject.ACCOUNT}:
        return Subject.PHONE
    return None


def _in_context(code: Code, subject: Subject, *, continues: bool) -> Subject | None:
    digits, letters = code.digits, code.letters
    spelled_number = code.single_digits > 0 or not code.scaled
    least = 2 if continues else LEAST_DIGITS
    fits = False
    if subject is Subject.CVV:
        fits = letters == 0 and 3 <= digits <= 4
    elif subject is Subject.EXPIRY:
        fits = letters == 0 and 3 <= digits <= 6
    elif subject in {Subject.CARD, Subject.SSN, Subject.IBAN}:
        fits = digits >= least and spelled_number
    elif subject is Subject.PHONE:
        fits = letters == 0 and digits >= least and code.single_digits >= 2
    elif subject is Subject.DOB:
        fits = letters == 0 and 4 <= digits <= 8
    elif subject is Subject.ADDRESS:
        postcode = bool(_POSTCODE.fullmatch(code.characters))
        fits = postcode or (letters == 0 and digits in {5, 9} and code.single_digits >= 4)
    elif subject in _CODE_SUBJECTS:
        mixed = letters + digits >= LEAST_DIGITS and digits >= 2
        fits = (mixed and letters > 0) or (digits >= least and code.single_digits >= 2)
        fits = fits or (subject is Subject.BOOKING and letters >= 5)
        fits = fits or (continues and digits + letters >= 2)
    elif subject in {Subject.PERSON, Subject.EMAIL}:
        fits = digits == 0 and letters >= 3
    return subject if fits else None


def _on_its_own(code: Code, tokens: Sequence[Token]) -> Subject | None:
    digits, letters = code.digits, code.letters
    if digits == 0:
        return Subject.PERSON if letters >= 5 else None
    if letters and digits < LEAST_DIGITS:
        return Subject.ACCOUNT if letters + digits >= 6 and digits >= 3 else None
    if _is_year(code, tokens) or code.single_digits < LEAST_DIGITS:
        many = digits >= 6 and code.single_digits >= 2 and not code.scaled
        return Subject.ACCOUNT if many else None
    if letters == 0 and (digits == 7 or 10 <= digits <= 12):
        return Subject.PHONE
    return Subject.ACCOUNT


def _is_year(code: Code, tokens: Sequence[Token]) -> bool:
    written = code.first == code.last and tokens[code.first].text.isdigit()
    return written and code.digits == 4 and code.characters[:2] in {"19", "20"}
