"""Cuts a text into tokens that keep their place, and knows spoken digits and letters."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_TOKEN = re.compile(
    r"\[[A-Z]+\]"  # a placeholder of an earlier redaction
    r"|\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)|\d+\.\d+(?![.\d])"  # amounts
    r"|\d+(?:st|nd|rd|th)\b"
    r"|\d+"
    r"|[^\W\d_]+(?:['’][^\W\d_]+)*"
    r"|\S"
)

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
OTHER_LANGUAGES: Mapping[str, Mapping[str, str]] = {
    "es": {"cero": "0", "uno": "1", "una": "1", "dos": "2", "tres": "3", "cuatro": "4",
           "cinco": "5", "seis": "6", "siete": "7", "ocho": "8", "nueve": "9"},
    "fr": {"zéro": "0", "un": "1", "deux": "2", "trois": "3", "quatre": "4", "cinq": "5",
           "six": "6", "sept": "7", "huit": "8", "neuf": "9"},
    "de": {"null": "0", "eins": "1", "zwei": "2", "zwo": "2", "drei": "3", "vier": "4",
           "fünf": "5", "sechs": "6", "sieben": "7", "acht": "8", "neun": "9"},
    "it": {"zero": "0", "uno": "1", "due": "2", "tre": "3", "quattro": "4", "cinque": "5",
           "sei": "6", "sette": "7", "otto": "8", "nove": "9"},
    "pt": {"zero": "0", "um": "1", "dois": "2", "duas": "2", "três": "3", "quatro": "4",
           "cinco": "5", "seis": "6", "meia": "6", "sete": "7", "oito": "8", "nove": "9"},
}  # fmt: skip
_NATO = (
    "alpha", "alfa", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india",
    "juliet", "juliett", "kilo", "lima", "mike", "november", "oscar", "papa", "quebec",
    "romeo", "sierra", "tango", "uniform", "victor", "whiskey", "whisky", "xray", "yankee",
    "zulu",
)  # fmt: skip
PHONETIC: Mapping[str, str] = {word: word[0] for word in _NATO}


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


def tokenise(text: str) -> list[Token]:
    """Return the tokens of a text in order; blanks lie between them."""
    return [
        Token(m.group(), m.group().lower().replace("’", "'"), m.start(), m.end())
        for m in _TOKEN.finditer(text)
    ]


def spoken_digits(language: str) -> Mapping[str, str]:
    """Return the words for the digits 0 to 9 in a language (English where it is not known)."""
    return OTHER_LANGUAGES.get(language, DIGITS)


def is_number(token: Token) -> bool:
    """Whether a token is a numeral or an English number word."""
    return (
        token.text[0].isdigit()
        or token.lower in DIGITS
        or token.lower in TEENS
        or token.lower in TENS
    )
