"""Cuts a text into tokens that keep their place, and knows spoken digits and letters."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_PLACEHOLDER = r"\[[A-Z]+\]"
_AMOUNT = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)|\d+\.\d+(?!\.?\d)"
_OTHERS = r"\d+(?:st|nd|rd|th)\b|\d+|[^\W\d_]+(?:['’][^\W\d_]+)*|\S"
_TOKEN = re.compile(rf"{_PLACEHOLDER}|{_AMOUNT}|{_OTHERS}")
_WITHOUT_AMOUNTS = re.compile(rf"{_PLACEHOLDER}|{_OTHERS}")

DIGITS: Mapping[str, str] = {
    "zero": "0", "nought": "0", "naught": "0", "one": "1", "two": "2", "three": "3", "four": "4",
    "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9", "niner": "9",
}  # fmt: skip
OH = frozenset({"oh", "o"})
TEENS: Mapping[str, str] = {
    "ten": "10", "eleven": "11", "twelve": "12", "thirteen": "13", "fourteen": "14",
    "fifteen": "15", "sixteen": "16", "seventeen": "17", "eighteen": "18", "nineteen": "19",
}  # fmt: skip
TENS: Mapping[str, str] = {
    "twenty": "2", "thirty": "3", "forty": "4", "fourty": "4", "fifty": "5", "sixty": "6",
    "seventy": "7", "eighty": "8", "ninety": "9",
}  # fmt: skip
REPEATS: Mapping[str, int] = {"double": 2, "triple": 3, "treble": 3}
SCALES: Mapping[str, str] = {"hundred": "00", "thousand": "000"}
_NATO = (
    "alpha", "alfa", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india",
    "juliet", "juliett", "kilo", "lima", "mike", "november", "oscar", "papa", "quebec",
    "romeo", "sierra", "tango", "uniform", "victor", "whiskey", "whisky", "xray", "yankee",
    "zulu",
)  # fmt: skip
PHONETIC: Mapping[str, str] = {word: word[0] for word in _NATO}
COMMON_PHONETIC = frozenset({
    "charlie", "delta", "echo", "golf", "hotel", "india", "mike", "november", "oscar", "papa",
    "uniform", "victor",
})  # fmt: skip
"""What a phonetic alphabet shares with everyday language: a letter only beside other letters."""
LETTER_NAMES: Mapping[str, str] = {"zed": "z", "zee": "z"}

_LOOKS_BACK = 100


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a text and its place in it, in characters."""

    text: str
    lower: str
    start: int
    end: int

    @property
    def is_word(self) -> bool:
        """Whether the token consists of letters."""
        return self.text[0].isalpha()

    @property
    def is_capitalised(self) -> bool:
        """Whether the token starts with an upper-case letter."""
        return self.text[0].isupper()


def just_before(text: str, start: int) -> str:
    """Return what stands right before a place: as far as any expression there looks back."""
    return text[max(0, start - _LOOKS_BACK) : start]


def tokenise(text: str, *, amounts: bool = True) -> list[Token]:
    """Return the tokens of a text in order; blanks lie between them.

    Without ``amounts`` the digits of "4,500" are two tokens and the comma one between them.
    """
    pattern = _TOKEN if amounts else _WITHOUT_AMOUNTS
    return [
        Token(m.group(), m.group().lower().replace("’", "'"), m.start(), m.end())
        for m in pattern.finditer(text)
    ]


def is_number(token: Token) -> bool:
    """Whether a token is a numeral or an English number word."""
    return (
        token.text[0].isdigit()
        or token.lower in DIGITS
        or token.lower in TEENS
        or token.lower in TENS
    )
