"""From speech probabilities and levels to exact voiced spans.

The voice model decides whether somebody speaks; the level decides exactly where: the model's
frames are 32 ms long and lag at both ends, which adds up over a call.
"""

import numpy as np
from numpy.typing import NDArray

from services.audio.levels import LEVEL_FRAME_MS, SILENCE_DBFS, Levels
from services.domain.intervals import Interval, union
from services.engine.voice_activity import VOICE_FRAME_MS, Probabilities

ONSET = 0.5
OFFSET = 0.2
# Pauses up to this length count as part of the speech around them.
BRIDGE_MS = 250
SHORTEST_MS = 60
REACH_MS = 160
BELOW_PEAK_DB = 34.0
ABOVE_NOISE_DB = 7.0
QUIETEST_DBFS = -65.0
NOISE_PERCENTILE = 20.0
FEWEST_QUIET_FRAMES = 50
# However loud the noise is said to be, what comes near the loud parts of all speech is speech.
LOUD_PERCENTILE = 95.0
ALWAYS_BELOW_LOUD_DB = 12.0

Mask = NDArray[np.bool_]


def on_level_grid(probabilities: Probabilities, frames: int) -> Probabilities:
    """Repeat 32 ms probabilities onto ``frames`` frames of 10 ms."""
    if not len(probabilities):
        return np.zeros(frames, np.float32)
    middles = np.arange(frames) * LEVEL_FRAME_MS + LEVEL_FRAME_MS // 2
    return probabilities[np.minimum(middles // VOICE_FRAME_MS, len(probabilities) - 1)]


def likely_speech(probabilities: Probabilities) -> Mask:
    """Mark the frames of speech: it starts at ONSET and lasts until it falls below OFFSET."""
    possible = probabilities >= OFFSET
    mask = np.zeros(len(probabilities), bool)
    for start, end in runs(possible):
        if probabilities[start:end].max() >= ONSET:
            mask[start:end] = True
    return mask


def voiced_spans(
    speech: Mask, levels: Levels, *, barred: Mask | None = None, noise_dbfs: float | None = None
) -> list[Interval]:
    """Return the voiced spans in milliseconds, pauses up to 250 ms bridged, sorted.

    ``speech`` and ``levels`` have one entry per 10 ms. Within reach of each stretch of speech,
    those frames count that are loud enough against its peak and against the noise. Frames that
    are ``barred`` (another voice, an echo, music) never count.
    """
    noise = noise_level(levels, speech) if noise_dbfs is None else noise_dbfs
    loud = float(np.percentile(levels[speech], LOUD_PERCENTILE)) if speech.any() else 0.0
    audible = np.zeros(len(levels), bool)
    reach = REACH_MS // LEVEL_FRAME_MS
    for start, end in runs(closed(speech, BRIDGE_MS // LEVEL_FRAME_MS)):
        peak = float(levels[start:end].max())
        floor = max(peak - BELOW_PEAK_DB, noise + ABOVE_NOISE_DB, QUIETEST_DBFS)
        floor = min(floor, loud - ALWAYS_BELOW_LOUD_DB)
        first, last = max(0, start - reach), min(len(levels), end + reach)
        audible[first:last] |= levels[first:last] >= floor
    if barred is not None:
        audible &= ~barred
    spans = ((s * LEVEL_FRAME_MS, e * LEVEL_FRAME_MS) for s, e in runs(audible))
    return [s for s in union(spans, bridge_ms=BRIDGE_MS) if s[1] - s[0] >= SHORTEST_MS]


def noise_level(levels: Levels, speech: Mask) -> float:
    """Return the usual level in dBFS where nobody speaks."""
    quiet = levels[~speech]
    if len(quiet) < FEWEST_QUIET_FRAMES:
        return SILENCE_DBFS
    return float(np.percentile(quiet, NOISE_PERCENTILE))


def runs(mask: Mask) -> list[tuple[int, int]]:
    """Return the half-open index ranges in which the mask is true."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    return [(int(s), int(e)) for s, e in zip(edges[::2], edges[1::2], strict=True)]


def closed(mask: Mask, gap: int) -> Mask:
    """Fill gaps of at most ``gap`` frames."""
    closed = mask.copy()
    for start, end in runs(~mask):
        if start > 0 and end < len(mask) and end - start <= gap:
            closed[start:end] = True
    return closed
