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
MEAN_ROWS = 125
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
        features = _MeanFree(_features(models, samples))
        blocks = _blocks(wanted[: features.rows])
        self._place = np.full(features.rows, -1, np.int64)
        self._rows = np.zeros((0, 0), np.float32)
        kept = 0
        for first, last in blocks:
            on_progress(first / features.rows)
            found = _hear(models, features, first, last)
            if not kept:
                count = sum(end - start for start, end in blocks)
                self._rows = np.zeros((count, found.shape[1]), np.float32)
            self._rows[kept : kept + len(found)] = found
            self._place[first : first + len(found)] = np.arange(kept, kept + len(found))
            kept += len(found)

    @property
    def rows(self) -> int:
        """Number of 80 ms rows."""
        return len(self._place)

    def voiceprint(self, mask: Mask) -> Array | None:
        """Return the voiceprint of the rows in ``mask`` (None when they are too few)."""
        return self._print(np.flatnonzero(mask[: self.rows]))

    def print_between(self, first: int, last: int) -> Array | None:
        """Return the voiceprint of rows [first, last) (None when they are too few)."""
        return self._print(np.arange(max(0, first), min(last, self.rows)))

    def _print(self, rows: NDArray[np.int64]) -> Array | None:
        places = self._place[rows]
        known = places[places >= 0]
        if len(known) < FEWEST_ROWS:
            return None
        return self._models.voiceprint(self._rows[known])


class _MeanFree:
    """Features of rows of 80 ms; a running mean of 10 s, the channel's colour, is taken off."""

    def __init__(self, features: Array) -> None:
        """Keep features [t, 80] and the sums of their rows."""
        self._features = features
        starts = np.arange(0, len(features), TRUNK_STRIDE)
        self.rows = len(starts)
        sums = np.add.reduceat(features, starts, axis=0, dtype=np.float64) if self.rows else None
        lengths = np.diff(np.append(starts, len(features)))
        self._sums = np.vstack((np.zeros(features.shape[1]), *([] if sums is None else [sums])))
        np.cumsum(self._sums, axis=0, out=self._sums)
        self._counts = np.concatenate(([0], np.cumsum(lengths)))

    def between(self, first: int, last: int) -> Array:
        """Return the features of rows [first, last)."""
        at = np.arange(first, last)
        begin = np.clip(at - MEAN_ROWS // 2, 0, max(0, self.rows - MEAN_ROWS))
        end = np.minimum(begin + MEAN_ROWS, self.rows)
        counts = (self._counts[end] - self._counts[begin])[:, None]
        means = ((self._sums[end] - self._sums[begin]) / counts).astype(np.float32)
        features = self._features[first * TRUNK_STRIDE : last * TRUNK_STRIDE]
        around = np.repeat(means, TRUNK_STRIDE, axis=0)[: len(features)]
        return np.asarray(features - around, dtype=np.float32)


def _hear(models: SpeakerModels, features: _MeanFree, first: int, last: int) -> Array:
    """Return the trunk's rows [first, last)."""
    begin, end = max(0, first - HALO_ROWS), min(features.rows, last + HALO_ROWS)
    return models.trunk(features.between(begin, end))[first - begin : last - begin]


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
