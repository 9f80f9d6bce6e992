"""How the voices of a stretch of sound sound: the trunk at most once, voiceprints of any part."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from services.audio.recording import SAMPLE_RATE, Samples
from services.engine.speakers.models import (
    FEATURE_LENGTH,
    FEATURE_SHIFT,
    TRUNK_STEP,
    TRUNK_STRIDE,
    Array,
    SpeakerModels,
)
from services.engine.voiced import closed, runs

BLOCK_ROWS = 100
# What lies around a block colours its first and last rows a little.
HALO_ROWS = 2
NEAR_ROWS = 4
# The channel's colour is taken off by a running mean this wide.
MEAN_FEATURES = 1_000
FEATURE_SECONDS = 60
FEWEST_ROWS = 3

Mask = NDArray[np.bool_]


class VoiceTrack:
    """The trunk's rows over a stretch of sound, one per 80 ms, where they were asked for."""

    def __init__(
        self,
        models: SpeakerModels,
        samples: Samples,
        wanted: Mask,
        on_progress: Callable[[float], None] = lambda _: None,
    ) -> None:
        """Compute the rows where ``wanted`` (one entry per 80 ms row) is true.

        ``on_progress`` is told how much of it is done (0..1) before each block.
        """
        self._models = models
        features = _mean_free(_features(models, samples))
        self._rows = np.zeros((-(-len(features) // TRUNK_STRIDE), 0), np.float32)
        self._known = np.zeros(len(self._rows), bool)
        for first, last in _blocks(wanted[: len(self._rows)]):
            on_progress(first / len(self._rows))
            self._fill(features, first, last)

    @property
    def rows(self) -> int:
        """Number of 80 ms rows."""
        return len(self._known)

    def voiceprint(self, mask: Mask) -> Array | None:
        """Return the voiceprint of the rows in ``mask`` (None when they are too few)."""
        return self._print(np.flatnonzero(mask[: self.rows] & self._known[: len(mask)]))

    def print_between(self, first: int, last: int) -> Array | None:
        """Return the voiceprint of rows [first, last) (None when they are too few)."""
        inside = np.arange(max(0, first), min(last, self.rows))
        return self._print(inside[self._known[inside]])

    def _print(self, rows: NDArray[np.int64]) -> Array | None:
        if len(rows) < FEWEST_ROWS:
            return None
        return self._models.voiceprint(self._rows[rows])

    def _fill(self, features: Array, first: int, last: int) -> None:
        begin = max(0, first - HALO_ROWS)
        end = min(self.rows, last + HALO_ROWS)
        found = self._models.trunk(features[begin * TRUNK_STRIDE : end * TRUNK_STRIDE])
        if not self._rows.shape[1]:
            self._rows = np.zeros((self.rows, found.shape[1]), np.float32)
        kept = found[first - begin : last - begin]
        self._rows[first : first + len(kept)] = kept
        self._known[first : first + len(kept)] = True


def _blocks(wanted: Mask) -> list[tuple[int, int]]:
    """Return the ranges of rows to compute: near ones together, long ones in blocks."""
    return [
        (first, min(first + BLOCK_ROWS, end))
        for start, end in runs(closed(wanted, NEAR_ROWS))
        for first in range(start, end, BLOCK_ROWS)
    ]


def row_of(ms: float) -> int:
    """Return the row that covers a time, in milliseconds from the start of the sound."""
    return int(ms * SAMPLE_RATE / 1000 / TRUNK_STEP)


def rows_over(frames: int) -> int:
    """Return how many rows cover ``frames`` samples."""
    features = max(0, 1 + (frames - FEATURE_LENGTH) // FEATURE_SHIFT)
    return -(-features // TRUNK_STRIDE)


def _features(models: SpeakerModels, samples: Samples) -> Array:
    """Compute features in pieces: the extractor copies its whole input."""
    piece = FEATURE_SECONDS * SAMPLE_RATE
    overhang = FEATURE_LENGTH - FEATURE_SHIFT
    parts: Sequence[Array] = [
        models.features(samples[at : at + piece + overhang])
        for at in range(0, max(1, len(samples) - overhang), piece)
    ]
    return np.concatenate(parts)


def _mean_free(features: Array) -> Array:
    if not len(features):
        return features
    sums = np.concatenate(
        (np.zeros((1, features.shape[1])), np.cumsum(features, axis=0, dtype=np.float64))
    )
    at = np.arange(len(features))
    first = np.clip(at - MEAN_FEATURES // 2, 0, max(0, len(features) - MEAN_FEATURES))
    last = np.minimum(first + MEAN_FEATURES, len(features))
    means = (sums[last] - sums[first]) / (last - first)[:, None]
    return (features - means).astype(np.float32)
