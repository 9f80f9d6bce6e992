"""Train the sentiment head and say how good it is.

    python -m bench.train_sentiment            cross-validate, train, write the head
    python -m bench.train_sentiment --check    cross-validate only
    python -m bench.train_sentiment --json F   also write the figures there
    python -m bench.train_sentiment --elsewhere   the same for other languages than English

Cross-validation is by dialogue (five folds), so that no dialogue is in training and test at once;
of lists of lines that stand alone, five neighbours count as a dialogue. Scored are lines after
what was said before them, and lines alone, each as written and as recognised.
Beside it stand VADER on the same lines (when installed) and, when a folder with labelled calls is
given by --calls, the same two on calls that are never trained on.
"""

import argparse
import hashlib
import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from services.understanding import sentiment
from services.understanding.embeddings import SentenceEmbedder
from services.understanding.wordings import wordings

HERE = Path(sentiment.__file__).parent
TRAINING_SET = HERE / "sentiment_training" / "utterances.txt"
MARKS = {"-": 0, "0": 1, "+": 2}
NAMES = [label.value for label in sentiment.LABELS]
FOLDS = 5
LONE_LINES_A_GROUP = 5
LEAST_LINES = 3
"""A wording is counted when so many lines of the training set have it."""
PENALTY = 1.0
"""Weight of the squared coefficients beside the summed loss."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One labelled utterance with what was said before it."""

    dialogue: int
    text: str
    previous: str | None
    label: int


def read_training_set(path: Path = TRAINING_SET) -> list[Line]:
    """Return every line in several forms.

    As written and as a recogniser without punctuation gives it; where something was said before
    it, with that and (as written) alone.
    """
    lines: list[Line] = []
    group, lone, number, previous = -1, False, 0, None
    for raw in path.read_text("utf-8").splitlines():
        if raw.startswith("#"):
            group, lone, number, previous = group + 1, raw.startswith("##"), 0, None
            continue
        group += lone and number > 0 and number % LONE_LINES_A_GROUP == 0
        number += 1
        _, mark, text = raw.split(" ", 2)
        for form in (_as_written, _as_recognised):
            before = form(previous) if previous else None
            lines.append(Line(dialogue=group, text=form(text), previous=before, label=MARKS[mark]))
        if previous:
            lines.append(Line(dialogue=group, text=text, previous=None, label=MARKS[mark]))
        previous = None if lone else text
    return lines


def vocabulary_of(lines: Sequence[Line]) -> tuple[str, ...]:
    """Return the wordings that enough different lines have; labels play no part in it."""
    texts = {" ".join(_as_recognised(line.text).split()) for line in lines}
    found = Counter(wording for text in texts for wording in wordings(text))
    return tuple(sorted(wording for wording, count in found.items() if count >= LEAST_LINES))


def _as_written(text: str) -> str:
    return text


def _as_recognised(text: str) -> str:
    return re.sub(r"[^\w' ]", "", text.lower())


def train(
    rows: NDArray[np.float64], labels: NDArray[np.int64], vocabulary: Sequence[str]
) -> sentiment.SentimentHead:
    """Fit a multinomial logistic regression; rare labels weigh more, by the root of rarity."""
    shape = (rows.shape[1], len(NAMES))
    wanted = np.eye(len(NAMES))[labels]
    rarity = np.sqrt(len(labels) / (len(NAMES) * np.bincount(labels, minlength=len(NAMES))))
    weight = rarity[labels][:, None]

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights, bias = flat[: -len(NAMES)].reshape(shape), flat[-len(NAMES) :]
        logits = rows @ weights + bias
        logits -= logits.max(axis=1, keepdims=True)
        log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        error = weight * (np.exp(log_p) - wanted)
        slope = np.concatenate([(rows.T @ error + PENALTY * weights).ravel(), error.sum(axis=0)])
        cost = -(weight * wanted * log_p).sum() + PENALTY / 2 * (weights**2).sum()
        return float(cost), slope

    start = np.zeros(shape[0] * shape[1] + len(NAMES))
    best = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 100}).x
    return sentiment.SentimentHead(
        weights=best[: -len(NAMES)].reshape(shape),
        bias=best[-len(NAMES) :],
        vocabulary=tuple(vocabulary),
        training_sha256=hashlib.sha256(TRAINING_SET.read_bytes()).hexdigest(),
    )


def cross_validate(
    rows: NDArray[np.float64], lines: Sequence[Line], vocabulary: Sequence[str]
) -> NDArray[np.float64]:
    """Return, for every line, the probabilities of a head that never saw its dialogue."""
    labels = np.array([line.label for line in lines])
    fold = np.array([line.dialogue % FOLDS for line in lines])
    probabilities = np.zeros((len(lines), len(NAMES)))
    for left_out in range(FOLDS):
        seen = fold != left_out
        head = train(rows[seen], labels[seen], vocabulary)
        probabilities[~seen] = head.probabilities(rows[~seen])
    return probabilities


