"""Words and pairs of neighbouring words of a text, as the sentiment classifier counts them."""

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

_WORD = re.compile(r"[^\W_]+")
_SPELLED = re.compile(r"[^\W_]+(?:['’]+[^\W_]+)*")
_DIGITS = re.compile(r"\d+")
START, END = "<", ">"


def wordings(text: str) -> list[str]:
    """Return each different word and pair of neighbours; ``<`` and ``>`` are the text's ends.

    Punctuation, capitals and apostrophes don't count, because recognisers differ in them.
    """
    plain = _DIGITS.sub("0", text.lower().replace("'", "").replace("’", ""))
    words = _WORD.findall(plain)
    pairs = zip([START, *words], [*words, END], strict=True)
    return list(dict.fromkeys([*words, *(f"{one} {next_one}" for one, next_one in pairs)]))


def placed_wordings(text: str) -> list[tuple[str, int, int]]:
    """Return every wording with its first and last character's place, repetitions included."""
    found = [(m[0], m.start(), m.end()) for m in _SPELLED.finditer(text)]
    words = [(wordings(word)[0], start, end) for word, start, end in found if wordings(word)]
    if not words:
        return []
    first, last = words[0], words[-1]
    edges = [(START, first[1], first[1]), *words, (END, last[2], last[2])]
    pairs = [(f"{one} {other}", start, end) for (one, start, _), (other, _, end) in pairwise(edges)]
    return [*words, *pairs]


def count_wordings(texts: Sequence[str], vocabulary: Sequence[str]) -> NDArray[np.float32]:
    """Return one row a text with a number for each wording of ``vocabulary``: 0 where it's absent.

    The more wordings of a text are known, the less each counts, so that long texts don't outweigh.
    """
    place = {wording: at for at, wording in enumerate(vocabulary)}
    rows = np.zeros((len(texts), len(vocabulary)), dtype=np.float32)
    for row, text in zip(rows, texts, strict=True):
        known = [place[wording] for wording in wordings(text) if wording in place]
        if known:
            row[known] = len(known) ** -0.5
    return rows
