"""Train the sentiment head for languages other than English and say how good it is in each.

    python -m bench.train_sentiment --elsewhere            evaluate, train, write the head
    python -m bench.train_sentiment --elsewhere --check    evaluate only

The English set trains it, too. Each language is scored twice: by cross-validation over its
dialogues (five folds; dialogues of the same number, which are on like matters, are left out in all
languages at once), and by a head that never saw a line of it. Wordings, which serve the English
head, are left out: a hundred lines a language teach too little of them (0.82 with, 0.84 without).
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.train_sentiment import (
    FOLDS,
    HERE,
    NAMES,
    TRAINING_SET,
    Line,
    calibration_error,
    keep_figures,
    read_training_set,
    report,
    train,
)
from services.understanding import sentiment_elsewhere
from services.understanding.embeddings import DIMENSIONS
from services.understanding.embeddings_elsewhere import MultilingualEmbedder
from services.understanding.sentiment import SentimentHead, features

LANGUAGES = sorted(sentiment_elsewhere.LANGUAGES)
ENGLISH = "en"
HELD_OUT, UNSEEN = "held-out dialogues", "unseen language"
STRETCH = 1.5
"""Mean length of a centred vector in training; the longer, the closer the head may fit."""
Trained = Callable[[NDArray[np.bool_]], SentimentHead]


def training_files() -> dict[str, Path]:
    """Return the training set of every language, English included."""
    return {ENGLISH: TRAINING_SET} | {
        language: TRAINING_SET.with_name(f"{language}.txt") for language in LANGUAGES
    }


def training_sha256() -> str:
    """Return a hash over all training sets."""
    both = b"".join(path.read_bytes() for path in training_files().values())
    return hashlib.sha256(both).hexdigest()


def run(*, check: bool, json_file: Path | None) -> None:
    """Evaluate, train, and write the head unless it is only to be checked."""
    head, figures = evaluate_and_train()
    if not check:
        write(head, figures)
    if json_file:
        keep_figures(figures, json_file)


def evaluate_and_train() -> tuple[SentimentHead, dict[str, Any]]:
    """Print and return the figures of each language, and a head trained on everything."""
    lines: list[Line] = []
    spoken: list[str] = []
    for language, path in training_files().items():
        own = read_training_set(path)
        lines += own
        spoken += [language] * len(own)
    languages = np.array(spoken)
    labels = np.array([line.label for line in lines])
    texts, before = [line.text for line in lines], [line.previous for line in lines]
    rows = features(MultilingualEmbedder(), texts, before, (), in_english=False)
    scaled, unscale = _scaled(rows)

    def trained(seen: NDArray[np.bool_]) -> SentimentHead:
        return unscale(train(scaled[seen], labels[seen], ()))

    everything = np.ones(len(lines), dtype=bool)
    fold = np.array([line.dialogue % FOLDS for line in lines])
    held_out = _cross_validated(rows, trained, fold, languages != ENGLISH)
    unseen = np.zeros_like(held_out)
    for language in LANGUAGES:
        own = languages == language
        unseen[own] = trained(~own).probabilities(rows[own])
    figures: dict[str, Any] = {}
    for language in [*LANGUAGES, "all"]:
        own = languages != ENGLISH if language == "all" else languages == language
        figures[language] = {
            name: _figures(f"{language}, {name}", labels[own], found[own])
            for name, found in ((HELD_OUT, held_out), (UNSEEN, unseen))
        }
    return replace(trained(everything), training_sha256=training_sha256()), figures


def _cross_validated(
    rows: NDArray[np.float64],
    trained: Trained,
    fold: NDArray[np.int64],
    scored: NDArray[np.bool_],
) -> NDArray[np.float64]:
    probabilities = np.zeros((len(rows), len(NAMES)))
    for left_out in range(FOLDS):
        unseen = scored & (fold == left_out)
        probabilities[unseen] = trained(~unseen).probabilities(rows[unseen])
    return probabilities


def _scaled(
    rows: NDArray[np.float64],
) -> tuple[NDArray[np.float64], Callable[[SentimentHead], SentimentHead]]:
    """Return the rows centred and stretched, and what makes a head for the rows as they were.

    Vectors of this model all point nearly the same way; training needs to see what differs.
    """
    mean = rows.mean(axis=0)
    of_text = (rows - mean)[:, :DIMENSIONS]
    stretch = STRETCH / float(np.sqrt((of_text**2).sum(axis=1).mean()))

    def unscale(head: SentimentHead) -> SentimentHead:
        weights = head.weights * stretch
        return replace(head, weights=weights, bias=head.bias - mean @ weights)

    return (rows - mean) * stretch, unscale


def _figures(
    title: str, labels: NDArray[np.int64], probabilities: NDArray[np.float64]
) -> dict[str, Any]:
    figures = report(title, labels, probabilities.argmax(axis=1))
    return {**figures, "calibration_error": round(calibration_error(probabilities, labels), 4)}


def write(head: SentimentHead, figures: dict[str, Any]) -> None:
    """Store the head as JSON beside the other."""
    stored = {
        "about": "Written by bench/train_sentiment.py --elsewhere; labels: " + ", ".join(NAMES),
        "training_sha256": head.training_sha256,
        "macro_f1_cross_validated": figures["all"][HELD_OUT]["macro_f1"],
        "vocabulary": list(head.vocabulary),
        "bias": [round(float(b), 5) for b in head.bias],
        "weights": [[round(float(w), 4) for w in row] for row in head.weights],
    }
    text = json.dumps(stored, ensure_ascii=False).replace("], [", "],\n[")
    (HERE / sentiment_elsewhere.HEAD_FILE).write_text(text + "\n", "utf-8")
