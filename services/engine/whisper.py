"""Whisper by CTranslate2: from windows of sound to text with word times."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from services.audio.recording import Samples
from services.domain.errors import WeightsDamaged, WeightsMissing

if TYPE_CHECKING:
    from faster_whisper import WhisperModel
    from faster_whisper.tokenizer import Tokenizer

BEAM_SIZE = 2
MAX_NEW_TOKENS = 224
# Attention over 30 s takes 70 MB a window while it is computed, and larger batches of it are no
# faster; only the search for text gains from batches.
ENCODED_AT_ONCE = 2
FEATURE_FRAME_MS = 10
MOST_FEATURE_FRAMES = 3_000
# The encoder's work grows faster than the length it is given, so it gets little more than there
# is to hear. With less air than this after the speech the text suffers.
AIR_FRAMES = 200
FRAMES_STEP = 50
Array = NDArray[np.float32]
Encoded = Array

OPENING_MARKS = "\"'“¿([{-"
CLOSING_MARKS = "\"'.。,，!！?？:：”)]}、"


@dataclass(frozen=True, kw_only=True)
class Decoding:
    """How to search for the text; the defaults are the plain way."""

    beam_size: int = BEAM_SIZE
    repetition_penalty: float = 1.0
    no_repeat_ngram: int = 0


@dataclass(frozen=True, kw_only=True)
class WindowWord:
    """A word with its place inside the window."""

    text: str
    start_ms: float
    end_ms: float
    confidence: float


@dataclass(frozen=True, kw_only=True)
class WindowText:
    """What was recognised in one window, and how sure the model is of it."""

    tokens: tuple[int, ...]
    text: str
    mean_log_probability: float
    no_speech_probability: float


class Whisper:
    """One Whisper model, loaded at first use and kept for the life of the process."""

    def __init__(self, model: str, threads: int) -> None:
        """Take a CTranslate2 folder or model name; nothing is loaded yet."""
        self._name = model
        self._threads = threads
        self._model: WhisperModel | None = None
        self._tokenizers: dict[str, Tokenizer] = {}
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """The folder or name it was given."""
        return self._name

    @property
    def multilingual(self) -> bool:
        """Whether the model knows more than English."""
        return bool(self._loaded().model.is_multilingual)

    @property
    def languages(self) -> frozenset[str]:
        """The language codes that can be asked for."""
        return frozenset(self._loaded().supported_languages)

    def encode(self, windows: Sequence[Samples], *, air_frames: int = AIR_FRAMES) -> Encoded:
        """Return the encoder's output [n, frames, width] for windows of at most 30 s at 16 kHz.

        All are padded to what the longest needs, so windows of like length belong together.
        ``air_frames`` of silence follow the sound at least: short windows need more of it.
        """
        model = self._loaded()
        features = [model.feature_extractor(w)[..., :-1] for w in windows]
        frames = _frames_for(max(f.shape[-1] for f in features), air_frames)
        padded = [_padded(f, frames) for f in features]
        parts = [
            np.asarray(model.encode(np.stack(padded[at : at + ENCODED_AT_ONCE])))
            for at in range(0, len(padded), ENCODED_AT_ONCE)
        ]
        return np.concatenate(parts)

    def language_probabilities(self, encoded: Encoded) -> list[Mapping[str, float]]:
        """Return, per encoded window, each language's probability."""
        rows = self._loaded().model.detect_language(_view(encoded))
        return [{token[2:-2]: probability for token, probability in row} for row in rows]

    def decode(
        self, encoded: Encoded, language: str, hotwords: str | None, decoding: Decoding
    ) -> list[WindowText]:
        """Return the text of the encoded windows."""
        from faster_whisper.transcribe import get_suppressed_tokens

        model, tokenizer = self._loaded(), self._tokenizer(language)
        prompt = model.get_prompt(tokenizer, [], without_timestamps=True, hotwords=hotwords)
        found = model.model.generate(
            _view(encoded),
            [list(prompt) for _ in encoded],
            beam_size=decoding.beam_size,
            repetition_penalty=decoding.repetition_penalty,
            no_repeat_ngram_size=decoding.no_repeat_ngram,
            max_length=min(model.max_length, len(prompt) + MAX_NEW_TOKENS),
            suppress_blank=True,
            suppress_tokens=get_suppressed_tokens(tokenizer, [-1]),
            return_scores=True,
            return_no_speech_prob=True,
        )
        return [_window_text(row, tokenizer) for row in found]

    def align(
        self,
        encoded: Encoded,
        texts: Sequence[WindowText],
        durations_ms: Sequence[int],
        language: str,
    ) -> list[list[WindowWord]]:
        """Return the words of each text with their times, from the cross-attention."""
        from faster_whisper.transcribe import merge_punctuations

        tokenizer = self._tokenizer(language)
        tokens = [[t for t in text.tokens if t < tokenizer.eot] for text in texts]
        frames = [-(-duration // FEATURE_FRAME_MS) for duration in durations_ms]
        rows = self._loaded().find_alignment(tokenizer, tokens, _view(encoded), frames)
        for row in rows:
            merge_punctuations(row, OPENING_MARKS, CLOSING_MARKS)
        return [[_window_word(word) for word in row if word["word"].strip()] for row in rows]

    def _tokenizer(self, language: str) -> "Tokenizer":
        from faster_whisper.tokenizer import Tokenizer

        with self._lock:
            if language not in self._tokenizers:
                model = self._model
                assert model is not None
                self._tokenizers[language] = Tokenizer(
                    model.hf_tokenizer,
                    model.model.is_multilingual,
                    task="transcribe",
                    language=language,
                )
            return self._tokenizers[language]

    def _loaded(self) -> "WhisperModel":
        with self._lock:
            if self._model is None:
                self._model = _load(self._name, self._threads)
            return self._model


def _frames_for(feature_frames: int, air_frames: int) -> int:
    """Return how many feature frames the encoder is given for so many of sound."""
    wanted = feature_frames + air_frames
    return min(MOST_FEATURE_FRAMES, -(-wanted // FRAMES_STEP) * FRAMES_STEP)


def _padded(features: Array, frames: int) -> Array:
    """Cut or lengthen features to ``frames``; what is added is silence, as in training."""
    kept = features[:, :frames]
    missing = frames - kept.shape[1]
    silence = float(kept.min()) if kept.size else 0.0
    padded = np.pad(kept, ((0, 0), (0, missing)), constant_values=silence)
    return np.asarray(padded, dtype=np.float32)


def _view(encoded: Encoded) -> Any:
    from ctranslate2 import StorageView

    return StorageView.from_array(np.ascontiguousarray(encoded))


def _load(name: str, threads: int) -> "WhisperModel":
    from faster_whisper import WhisperModel

    try:
        return WhisperModel(name, device="cpu", compute_type="int8", cpu_threads=threads)
    except (OSError, ValueError) as error:
        raise WeightsMissing from error
    except RuntimeError as error:
        raise WeightsDamaged from error


def _window_text(row: Any, tokenizer: "Tokenizer") -> WindowText:
    tokens = tuple(row.sequences_ids[0])
    return WindowText(
        tokens=tokens,
        text=tokenizer.decode([t for t in tokens if t < tokenizer.eot]).strip(),
        mean_log_probability=row.scores[0] * len(tokens) / (len(tokens) + 1),
        no_speech_probability=row.no_speech_prob,
    )


def _window_word(row: Mapping[str, Any]) -> WindowWord:
    return WindowWord(
        text=row["word"],
        start_ms=float(row["start"]) * 1000,
        end_ms=float(row["end"]) * 1000,
        confidence=float(row["probability"]),
    )
