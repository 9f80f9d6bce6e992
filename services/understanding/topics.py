"""Which topics single utterances speak of: sentence embeddings under a small linear head.

The head is trained by ``bench/train_topics.py`` on ``topic_training/``; its file names the hash of
the set it was trained on. What the whole call is about follows in ``services/analysis/topics.py``.
"""

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from services.domain.speech import Transcript, Utterance
from services.domain.topics import TOPIC_NAMES, LineTopics
from services.understanding.embeddings import SentenceEmbedder

HEAD_FILE = "topic_head.json"
NO_TOPIC = "none"
LABELS = (*TOPIC_NAMES, NO_TOPIC)
STAGE = "local all-MiniLM-L6-v2 + topic head"
LEAST_PROBABILITY = 0.05
MOST_LINES = 400
"""Reasons are told early; of a call of many hours no more lines are looked at."""
LEAST_WORDS = 3


@dataclass(frozen=True, kw_only=True)
class TopicHead:
    """A trained linear classifier: ``weights`` [384, labels] and ``bias`` [labels] over LABELS."""

    weights: NDArray[np.float64]
    bias: NDArray[np.float64]
    training_sha256: str

    def probabilities(self, vectors: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return one row of probabilities over LABELS a row of embeddings."""
        logits = vectors @ self.weights + self.bias
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))


class TopicModel:
    """Tells what utterances speak of, in English; loads its models at the first use."""

    def __init__(self, embedder: SentenceEmbedder | None = None) -> None:
        """Take the embedder to share with others, or make one."""
        self._embedder = embedder or SentenceEmbedder()
        self._lock = threading.Lock()

    @staticmethod
    def speaks(language: str | None) -> bool:
        """Whether topics are known in this language; None is taken as English."""
        return (language or "en").casefold().split("-")[0] == "en"

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return one row of probabilities over LABELS a text."""
        if not texts:
            return np.zeros((0, len(LABELS)))
        return self._head.probabilities(self._embedder.embed_again(texts).astype(np.float64))

    def mark(self, transcript: Transcript) -> Transcript:
        """Return the transcript with the topics of its lines; none in other languages.

        Only numbers and ids of utterances are kept, so it may read what is redacted afterwards.
        """
        if not self.speaks(transcript.language):
            return replace(transcript, line_topics=(), topics=())
        lines = [u for u in transcript.utterances if _may_tell(u)][:MOST_LINES]
        rows = self.probabilities([u.text for u in lines])
        found = [_line(u.id, row) for u, row in zip(lines, rows, strict=True)]
        return replace(
            transcript,
            line_topics=tuple(line for line in found if line.probabilities),
            stages={**transcript.stages, "topics": STAGE} if lines else transcript.stages,
        )

    @cached_property
    def _head(self) -> TopicHead:
        with self._lock:
            return load_head()


def load_head() -> TopicHead:
    """Read the trained head that lies beside this file."""
    text = resources.files(__package__ or "").joinpath(HEAD_FILE).read_text("utf-8")
    stored = json.loads(text)
    if tuple(stored["labels"]) != LABELS:
        raise AssertionError("The topic head was trained for another taxonomy; train it again.")
    return TopicHead(
        weights=np.array(stored["weights"], dtype=np.float64),
        bias=np.array(stored["bias"], dtype=np.float64),
        training_sha256=stored["training_sha256"],
    )


def _may_tell(utterance: Utterance) -> bool:
    return not utterance.is_backchannel and len(utterance.text.split()) >= LEAST_WORDS


def _line(utterance: str, row: NDArray[np.float64]) -> LineTopics:
    likely = [(label, float(p)) for label, p in zip(LABELS, row, strict=True)]
    likely = [(label, p) for label, p in likely if label != NO_TOPIC and p >= LEAST_PROBABILITY]
    likely.sort(key=lambda entry: -entry[1])
    kept = tuple((label, round(p, 4)) for label, p in likely)
    return LineTopics(utterance=utterance, probabilities=kept)
