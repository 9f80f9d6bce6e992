"""How loud a channel is, frame by frame."""

import numpy as np
from numpy.typing import NDArray

from services.audio.recording import FRAMES_PER_MS, PcmReader, Samples

LEVEL_FRAME_MS = 10
SILENCE_DBFS = -100.0
BLOCK_MS = 60_000

Levels = NDArray[np.float32]

_FRAME = LEVEL_FRAME_MS * FRAMES_PER_MS
_TINY = 10.0 ** (SILENCE_DBFS / 10.0)


def power_dbfs(power: NDArray[np.float32]) -> Levels:
    """Convert mean squares to dBFS, never below SILENCE_DBFS."""
    levels = 10.0 * np.log10(np.maximum(power, _TINY))
    return np.asarray(np.maximum(levels, SILENCE_DBFS), dtype=np.float32)


def rms_dbfs(samples: Samples) -> float:
    """RMS level of samples in dBFS; SILENCE_DBFS when there are none."""
    if not len(samples):
        return SILENCE_DBFS
    return float(power_dbfs(np.mean(np.square(samples, dtype=np.float32), keepdims=True))[0])


def frame_levels(pcm: PcmReader, channel: int | None = None) -> Levels:
    """Return one RMS level in dBFS for every started 10 ms of a channel (or of the mix).

    A running mean is taken off first, so that a recorder's constant offset doesn't count as
    sound. Read in blocks: memory doesn't depend on the length.
    """
    block = BLOCK_MS * FRAMES_PER_MS
    parts = [
        _block_levels(pcm.read(start, min(start + block, pcm.frames), channel))
        for start in range(0, pcm.frames, block)
    ]
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


def _block_levels(samples: Samples) -> Levels:
    padding = -len(samples) % _FRAME
    centred = samples - samples.mean() if len(samples) else samples
    frames = np.pad(centred, (0, padding)).reshape(-1, _FRAME)
    return power_dbfs(np.einsum("ij,ij->i", frames, frames) / _FRAME)
