"""Words in the form in which they are compared: without case, accents and punctuation.

The search index, and whoever asks it, read text this way. Rules compare words more loosely
(contractions in full, numbers in digits) and fold them by themselves.
"""

import re
import unicodedata
from collections.abc import Sequence

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def folded_words(text: str) -> list[str]:
    """Return the words of a text in order; "I don't" gives ``i``, ``dont``."""
    plain = text if text.isascii() else _without_marks(text)
    return [w.replace("'", "") for w in _WORD.findall(plain.casefold().replace("’", "'"))]


def placed_words(text: str) -> list[tuple[str, int, int]]:
    """Return the words of a text, folded, each with the range of characters where it stands."""
    places: Sequence[int] = range(len(text))
    plain = text.lower()
    if not text.isascii():
        plain, places = _with_places(text)
    return [
        (found[0].replace("'", ""), places[found.start()], _end(text, places[found.end() - 1]))
        for found in _WORD.finditer(plain)
    ]


def _end(text: str, last: int) -> int:
    """Return where a word ends whose last letter stands at ``last``: behind the marks on it."""
    end = last + 1
    while end < len(text) and unicodedata.combining(text[end]):
        end += 1
    return end


def _with_places(text: str) -> tuple[str, list[int]]:
    """Return the text in plain letters, and of each the place of the character it came from."""
    letters: list[str] = []
    places: list[int] = []
    for at, character in enumerate(text):
        plain = _without_marks(character).casefold().replace("’", "'")
        letters.append(plain)
        places += [at] * len(plain)
    return "".join(letters), places


def _without_marks(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c))
