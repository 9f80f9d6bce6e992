"""Train the topic head and say how good it is.

    python -m bench.train_topics            cross-validate, train, write the head
    python -m bench.train_topics --check    cross-validate only

Cross-validation is in ten folds; a line and its form without punctuation are in the same fold.
"""

import argparse
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from services.understanding import topics
from services.understanding.embeddings import SentenceEmbedder

HERE = Path(topics.__file__).parent
TRAINING_SET = HERE / "topic_training" / "utterances.txt"
FOLDS = 10
PENALTY = 0.1
"""Weight of the squared coefficients beside the summed loss."""
THRESHOLDS = (0.3, 0.4, 0.5, 0.6)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One labelled utterance and the fold in which it is left out."""

    text: str
    label: int
    fold: int


def read_training_set() -> list[Line]:
    """Return every line twice: as written, and as a recogniser without punctuation gives it."""
    lines: list[Line] = []
    label = 0
    for number, raw in enumerate(TRAINING_SET.read_text("utf-8").splitlines()):
        if raw.startswith("#"):
            label = topics.LABELS.index(raw.removeprefix("# "))
            continue
        for form in (raw, re.sub(r"[^\w' ]", "", raw.lower())):
            lines.append(Line(text=form, label=label, fold=number % FOLDS))
    return lines


def train(rows: NDArray[np.float64], labels: NDArray[np.int64]) -> topics.TopicHead:
    """Fit a multinomial logistic regression with a quadratic penalty."""
    count = len(topics.LABELS)
    shape, wanted = (rows.shape[1], count), np.eye(count)[labels]

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights, bias = flat[:-count].reshape(shape), flat[-count:]
        logits = rows @ weights + bias
        logits -= logits.max(axis=1, keepdims=True)
        log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        error = np.exp(log_p) - wanted
        slope = np.concatenate([(rows.T @ error + PENALTY * weights).ravel(), error.sum(axis=0)])
        return float(-(wanted * log_p).sum() + PENALTY / 2 * (weights**2).sum()), slope

    start = np.zeros(shape[0] * count + count)
    best = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 400}).x
    return topics.TopicHead(
        weights=best[:-count].reshape(shape),
        bias=best[-count:],
        training_sha256=hashlib.sha256(TRAINING_SET.read_bytes()).hexdigest(),
    )


def cross_validate(rows: NDArray[np.float64], lines: list[Line]) -> NDArray[np.float64]:
    """Return, for every line, the probabilities of a head that never saw it."""
    labels = np.array([line.label for line in lines])
    fold = np.array([line.fold for line in lines])
    probabilities = np.zeros((len(lines), len(topics.LABELS)))
    for left_out in range(FOLDS):
        head = train(rows[fold != left_out], labels[fold != left_out])
        probabilities[fold == left_out] = head.probabilities(rows[fold == left_out])
    return probabilities


def report(probabilities: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """Print accuracy, F1 of each topic and what thresholds keep; return macro-F1."""
    predicted, count = probabilities.argmax(axis=1), len(topics.LABELS)
    table = np.zeros((count, count), dtype=int)
    np.add.at(table, (labels, predicted), 1)
    f1 = 2 * np.diag(table) / np.maximum(1, table.sum(axis=1) + table.sum(axis=0))
    print(f"accuracy {np.diag(table).sum() / len(labels):.3f}, macro-F1 {f1.mean():.3f}")
    for at in np.argsort(f1):
        wrong = table[at].copy()
        wrong[at] = 0
        often = topics.LABELS[int(wrong.argmax())] if wrong.any() else "–"
        print(f"  {topics.LABELS[at]:24} F1 {f1[at]:.2f}, most often taken for {often}")
    none = topics.LABELS.index(topics.NO_TOPIC)
    for threshold in THRESHOLDS:
        claimed = (predicted != none) & (probabilities.max(axis=1) >= threshold)
        right = (predicted == labels) & claimed
        print(
            f"  from {threshold}: precision {right.sum() / max(1, claimed.sum()):.3f}, "
            f"recall {right.sum() / (labels != none).sum():.3f}"
        )
    return float(f1.mean())


def write_head(head: topics.TopicHead, macro_f1: float) -> None:
    """Store the head as JSON beside the topic model."""
    stored = {
        "about": "Written by bench/train_topics.py",
        "labels": list(topics.LABELS),
        "training_sha256": head.training_sha256,
        "macro_f1_cross_validated": round(macro_f1, 4),
        "bias": [round(float(b), 4) for b in head.bias],
        "weights": [[round(float(w), 2) for w in row] for row in head.weights],
    }
    text = json.dumps(stored).replace("], [", "],\n[")
    (HERE / topics.HEAD_FILE).write_text(text + "\n", "utf-8")


def main() -> None:
    """Read, cross-validate, train on everything, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="don't write the head")
    chosen = parser.parse_args()
    lines = read_training_set()
    labels = np.array([line.label for line in lines])
    rows = SentenceEmbedder().embed([line.text for line in lines]).astype(np.float64)
    macro_f1 = report(cross_validate(rows, lines), labels)
    if not chosen.check:
        write_head(train(rows, labels), macro_f1)


if __name__ == "__main__":
    main()
