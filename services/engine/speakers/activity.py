"""Local voices of overlapping windows, and the whole recording's activity put together of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.audio.recording import SAMPLE_RATE, Samples
from services.engine.speakers.models import (
    LOCAL_VOICES,
    POWERSET,
    SEGMENT_FIELD,
    SEGMENT_FRAMES,
    SEGMENT_STEP,
    WINDOW_FRAMES,
    Array,
    SpeakerModels,
)

HOP_FRAMES = 40_000
BATCH = 8
STEP_MS = 1000 * SEGMENT_STEP / SAMPLE_RATE
FIELD_MS = 1000 * SEGMENT_FIELD / SAMPLE_RATE

Mask = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class LocalVoices:
    """What segmentation heard in windows of 10 s every 2.5 s.

    ``starts`` are window starts in samples; ``soft`` [n, 589, 3] the probability that a local
    voice is active; ``hard`` [n, 589, 3] the likeliest combination.
    """

    starts: NDArray[np.int64]
    soft: Array
    hard: Array

    @property
    def alone(self) -> Mask:
        """Where exactly one local voice is active, [n, 589, 3]."""
        return np.asarray((self.hard > 0) & (self.hard.sum(axis=2, keepdims=True) == 1))


def window_starts(frames: int) -> NDArray[np.int64]:
    """Return where windows start so that together they cover ``frames`` samples."""
    count = 1 + max(0, -(-(frames - WINDOW_FRAMES) // HOP_FRAMES))
    return np.arange(count, dtype=np.int64) * HOP_FRAMES


def hear_windows(models: SpeakerModels, samples: Samples) -> Iterator[Array]:
    """Yield class probabilities [batch, 589, 7] for the windows over ``samples``, in order."""
    starts = window_starts(len(samples))
    for first in range(0, len(starts), BATCH):
        batch = starts[first : first + BATCH]
        yield models.voices_in([samples[at : at + WINDOW_FRAMES] for at in batch])


def local_voices(probabilities: Sequence[Array], frames: int) -> LocalVoices:
    """Put the probabilities of all windows over ``frames`` samples together."""
    together = np.concatenate(list(probabilities))
    return LocalVoices(
        starts=window_starts(frames),
        soft=np.asarray(together @ POWERSET, dtype=np.float32),
        hard=POWERSET[together.argmax(axis=-1)],
    )


def whole_activity(local: LocalVoices, labels: NDArray[np.int64], speakers: int) -> Mask:
    """Return who is active in each step of 16.875 ms over all windows, [steps, speakers].

    ``labels`` [n, 3] give each local voice its speaker (-1: none). Windows vote by their soft
    scores, weighted down at their edges; as many speakers are active as windows hear at once.
    """
    offsets = np.rint(local.starts / SEGMENT_STEP).astype(np.int64)
    steps = int(offsets[-1]) + SEGMENT_FRAMES
    votes = np.zeros((steps, speakers), np.float32)
    heard = np.zeros(steps, np.float32)
    total = np.zeros(steps, np.float32)
    weight = _edge_weight()
    for window, offset in enumerate(offsets):
        scores = np.zeros((SEGMENT_FRAMES, speakers), np.float32)
        for voice in range(LOCAL_VOICES):
            speaker = labels[window, voice]
            if speaker >= 0:
                column = scores[:, speaker]
                np.maximum(column, local.soft[window, :, voice], out=column)
        part = slice(offset, offset + SEGMENT_FRAMES)
        votes[part] += scores * weight[:, None]
        heard[part] += np.minimum(scores.sum(axis=1), speakers) * weight
        total[part] += weight
    total = np.maximum(total, 1e-6)
    count = np.minimum(np.rint(heard / total), speakers)
    rank = (-votes).argsort(axis=1, kind="stable").argsort(axis=1, kind="stable")
    return np.asarray(rank < count[:, None], dtype=bool)


def step_ms(step: int) -> int:
    """Return when a step begins, in milliseconds from the start of the first window."""
    return max(0, round(step * STEP_MS + FIELD_MS / 2 - STEP_MS / 2))


def _edge_weight() -> Array:
    ramp = np.minimum(np.arange(SEGMENT_FRAMES) + 1, np.arange(SEGMENT_FRAMES)[::-1] + 1)
    return np.asarray(np.minimum(2.0 * ramp / ramp.max(), 1.0) + 1e-3, dtype=np.float32)
