"""Checks what a language model says about a call against the call itself."""

import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise

from services.understanding.model_lines import NumberedLine

LEAST_QUOTED_WORDS = 2
_WORD = re.compile(r"[^\W_]+")
_LINK = re.compile(r"https?:|www\.|\]\(", re.IGNORECASE)


class QuoteCheck:
    """Knows the lines of a call and tells which of them a quote really stands in."""

    def __init__(self, lines: Sequence[NumberedLine]) -> None:
        """Take the lines that were sent."""
        self._spoken = {line.number: bare(line.utterance.text) for line in lines}
        self._ids = {line.number: line.utterance.id for line in lines}

    def utterances(self, quote: str, cited: Sequence[int]) -> tuple[str, ...]:
        """Return the ids of the cited lines that hold the quote; none when it was made up.

        A quote may run on over cited lines that follow one another. Only case, punctuation and
        spaces may differ; a single word counts only when it is all that was said.
        """
        wanted = bare(quote)
        numbers = sorted({n for n in cited if n in self._spoken})
        if len(wanted.split()) < LEAST_QUOTED_WORDS:
            numbers = [n for n in numbers if self._spoken[n] == wanted]
        if not wanted:
            return ()
        holding = [n for n in numbers if _holds(self._spoken[n], wanted)]
        if not holding:
            holding = next((run for run in _runs(numbers) if self._hold_together(run, wanted)), [])
        return tuple(self._ids[n] for n in holding)

    def says(self, words: str, utterances: Sequence[str]) -> bool:
        """Whether one of these utterances holds the words."""
        by_id = {u: self._spoken[n] for n, u in self._ids.items()}
        return bool(bare(words)) and any(_holds(by_id[u], bare(words)) for u in utterances)

    def _hold_together(self, run: Sequence[int], wanted: str) -> bool:
        return len(run) > 1 and _holds(" ".join(self._spoken[n] for n in run), wanted)


def is_plain(text: str) -> bool:
    """Whether a statement holds words and leads nowhere: no address, no link."""
    return bool(_WORD.search(text)) and not _LINK.search(text)


def bare(text: str) -> str:
    """Return a text's words in lower case with single spaces between them.

    Apostrophes are part of a word, however they are written.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(_WORD.findall(re.sub(r"['’ʼ`]", "", folded)))


def _holds(spoken: str, wanted: str) -> bool:
    return f" {wanted} " in f" {spoken} "


def _runs(numbers: Sequence[int]) -> list[list[int]]:
    """Return the numbers in runs that follow one another; what holds no words may lie between."""
    if not numbers:
        return []
    runs = [[numbers[0]]]
    for before, number in pairwise(numbers):
        if number - before <= 2:
            runs[-1].append(number)
        else:
            runs.append([number])
    return runs