def report(title: str, labels: NDArray[np.int64], predicted: NDArray[np.int64]) -> dict[str, Any]:
    """Print macro-F1, flips and confusion (rows: truth), and return them."""
    table = np.zeros((len(NAMES), len(NAMES)), dtype=int)
    np.add.at(table, (labels, predicted), 1)
    truth, claimed, right = table.sum(axis=1), table.sum(axis=0), np.diag(table)
    f1 = 2 * right / np.maximum(1, truth + claimed)
    flips = table[0, 2] + table[2, 0]
    print(
        f"{title}: macro-F1 {f1.mean():.3f}, accuracy {right.sum() / len(labels):.3f}, "
        f"flips {flips} of {len(labels)}"
    )
    for name, row in zip(NAMES, table, strict=True):
        print(f"  {name:9}" + "".join(f"{count:6}" for count in row))
    return {
        "macro_f1": round(float(f1.mean()), 4),
        "accuracy": round(float(right.sum() / len(labels)), 4),
        "flips": int(flips),
        "n": len(labels),
        "confusion": table.tolist(),
    }


def calibration_error(probabilities: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """Return the expected calibration error over ten bins of confidence."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    bins = np.minimum(9, (confidence * 10).astype(int))
    gaps = [
        (bins == b).mean() * abs(confidence[bins == b].mean() - right[bins == b].mean())
        for b in range(10)
        if (bins == b).any()
    ]
    return float(sum(gaps))


def vader(texts: Sequence[str]) -> NDArray[np.int64] | None:
    """Return VADER's labels with its customary thresholds, None when it isn't installed."""
    try:
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer
    except ImportError:
        return None
    score = SentimentIntensityAnalyzer().polarity_scores
    compound = np.array([score(text)["compound"] for text in texts])
    return np.where(compound >= 0.05, 2, np.where(compound <= -0.05, 0, 1))


def read_calls(folder: Path) -> list[Line]:
    """Return the labelled utterances of truth files ("utterances" with "sentiment")."""
    lines = []
    for number, path in enumerate(sorted(folder.glob("*.json"))):
        previous = None
        for spoken in json.loads(path.read_text("utf-8")).get("utterances", []):
            if spoken.get("is_backchannel") or "sentiment" not in spoken:
                continue
            label = NAMES.index(spoken["sentiment"])
            text = spoken["text"]
            lines.append(Line(dialogue=number, text=text, previous=previous, label=label))
            previous = text
    return lines


def write_head(head: sentiment.SentimentHead, macro_f1: float) -> None:
    """Store the head as JSON beside the sentiment model."""
    stored = {
        "about": "Written by bench/train_sentiment.py; labels: " + ", ".join(NAMES),
        "training_sha256": head.training_sha256,
        "macro_f1_cross_validated": round(macro_f1, 4),
        "vocabulary": list(head.vocabulary),
        "bias": [round(float(b), 5) for b in head.bias],
        "weights": [[round(float(w), 4) for w in row] for row in head.weights],
    }
    text = json.dumps(stored).replace("], [", "],\n[")
    (HERE / sentiment.HEAD_FILE).write_text(text + "\n", "utf-8")


def compare(
    title: str, lines: Sequence[Line], probabilities: NDArray[np.float64]
) -> dict[str, Any]:
    """Report the head beside VADER on the same lines."""
    labels = np.array([line.label for line in lines])
    figures = {"head": report(title, labels, probabilities.argmax(axis=1))}
    figures["head"]["calibration_error"] = round(calibration_error(probabilities, labels), 4)
    print(f"  calibration error {figures['head']['calibration_error']:.3f}")
    claimed = vader([line.text for line in lines])
    if claimed is not None:
        figures["vader"] = report(f"VADER, {title}", labels, claimed)
    return figures


def main() -> None:
    """Read, cross-validate, compare, train on everything, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="don't write the head")
    parser.add_argument("--elsewhere", action="store_true", help="other languages than English")
    parser.add_argument("--calls", type=Path, help="folder with labelled calls to compare on")
    parser.add_argument("--json", type=Path, help="also write the figures there")
    chosen = parser.parse_args()
    if chosen.elsewhere:
        from bench import train_sentiment_elsewhere

        train_sentiment_elsewhere.run(check=chosen.check, json_file=chosen.json)
        return
    embedder = SentenceEmbedder()
    lines = read_training_set()
    vocabulary = vocabulary_of(lines)
    labels = np.array([line.label for line in lines])
    rows = _rows(embedder, lines, vocabulary)
    probabilities = cross_validate(rows, lines, vocabulary)
    figures = {}
    after = np.array([line.previous is not None for line in lines])
    for title, which in (("in context", after), ("alone", ~after), ("all", after | ~after)):
        some = [line for line, wanted in zip(lines, which, strict=True) if wanted]
        figures[title] = compare(f"cross-validated, {title}", some, probabilities[which])
    head = train(rows, labels, vocabulary)
    if not chosen.check:
        write_head(head, figures["all"]["head"]["macro_f1"])
    if chosen.calls:
        calls = read_calls(chosen.calls)
        predicted = head.probabilities(_rows(embedder, calls, vocabulary))
        figures["calls"] = compare("calls never trained on", calls, predicted)
    if chosen.json:
        keep_figures(figures, chosen.json)


def keep_figures(figures: dict[str, Any], path: Path) -> None:
    """Write figures beside the time."""
    stored = {"measured_at": datetime.now(UTC).isoformat(), "labels": NAMES, **figures}
    path.write_text(json.dumps(stored, indent=1) + "\n", "utf-8")


def _rows(
    embedder: SentenceEmbedder, lines: Sequence[Line], vocabulary: Sequence[str]
) -> NDArray[np.float64]:
    texts, before = [line.text for line in lines], [line.previous for line in lines]
    return sentiment.features(embedder, texts, before, vocabulary)


if __name__ == "__main__":
    main()
