"""Where in a line the words stand that were looked for, and how well a line fits them.

An index says which lines may hold the words; this says whether they do. A line's stored words go
on into what its speaker says next, so that a phrase can be found that begins in it: what counts is
what begins in the line itself.
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence

from services.domain.folding import placed_words
from services.domain.searching import Phrase, WordQuery

# How much a word counts that occurs again, and how much less one does in a long line (BM25).
SATURATION = 1.2
LENGTH_WEIGHT = 0.75

Marks = tuple[tuple[int, int], ...]


def marks_in(text: str, words: Sequence[str], wanted: WordQuery) -> Marks | None:
    """Return where in a text the words stand, as half-open ranges in order; None if they don't.

    ``words`` are the folded words of the text and those that follow it.
    """
    placed = placed_words(text)
    own = len(placed)
    if any(next(_places(words, own, phrase), None) is not None for phrase in wanted.without):
        return None
    ranges: list[tuple[int, int]] = []
    for group in wanted.groups:
        found = [(at, len(phrase)) for phrase in group for at in _places(words, own, phrase)]
        if not found:
            return None
        ranges += [(placed[at][1], placed[min(at + n, own) - 1][2]) for at, n in found]
    return _joined(ranges)


def best_first(lines: Sequence[Sequence[str]], wanted: WordQuery) -> list[int]:
    """Return the places of lines (as folded words) in the order of how well they fit.

    By BM25 among these lines; those that fit as well as each other stay in order.
    """
    phrases = list(dict.fromkeys(phrase for group in wanted.groups for phrase in group))
    counts = [
        {p: n for p in phrases if (n := sum(1 for _ in _places(words, len(words), p)))}
        for words in lines
    ]
    holding = Counter(phrase for line in counts for phrase in line)
    total, mean = len(lines), sum(map(len, lines)) / max(1, len(lines))

    def closeness(at: int) -> float:
        length = 1 - LENGTH_WEIGHT + LENGTH_WEIGHT * len(lines[at]) / max(1.0, mean)
        return sum(
            math.log1p((total - holding[p] + 0.5) / (holding[p] + 0.5))
            * (n * (SATURATION + 1) / (n + SATURATION * length))
            for p, n in counts[at].items()
        )

    return sorted(range(total), key=closeness, reverse=True)


def _places(words: Sequence[str], before: int, phrase: Phrase) -> Iterator[int]:
    """Yield where a phrase begins, in the first ``before`` words."""
    *first, last = phrase
    size, beginning = len(phrase), last.removesuffix("*")
    begun = beginning is not last
    for at in range(min(before, len(words) - size + 1)):
        end = words[at + size - 1]
        if (end.startswith(beginning) if begun else end == last) and (
            size == 1 or list(words[at : at + size - 1]) == first
        ):
            yield at


def _joined(ranges: list[tuple[int, int]]) -> Marks:
    """Return the ranges in order, those that overlap as one."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)
