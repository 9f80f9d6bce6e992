"""Reads digits as recognisers write them in an answer: "4,00, 0,566", "for, to, four, two".

A recogniser doesn't know that somebody reads out a number: it groups the digits as an amount, or
takes one for a word that sounds alike. Only where a number is awaited may that be read as digits.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from services.understanding.personal_data.answers import is_bare_code
from services.understanding.personal_data.codes import find_codes
from services.understanding.personal_data.subjects import Subject
from services.understanding.personal_data.tokens import (
    REPEATS,
    Token,
    is_number,
    tokenise,
)

_NUMBERS = frozenset(Subject) - {Subject.PERSON, Subject.EMAIL, Subject.ADDRESS}
_SOUNDS: Mapping[str, str] = {
    "ate": "eight", "fife": "five", "floor": "four", "for": "four", "fore": "four", "free": "three",
    "nein": "nine", "o": "zero", "oh": "zero", "owe": "zero", "sicks": "six", "to": "two",
    "too": "two", "tree": "three", "won": "one",
}  # fmt: skip
_EVERYWHERE = frozenset({"for", "to", "too", "free"})
"""Words too common to make a number without a digit beside them."""
_SEPARATORS = frozenset({",", ".", "-", "–", "…"})
_ENDING = re.compile(r"\b(?:ending|ends|last (?:four|4|three|3))\b", re.IGNORECASE)
_MOST_CAPITALS = 4
NO_LETTERS = frozenset({
    "AM", "BSN", "CVC", "CVV", "DNI", "DOB", "EU", "I", "IBAN", "ID", "IS", "IT", "MY", "NHS",
    "NI", "NIE", "NO", "OK", "PIN", "PM", "PNR", "REF", "SIN", "SSN", "TFN", "UK", "US", "USA",
    "VIN", "ZIP",
})  # fmt: skip
"""Capitals that are words."""
_SHORTEST_RUN = 3
_LONG = 7
"""So many digits in a row are a number that was asked for, whatever is said beside them."""


def awaited_tokens(text: str, asked: Sequence[Subject]) -> list[Token]:
    """Return the tokens of a text, read as the number that ``asked`` waits for if it can be one."""
    plain = tokenise(text)
    ending = _ENDING.search(text)
    if not ending and not any(subject in _NUMBERS for subject in asked):
        return plain
    loose = _spelled_out(_as_sounded(tokenise(text, amounts=False)))
    if [(t.lower, t.start) for t in loose] == [(t.lower, t.start) for t in plain]:
        return plain
    codes = find_codes(loose)
    after = ending.end() if ending else len(text)
    told = any(
        code.digits >= _LONG
        or (code.digits >= _SHORTEST_RUN and 0 <= loose[code.first].start - after <= _LONG)
        for code in codes
    )
    return loose if told or is_bare_code(codes, loose) else plain


def _as_sounded(tokens: Sequence[Token]) -> list[Token]:
    """Return the tokens with words in runs of digits replaced by the digits they sound like."""
    heard = list(tokens)
    run: list[int] = []
    for at, token in enumerate([*tokens, None]):
        if token is not None and _may_be_digit(token):
            run.append(at)
        elif token is None or token.text not in _SEPARATORS:
            if _is_read_out([tokens[place] for place in run]):
                for place in run:
                    lower = tokens[place].lower
                    heard[place] = replace(tokens[place], lower=_SOUNDS.get(lower, lower))
            run = []
    return [
        token
        for at, token in enumerate(heard)
        if not (token.text == "," and at and heard[at - 1].lower in REPEATS)
    ]


def _may_be_digit(token: Token) -> bool:
    return is_number(token) or token.lower in _SOUNDS or token.lower in REPEATS


def _spelled_out(tokens: Sequence[Token]) -> list[Token]:
    """Return the tokens with capitals beside digits parted into letters: "GB29, NWBK, 6016"."""
    spelled: list[Token] = []
    for at, token in enumerate(tokens):
        if not _is_part(token) or not any(_is_code(tokens, at, step) for step in (-1, 1)):
            spelled.append(token)
            continue
        for place, letter in enumerate(token.text, start=token.start):
            spelled.append(Token(letter, letter.lower(), place, place + 1))
    return spelled


def _is_part(token: Token) -> bool:
    """Whether a token is a few capitals that stand for themselves."""
    few = 1 < len(token.text) <= _MOST_CAPITALS and token.text.isascii() and token.text.isalpha()
    return few and token.text.isupper() and token.text not in NO_LETTERS


def _is_code(tokens: Sequence[Token], at: int, step: int) -> bool:
    """Whether what stands before or after a place, over a comma, is a digit or a capital."""
    place = at + step
    if 0 <= place < len(tokens) and tokens[place].text in _SEPARATORS:
        place += step
    if not 0 <= place < len(tokens):
        return False
    token = tokens[place]
    if step > 0 and token.lower[0] == tokens[at].lower[0] and token.is_word:
        return False  # "KSN Kilo"
    capital = token.is_word and token.text.isupper() and token.text not in NO_LETTERS
    return (
        token.text.isdigit()
        or (is_number(token) and step > 0)
        or (capital and len(token.text) < _LONG)
    )


def _is_read_out(run: Sequence[Token]) -> bool:
    telling = sum(token.lower not in _EVERYWHERE for token in run)
    return len(run) >= _SHORTEST_RUN and 2 * telling >= len(run)
