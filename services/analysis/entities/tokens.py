"""A text as words, numbers and signs with their places, and numbers read from them.

Own code: the libraries at hand read written numbers but no spoken prices ("forty nine ninety
nine"), or lose the place in the text, or are not kept up any more.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

_TOKEN = re.compile(
    r"\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|[^\W\d_]+(?:['’][^\W\d_]+)?|[£$€¥%:/\-.,]"
)
_UNITS = {
    word: value
    for value, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ]
    )
}
_TENS = {
    word: 10 * value
    for value, word in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], start=2
    )
}
_SCALES = {"hundred": 100, "thousand": 1_000, "grand": 1_000, "million": 1_000_000}
_ORDINALS = {
    word: value
    for value, word in enumerate(
        [
            "first",
            "second",
            "third",
            "fourth",
            "fifth",
            "sixth",
            "seventh",
            "eighth",
            "ninth",
            "tenth",
            "eleventh",
            "twelfth",
            "thirteenth",
            "fourteenth",
            "fifteenth",
            "sixteenth",
            "seventeenth",
            "eighteenth",
            "nineteenth",
            "twentieth",
        ],
        start=1,
    )
} | {"thirtieth": 30}
_ENDINGS = frozenset({"st", "nd", "rd", "th"})


MOST_DIGITS = 15
"""Longer ones are no numbers that anybody counts with."""


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a text at [start, end), ``lower`` without capitals."""

    text: str
    lower: str
    start: int
    end: int

    @property
    def is_digits(self) -> bool:
        """Whether it is a number in digits."""
        return self.text[0].isdigit()


@dataclass(frozen=True, slots=True)
class Number:
    """A number read from tokens [first, last); ``plain`` when it is one group below a hundred."""

    value: Decimal
    first: int
    last: int
    plain: bool = False


def tokens_of(text: str) -> list[Token]:
    """Return the tokens of a text in order."""
    return [Token(m[0], m[0].lower(), m.start(), m.end()) for m in _TOKEN.finditer(text)]


def word_at(tokens: Sequence[Token], at: int) -> str:
    """Return a token in small letters, empty beyond the ends."""
    return tokens[at].lower if 0 <= at < len(tokens) else ""


def number_at(tokens: Sequence[Token], at: int) -> Number | None:
    """Return the number that begins at a token: digits, or a cardinal in words."""
    if at >= len(tokens):
        return None
    if tokens[at].is_digits:
        if len(tokens[at].text) > MOST_DIGITS:
            return None
        value = Decimal(tokens[at].text.replace(",", ""))
        scale = _SCALES.get(word_at(tokens, at + 1), 1)
        return Number(value * scale, at, at + (1 if scale == 1 else 2), scale == 1)
    return _spoken(tokens, at)


def _spoken(tokens: Sequence[Token], at: int) -> Number | None:
    first = at
    total, group, seen, plain = 0, 0, False, True
    if word_at(tokens, at) == "a" and word_at(tokens, at + 1) in _SCALES:
        group, seen, at = 1, True, at + 1
    while True:
        word = word_at(tokens, at)
        joined = _small(tokens, at)
        if joined is not None and (not seen or (group % 100 == 0 and not (plain and group))):
            group, at, seen = group + joined[0], joined[1], True
        elif word in _SCALES and seen:
            scale, plain = _SCALES[word], False
            if scale == 100:
                group *= 100
            else:
                total, group = total + max(1, group) * scale, 0
            at += 1
        elif word == "and" and seen and not plain and _small(tokens, at + 1) is not None:
            at += 1
        else:
            break
    if not seen:
        return None
    return Number(Decimal(total + group) + _fraction(tokens, at), first, _after(tokens, at), plain)


def _small(tokens: Sequence[Token], at: int) -> tuple[int, int] | None:
    """Return a cardinal below a hundred and the place after it."""
    word = word_at(tokens, at)
    if word in _UNITS:
        return _UNITS[word], at + 1
    if word not in _TENS:
        return None
    following = at + 2 if word_at(tokens, at + 1) == "-" else at + 1
    unit = _UNITS.get(word_at(tokens, following), 0)
    if 1 <= unit <= 9:
        return _TENS[word] + unit, following + 1
    return _TENS[word], at + 1


def _fraction(tokens: Sequence[Token], at: int) -> Decimal:
    digits = [str(_UNITS[word_at(tokens, n)]) for n in range(at + 1, _after(tokens, at))]
    return Decimal(f"0.{''.join(digits)}") if digits else Decimal(0)


def _after(tokens: Sequence[Token], at: int) -> int:
    """Return the place after "point five", the same place when nothing of the kind follows."""
    if word_at(tokens, at) != "point":
        return at
    end = at + 1
    while _UNITS.get(word_at(tokens, end), 10) < 10:
        end += 1
    return end if end > at + 1 else at


def ordinal_at(tokens: Sequence[Token], at: int) -> Number | None:
    """Return the ordinal up to 31 that begins at a token: "third", "twenty first", "3rd"."""
    word, following = word_at(tokens, at), word_at(tokens, at + 1)
    if word.isdigit() and following in _ENDINGS:
        return Number(Decimal(word), at, at + 2)
    if word in _ORDINALS:
        return Number(Decimal(_ORDINALS[word]), at, at + 1)
    if word in {"twenty", "thirty"}:
        after = at + 2 if following == "-" else at + 1
        unit = _ORDINALS.get(word_at(tokens, after), 0)
        if 1 <= unit <= 9:
            return Number(Decimal(_TENS[word] + unit), at, after + 1)
    return None
