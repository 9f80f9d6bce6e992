"""Sounds that stand for voices, and networks that tell them apart without hearing anything."""

from pathlib import Path

import numpy as np

from services.engine.speakers.models import (
    FEATURE_LENGTH,
    FEATURE_SHIFT,
    MEL_BINS,
    POWERSET,
    SEGMENT_FRAMES,
    SEGMENT_STEP,
    TRUNK_STRIDE,
    SpeakerModels,
    unit,
)

RATE = 16
LEVEL = 0.1
AXES = np.eye(256, dtype=np.float32)
OVERLAP = 9
"""The voice number of a sound in which the first two local voices speak at once."""


def voice(number: int, duration_ms: int):
    """Sound of a voice: its number stands in the level."""
    return np.full(duration_ms * RATE, (number + 1) * LEVEL, np.float32)


def said(*parts: tuple[int, int]):
    """Sound of several voices one after the other: (number, milliseconds) each."""
    return np.concatenate([voice(number, ms) for number, ms in parts])


class VoiceModels(SpeakerModels):
    """Networks that read the voices' numbers off the levels.

    ``prints[number]`` is how a voice sounds. With ``is_deaf_to_changes`` segmentation hears one
    local voice in everything.
    """

    def __init__(self, prints=None, *, is_deaf_to_changes: bool = False) -> None:
        super().__init__(Path("nowhere"), 1)
        self.prints = AXES[:8] if prints is None else unit(np.asarray(prints, np.float32))
        self.is_deaf_to_changes = is_deaf_to_changes
        self.rows_heard = 0

    def voices_in(self, windows):
        return np.stack([self._window(samples) for samples in windows])

    def features(self, samples):
        count = max(0, 1 + (len(samples) - FEATURE_LENGTH) // FEATURE_SHIFT)
        at = np.arange(count) * FEATURE_SHIFT + FEATURE_LENGTH // 2
        rows = np.zeros((count, MEL_BINS), np.float32)
        # What swings around zero outlives taking off the mean.
        rows[np.arange(count), _numbers(samples[at])] = np.where(np.arange(count) % 2, 1.0, -1.0)
        return rows

    def trunk(self, features):
        blocks = np.array_split(np.abs(features), range(TRUNK_STRIDE, len(features), TRUNK_STRIDE))
        found = np.stack([block.mean(axis=0) for block in blocks])
        self.rows_heard += len(found)
        return found.astype(np.float32)

    def voiceprint(self, rows):
        shares = rows.mean(axis=0)[: len(self.prints)]
        return unit(shares @ self.prints)

    def _window(self, samples):
        at = np.minimum(np.arange(SEGMENT_FRAMES) * SEGMENT_STEP + 495, len(samples) - 1)
        numbers = np.where(np.abs(samples[at]) > LEVEL / 2, _numbers(samples[at]), -1)
        local: dict[int, int] = {}
        found = np.zeros((SEGMENT_FRAMES, len(POWERSET)), np.float32)
        for step, number in enumerate(numbers.tolist()):
            if number < 0:
                found[step, 0] = 1
            elif number == OVERLAP:
                found[step, 4] = 1
            else:
                heard = 0 if self.is_deaf_to_changes else number
                found[step, 1 + local.setdefault(heard, len(local))] = 1
        return found


def _numbers(samples):
    return np.maximum(np.rint(np.abs(samples) / LEVEL).astype(int) - 1, 0)
