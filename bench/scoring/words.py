"""Errors in words: of the whole call, and of each speaker's words (cpWER).

WER = (substitutions + deletions + insertions) ÷ true words, on texts in Whisper's English
normal form (small letters, digits, one spelling, no fillers), utterances ordered by start.
cpWER: each speaker's words in one row, true and heard speakers paired so that errors are
fewest, a speaker without a partner counting in full (Watanabe et al. 2020, CHiME-6).
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from bench.libraries import library
from bench.scoring.counted import Counted, rate
from services.domain.speech import Utterance

Normalise = Callable[[str], str]
NOBODY = ""
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[-: ](?=\d)")


@dataclass(frozen=True, kw_only=True)
class WordErrors(Counted):
    """Errors against ``words`` true words."""

    words: int
    substitutions: int
    deletions: int
    insertions: int

    @property
    def rate(self) -> float | None:
        """Errors per true word."""
        return rate(self.substitutions + self.deletions + self.insertions, self.words)


def english() -> Normalise:
    """Return Whisper's English normalisation.

    Raises LibraryMissing already here when what compares words is absent.
    """
    library("jiwer")
    normalizer = library("whisper_normalizer.english").EnglishTextNormalizer()
    return lambda text: str(normalizer(text))


def joining_numbers(normalise: Normalise) -> Normalise:
    """Return a normalisation in which a number is one word however its digits are grouped.

    Recognisers write 617-555-0198 and 6:15 for what Whisper's normal form of the spoken words has
    as 6175550198 and 615; a number that is right would be three errors.
    """

    def normalised(text: str) -> str:
        return _BETWEEN_DIGITS.sub("", normalise(_BETWEEN_DIGITS.sub("", text)))

    return normalised


def errors_in(true: str, heard: str) -> WordErrors:
    """Compare two normalised texts word by word. Raises LibraryMissing."""
    if not true.strip():
        return WordErrors(words=0, substitutions=0, deletions=0, insertions=len(heard.split()))
    found = library("jiwer").process_words(true, heard)
    return WordErrors(
        words=found.hits + found.substitutions + found.deletions,
        substitutions=found.substitutions,
        deletions=found.deletions,
        insertions=found.insertions,
    )


def errors_of_call(
    true: Iterable[Utterance], heard: Iterable[Utterance], normalise: Normalise
) -> WordErrors:
    """Compare all words of a call in the order of time, whoever says them."""
    return errors_in(normalise(text_of(true)), normalise(text_of(heard)))


def errors_by_speaker(
    true: Iterable[Utterance], heard: Iterable[Utterance], normalise: Normalise
) -> WordErrors:
    """Compare speaker by speaker, speakers paired so that errors are fewest (cpWER)."""
    rows = list(_rows(true, normalise).values())
    columns = list(_rows(heard, normalise).values())
    size = max(len(rows), len(columns))
    rows += [""] * (size - len(rows))
    columns += [""] * (size - len(columns))
    pairs = [[errors_in(row, column) for column in columns] for row in rows]
    chosen = zip(*linear_sum_assignment(_costs(pairs)), strict=True)
    none = WordErrors(files=0, words=0, substitutions=0, deletions=0, insertions=0)
    summed = sum((pairs[r][c] for r, c in chosen), none)
    return WordErrors(
        words=summed.words,
        substitutions=summed.substitutions,
        deletions=summed.deletions,
        insertions=summed.insertions,
    )


def text_of(utterances: Iterable[Utterance]) -> str:
    """Return the texts in the order of their starts."""
    return " ".join(u.text for u in sorted(utterances, key=lambda u: u.start_ms))


def _rows(utterances: Iterable[Utterance], normalise: Normalise) -> Mapping[str, str]:
    said: dict[str, list[str]] = {}
    for utterance in sorted(utterances, key=lambda u: u.start_ms):
        said.setdefault(utterance.speaker or NOBODY, []).append(normalise(utterance.text))
    return {speaker: " ".join(texts) for speaker, texts in said.items()}


def _costs(pairs: Sequence[Sequence[WordErrors]]) -> np.ndarray[Any, Any]:
    size = len(pairs)
    errors = [p.substitutions + p.deletions + p.insertions for row in pairs for p in row]
    return np.array(errors, int).reshape(size, size)
