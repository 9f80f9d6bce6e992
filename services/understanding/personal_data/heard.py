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
from services.understanding.personal_data.tokens import Token, is_number, tokenise

_NUMBERS = frozenset(Subject) - {Subject.PERSON, Subject.EMAIL, Subject.ADDRESS}
_SOUNDS: Mapping[str, str] = {
    "ate": "eight", "fife": "five", "floor": "four", "for": "four", "fore": "four", "free": "three",
    "nein": "nine", "owe": "oh", "sicks": "six", "to": "two", "too": "two", "tree": "three",
    "won": "one",
}  # fmt: skip
_EVERYWHERE = frozenset({"for", "to", "too", "free"})
"""Words too common to make a number without a digit beside them."""
_SEPARATORS = frozenset({",", ".", "-", "–", "…"})
_ENDING = re.compile(r"\b(?:ending|ends|last (?:four|4|three|3))\b", re.IGNORECASE)
_SHORTEST_RUN = 3
_LONG = 7
"""So many digits in a row are a number that was asked for, whatever is said beside them."""


def awaited_tokens(text: str, asked: Sequence[Subject]) -> list[Token]:
    """Return the tokens of a text, read as the number that ``asked`` waits for if it can be one."""
    plain = tokenise(text)
    ending = _ENDING.search(text)
    if not ending and not any(subject in _NUMBERS for subject in asked):
        return plain
    loose = _as_sounded(tokenise(text, amounts=False))
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
        if token is not None and (is_number(token) or token.lower in _SOUNDS):
            run.append(at)
        elif token is None or token.text not in _SEPARATORS:
            if _is_read_out([tokens[place] for place in run]):
                for place in run:
                    lower = tokens[place].lower
                    heard[place] = replace(tokens[place], lower=_SOUNDS.get(lower, lower))
            run = []
    return heard


def _is_read_out(run: Sequence[Token]) -> bool:
    telling = sum(token.lower not in _EVERYWHERE for token in run)
    return len(run) >= _SHORTEST_RUN and 2 * telling >= len(run)
