"""Words in the form in which they are compared: without case, accents and punctuation.

The search index, and whoever asks it, read text this way. Rules compare words more loosely
(contractions in full, numbers in digits) and fold them by themselves.
"""

import re
import unicodedata

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def folded_words(text: str) -> list[str]:
    """Return the words of a text in order; "I don't" gives ``i``, ``dont``."""
    plain = text if text.isascii() else _without_marks(text)
    return [w.replace("'", "") for w in _WORD.findall(plain.casefold().replace("’", "'"))]


def _without_marks(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c))
