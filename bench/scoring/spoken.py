"""When each true word has been said.

Truth tells when an utterance begins and ends and where its speaker is voiced. The words are laid
over the voiced time by their letters; ``bench.scoring.alignment`` knows better, by listening.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from bench.scoring.truth import Truth
from services.domain.intervals import Interval
from services.domain.speech import Utterance

_EDGES = ".,?!;:…\"“”'’()[]–—-"
# A word takes a little time besides its letters.
_LETTERS_OF_A_BREAK = 1


@dataclass(frozen=True, kw_only=True)
class SpokenWord:
    """A true word: bare, the number of its utterance, and when it has been said to its end."""

    text: str
    utterance: int
    speaker: str
    end_ms: int


def bare_words(text: str) -> list[str]:
    """Return the words in small letters, without the punctuation around them."""
    return [bare for word in text.casefold().split() if (bare := word.strip(_EDGES))]


def spoken_words(truth: Truth) -> list[SpokenWord]:
    """Return the words of a call, utterance by utterance."""
    return [
        SpokenWord(text=text, utterance=number, speaker=str(one.speaker), end_ms=end_ms)
        for number, one in enumerate(truth.utterances or ())
        for text, end_ms in zip(bare_words(one.text), ends_by_letters(one, truth), strict=True)
    ]


def ends_by_letters(utterance: Utterance, truth: Truth) -> list[int]:
    """Return when each word ends, in ms; letters take the same share of the voiced time."""
    voiced = list(_voiced(utterance, truth))
    letters = [len(word) + _LETTERS_OF_A_BREAK for word in bare_words(utterance.text)]
    whole_ms = sum(end - start for start, end in voiced)
    return [
        _reached(voiced, whole_ms * so_far / (sum(letters) or 1)) for so_far in accumulate(letters)
    ]


def _voiced(utterance: Utterance, truth: Truth) -> Iterator[Interval]:
    """Yield where the utterance's speaker is voiced inside it; all of it where nothing is known."""
    within = [
        (max(span.start_ms, utterance.start_ms), min(span.end_ms, utterance.end_ms))
        for span in truth.spans or ()
        if span.speaker == utterance.speaker
    ]
    known = [(start, end) for start, end in within if start < end]
    yield from known or [(utterance.start_ms, utterance.end_ms)]


def _reached(voiced: Sequence[Interval], after_ms: float) -> int:
    """Return the moment at which so much of the voiced time has passed."""
    passed = list(accumulate(end - start for start, end in voiced))
    at = min(bisect_left(passed, round(after_ms)), len(voiced) - 1)
    return round(voiced[at][1] - (passed[at] - after_ms))
