"""Sentiment of utterances: sentence embeddings, valence and wordings under a linear head.

The head is trained by ``bench/train_sentiment.py`` on ``sentiment_training/``; its file names the
hash of the set it was trained on.
"""

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from services.domain.speech import Sentiment, SentimentLabel, Transcript
from services.understanding import sentiment_elsewhere
from services.understanding.embeddings import Embedder, SentenceEmbedder
from services.understanding.embeddings_elsewhere import MultilingualEmbedder, is_installed
from services.understanding.sentiment_elsewhere import LANGUAGES
from services.understanding.valence import valences
from services.understanding.wordings import count_wordings

ENGLISH = "en"
HEAD_FILE = "sentiment_head.json"
LABELS = (SentimentLabel.NEGATIVE, SentimentLabel.NEUTRAL, SentimentLabel.POSITIVE)
ROWS_AT_ONCE = 256
PREVIOUS_WEIGHT = 0.3
VALENCE_WEIGHT = 0.7
STAGE = "local all-MiniLM-L6-v2 + valence head"


@dataclass(frozen=True, kw_only=True)
class SentimentHead:
    """A trained linear classifier: ``weights`` [features, 3] and ``bias`` [3] over LABELS.

    ``vocabulary`` are the wordings that it counts.
    """

    weights: NDArray[np.float64]
    bias: NDArray[np.float64]
    vocabulary: tuple[str, ...]
    training_sha256: str

    def probabilities(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return one row of probabilities over LABELS a row of features."""
        logits = features @ self.weights + self.bias
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))


class SentimentModel:
    """Scores utterances in their context; loads the models of a language at its first use.

    English has an embedder and a head of its own; a few other languages share a second pair
    (``sentiment_elsewhere``). What else there is isn't scored (``speaks``).
    """

    def __init__(
        self, embedder: SentenceEmbedder | None = None, elsewhere: Embedder | None = None
    ) -> None:
        """Take the embedders to share with others, or make them."""
        self._embedder = embedder or SentenceEmbedder()
        self._elsewhere = elsewhere or MultilingualEmbedder()
        self._lock = threading.Lock()

    @staticmethod
    def speaks(language: str | None) -> bool:
        """Whether utterances of this language can be scored; None is taken as English."""
        code = language_code(language)
        return code == ENGLISH or (code in LANGUAGES and is_installed())

    def score(
        self,
        texts: Sequence[str],
        previous: Sequence[str | None] | None = None,
        language: str | None = None,
    ) -> list[Sentiment]:
        """Return label and score of each text; the score is P(positive) - P(negative).

        ``previous`` holds, per text, what was said right before it (None: nothing).
        """
        if not texts:
            return []
        before = previous if previous is not None else [None] * len(texts)
        english = language_code(language) == ENGLISH
        head = self._head if english else self._head_elsewhere
        embedder = self._embedder if english else self._elsewhere
        vectors = _vectors(embedder, [*texts, *filter(None, before)])
        found: list[Sentiment] = []
        # A row holds a number for every wording, so those of a long call don't all exist at once.
        for first in range(0, len(texts), ROWS_AT_ONCE):
            some = slice(first, first + ROWS_AT_ONCE)
            rows = _rows(vectors, texts[some], before[some], head.vocabulary, in_english=english)
            found += [_sentiment(row) for row in head.probabilities(rows)]
        return found

    def mark(self, transcript: Transcript) -> Transcript:
        """Return the transcript with a sentiment on every utterance that has none.

        Backchannels stay without one. When the language can't be scored, what the provider says
        itself stands in; without that the transcript stays as it is.
        """
        language = transcript.language
        if not self.speaks(language):
            return _with_providers_own(transcript)
        places, texts, before = _to_score(transcript)
        scored = dict(zip(places, self.score(texts, before, language), strict=True))
        stage = STAGE if language_code(language) == ENGLISH else sentiment_elsewhere.STAGE
        return replace(
            transcript,
            utterances=tuple(
                replace(u, sentiment=scored[at]) if at in scored else u
                for at, u in enumerate(transcript.utterances)
            ),
            stages={**transcript.stages, "sentiment": stage} if scored else transcript.stages,
        )

    @cached_property
    def _head(self) -> SentimentHead:
        with self._lock:
            return load_head()

    @cached_property
    def _head_elsewhere(self) -> SentimentHead:
        with self._lock:
            return load_head(sentiment_elsewhere.HEAD_FILE)


def language_code(language: str | None) -> str:
    """Return the code without a country, "en" when there is none."""
    return (language or ENGLISH).casefold().replace("_", "-").split("-")[0]


def features(
    embedder: Embedder,
    texts: Sequence[str],
    previous: Sequence[str | None],
    vocabulary: Sequence[str],
    *,
    in_english: bool = True,
) -> NDArray[np.float64]:
    """Return the classifier's input: the text, what came before it, its valence and wordings.

    Valence counts English words, so that it is left out elsewhere.
    """
    vectors = _vectors(embedder, [*texts, *filter(None, previous)])
    return _rows(vectors, texts, previous, vocabulary, in_english=in_english)


def _vectors(embedder: Embedder, texts: Sequence[str]) -> dict[str, NDArray[np.float32]]:
    different = sorted(set(texts))
    return dict(zip(different, embedder.embed(different), strict=True))


def _rows(
    vectors: Mapping[str, NDArray[np.float32]],
    texts: Sequence[str],
    previous: Sequence[str | None],
    vocabulary: Sequence[str],
    *,
    in_english: bool,
) -> NDArray[np.float64]:
    own = np.stack([vectors[text] for text in texts])
    before = np.zeros_like(own)
    for row, text in enumerate(previous):
        if text:
            before[row] = vectors[text]
    columns = (
        own,
        PREVIOUS_WEIGHT * before,
        *([VALENCE_WEIGHT * valences(texts)] if in_english else []),
        count_wordings(texts, vocabulary),
    )
    return np.hstack(columns).astype(np.float64)


def load_head(file: str = HEAD_FILE) -> SentimentHead:
    """Read a trained head that lies beside this file."""
    text = resources.files(__package__ or "").joinpath(file).read_text("utf-8")
    stored = json.loads(text)
    return SentimentHead(
        weights=np.array(stored["weights"], dtype=np.float64),
        bias=np.array(stored["bias"], dtype=np.float64),
        vocabulary=tuple(stored["vocabulary"]),
        training_sha256=stored["training_sha256"],
    )


def _to_score(transcript: Transcript) -> tuple[list[int], list[str], list[str | None]]:
    places: list[int] = []
    texts: list[str] = []
    before: list[str | None] = []
    last: str | None = None
    for at, utterance in enumerate(transcript.utterances):
        if utterance.is_backchannel or not utterance.text.strip():
            continue
        if utterance.sentiment is None:
            places.append(at)
            texts.append(utterance.text)
            before.append(last)
        last = utterance.text
    return places, texts, before


def _with_providers_own(transcript: Transcript) -> Transcript:
    utterances = tuple(
        u if u.sentiment or u.is_backchannel else replace(u, sentiment=u.provider_sentiment)
        for u in transcript.utterances
    )
    if utterances == transcript.utterances:
        return transcript
    stages = {**transcript.stages, "sentiment": transcript.provider}
    return replace(transcript, utterances=utterances, stages=stages)


def _sentiment(probabilities: NDArray[np.float64]) -> Sentiment:
    score = float(probabilities[2] - probabilities[0])
    return Sentiment(label=LABELS[int(np.argmax(probabilities))], score=round(score, 4))
