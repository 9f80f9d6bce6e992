"""Holds: music or a tone that goes on while nobody speaks, and announced silence."""

from collections.abc import Sequence

import numpy as np

from services.audio.levels import LEVEL_FRAME_MS, Levels
from services.domain.intervals import Interval, union
from services.domain.speech import Hold, HoldKind
from services.engine.voiced import Mask, runs

SHORTEST_MUSIC_MS = 4_000
# What sounds for this share of a second, without speech, may be music.
SECOND_MS = 1_000
SOUNDING_SHARE = 0.8
SPEECH_SHARE = 0.35
ABOVE_FLOOR_DB = 12.0
FLOOR_PERCENTILE = 10.0
QUIETEST_DBFS = -50.0
# Music fades in and out below the level that counts as sounding.
EDGE_DB = 8.0


def music_intervals(levels: Levels, speech: Mask) -> list[Interval]:
    """Return where music or a tone sounds for at least 4 s on a channel.

    ``levels`` and ``speech`` have one entry per 10 ms. Sound that goes on without pause and
    without being speech counts; a blink of the voice detector inside doesn't interrupt it.
    """
    if not len(levels):
        return []
    floor = max(float(np.percentile(levels, FLOOR_PERCENTILE)) + ABOVE_FLOOR_DB, QUIETEST_DBFS)
    width = SECOND_MS // LEVEL_FRAME_MS
    sounding = _share(levels > floor, width) >= SOUNDING_SHARE
    spoken = _share(speech, width) > SPEECH_SHARE
    found = [
        _to_edges(start, end, levels, speech, floor - EDGE_DB)
        for start, end in runs(sounding & ~spoken)
        if (end - start) * LEVEL_FRAME_MS >= SHORTEST_MUSIC_MS // 2
    ]
    joined = union(
        [(s * LEVEL_FRAME_MS, e * LEVEL_FRAME_MS) for s, e in found], bridge_ms=SECOND_MS
    )
    return [i for i in joined if i[1] - i[0] >= SHORTEST_MUSIC_MS]


def holds_of(music: Sequence[Interval]) -> tuple[Hold, ...]:
    """Return the music of all channels as holds, in order."""
    return tuple(Hold(start_ms=s, end_ms=e, kind=HoldKind.MUSIC) for s, e in union(music))


def _share(mask: Mask, width: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    kernel = np.full(width, 1.0 / width)
    return np.convolve(mask.astype(np.float64), kernel, mode="same")


def _to_edges(start: int, end: int, levels: Levels, speech: Mask, floor: float) -> Interval:
    reach = SECOND_MS // LEVEL_FRAME_MS
    first, last = start, end
    while first > max(0, start - reach) and levels[first - 1] > floor and not speech[first - 1]:
        first -= 1
    while last < min(len(levels), end + reach) and levels[last] > floor and not speech[last]:
        last += 1
    return (first, last)
