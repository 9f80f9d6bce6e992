"""Which words of a text spoke for its sentiment, read off the linear head.

A head adds up: every wording and every cue of valence adds its weight times its value to each
label. What they add to the label beyond what they add to a rival is shared out among the words
they cover, and neighbouring words that speak for the label make a reason. What the sentence
embedding adds belongs to the line as a whole, so a line may have no reason in words; in other
languages than English, whose head knows nothing else, none has.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from services.domain.placeholders import placeholders_in
from services.domain.speech import SentimentLabel
from services.understanding import sentiment, sentiment_elsewhere, valence
from services.understanding.embeddings import DIMENSIONS
from services.understanding.wordings import placed_wordings

EXPLAINED_STAGES = frozenset({sentiment.STAGE, sentiment_elsewhere.STAGE})
MOST_REASONS = 3
LEAST_SHARE = 0.5
"""In units of the head's sums (natural logarithm of odds): a reason makes the label 1.6 times as
likely against either rival."""
LEAST_OF_WORD = 0.08
LONGEST_REASON = 60
EMPTY_WORDS = frozenset({
    "a", "am", "an", "and", "any", "are", "as", "at", "been", "but", "by", "did", "do", "for",
    "from", "had", "has", "have", "he", "her", "his", "i", "i'd", "i'm", "i've", "if", "in", "is",
    "it", "it's", "its", "me", "my", "of", "on", "or", "our", "she", "so", "somebody", "that",
    "that's", "the", "their", "then", "there", "they", "this", "to", "was", "we", "were", "who",
    "with", "you", "your",
})  # fmt: skip
"""Words that aren't shown at the ends of a reason."""
_WORD = re.compile(r"[^\W_]+(?:['’-]+[^\W_]+)*")

Sums = NDArray[np.float64]


def reasons(text: str, label: SentimentLabel, stage: str) -> list[str]:
    """Return up to three pieces of the text that speak for the label, in the text's order.

    ``stage`` is the model that gave the label; words are known of the English one only. Those that
    a placeholder stands for are not in the text, hence in no reason.
    """
    if stage != sentiment.STAGE:
        return []
    shown = _without_placeholders(text)
    words = [(m.start(), m.end()) for m in _WORD.finditer(shown)]
    if not words:
        return []
    against = _against_rivals(shown, words, label)
    said = [shown[start:end].lower() for start, end in words]
    runs = [trimmed for run in _runs(against) if (trimmed := _trimmed(run, said))]
    strong = sorted(runs, key=lambda run: -_strength(against, run))[:MOST_REASONS]
    pieces = [text[words[first][0] : words[last - 1][1]] for first, last in sorted(strong)]
    return [piece for piece in pieces if len(piece) <= LONGEST_REASON]


def _trimmed(run: tuple[int, int], said: Sequence[str]) -> tuple[int, int] | None:
    """Return the run without words at its ends that mean nothing alone, None if all are such."""
    first, last = run
    while first < last and said[first] in EMPTY_WORDS:
        first += 1
    while first < last and said[last - 1] in EMPTY_WORDS:
        last -= 1
    return (first, last) if first < last else None


def _without_placeholders(text: str) -> str:
    for mention in placeholders_in(text):
        length = mention.end_char - mention.start_char
        text = text[: mention.start_char] + " " * length + text[mention.end_char :]
    return text


def _against_rivals(text: str, words: Sequence[tuple[int, int]], label: SentimentLabel) -> Sums:
    """Return what each word adds to the label beyond each of the two rivals: [words, 2]."""
    own = sentiment.LABELS.index(label)
    rivals = [at for at in range(len(sentiment.LABELS)) if at != own]
    added = np.zeros((len(words), len(rivals)))
    for start, end, weights in _evidence(text):
        covered = [at for at, (first, last) in enumerate(words) if first < end and start < last]
        if covered:
            added[covered] += (weights[own] - weights[rivals]) / len(covered)
    return added


def _evidence(text: str) -> Iterator[tuple[int, int, Sums]]:
    """Yield where each cue and wording is, and what it adds to every label."""
    weights, place = _loaded()
    first_valence, first_wording = 2 * DIMENSIONS, 2 * DIMENSIONS + valence.FEATURES
    found = list(valence.cues(text))
    times = Counter(cue.feature for cue in found)
    for cue in found:
        each = sentiment.VALENCE_WEIGHT * valence.weight_of_each(times[cue.feature])
        yield cue.start_char, cue.end_char, each * weights[first_valence + cue.feature]
    known = [wording for wording in placed_wordings(text) if wording[0] in place]
    times_said = Counter(wording for wording, _, _ in known)
    for wording, start, end in known:
        each = len(times_said) ** -0.5 / times_said[wording]
        yield start, end, each * weights[first_wording + place[wording]]


@cache
def _loaded() -> tuple[Sums, dict[str, int]]:
    """Return the head's weights and the places of its vocabulary."""
    head = sentiment.load_head()
    return head.weights, {wording: at for at, wording in enumerate(head.vocabulary)}


def _runs(against: Sums) -> Iterator[tuple[int, int]]:
    """Yield first and one past the last word of neighbours that together speak for the label."""
    least = against.min(axis=1)
    first = 0
    while first < len(least):
        last = first
        while last < len(least) and least[last] >= LEAST_OF_WORD:
            last += 1
        if last > first and _strength(against, (first, last)) >= LEAST_SHARE:
            yield first, last
        first = max(last, first + 1)


def _strength(against: Sums, run: tuple[int, int]) -> float:
    return float(against[run[0] : run[1]].sum(axis=0).min())
