"""Holds: music or a tone that goes on while nobody speaks, and announced silence.

Only levels and speech are looked at. Three ways of sounding count: without pause, with rests as
between the notes of a tune, and in even bursts as ringing. Steady noise sounds without pause too,
but its level jumps at random from frame to frame, which neither music nor a tone does.
"""

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
# Notes and the rests between them. Key clicks and the tones of a keypad are shorter than notes.
NOTE_MS = 150
LONGEST_REST_MS = 600
NOTES_SHARE = 0.5
NOTES_ABOVE_FLOOR_DB = 18.0
# Ringing: bursts of even level, all alike. Averaging spans the beats of two tones.
AVERAGED_MS = 100
BURST_MS = 300
LONGEST_BETWEEN_BURSTS_MS = 4_200
EVEN_DB = 1.5
# Noise: the level keeps to its mean, and each frame is independent of the one before.
NOISE_DB = (0.25, 2.2)
NOISE_DRIFT_DB = 0.5
INDEPENDENT = 0.85


def music_intervals(levels: Levels, speech: Mask) -> list[Interval]:
    """Return where music or a tone sounds for at least 4 s on a channel.

    ``levels`` and ``speech`` have one entry per 10 ms. A blink of the voice detector inside
    doesn't interrupt it.
    """
    if not len(levels):
        return []
    floor = max(float(np.percentile(levels, FLOOR_PERCENTILE)) + ABOVE_FLOOR_DB, QUIETEST_DBFS)
    spoken = _share(speech, SECOND_MS // LEVEL_FRAME_MS) > SPEECH_SHARE
    found = [
        *_continuous(levels, speech, spoken, floor),
        *_notes(levels, spoken | speech, floor),
        *_bursts(levels, spoken | speech, floor),
    ]
    joined = union(found, bridge_ms=SECOND_MS)
    return [i for i in joined if i[1] - i[0] >= SHORTEST_MUSIC_MS and not _is_noise(levels, i)]


def holds_of(music: Sequence[Interval]) -> tuple[Hold, ...]:
    """Return the music of all channels as holds, in order."""
    return tuple(Hold(start_ms=s, end_ms=e, kind=HoldKind.MUSIC) for s, e in union(music))


def _continuous(levels: Levels, speech: Mask, spoken: Mask, floor: float) -> list[Interval]:
    sounding = _share(levels > floor, SECOND_MS // LEVEL_FRAME_MS) >= SOUNDING_SHARE
    return [
        _milliseconds(_to_edges(start, end, levels, speech, floor - EDGE_DB))
        for start, end in runs(sounding & ~spoken)
        if (end - start) * LEVEL_FRAME_MS >= SHORTEST_MUSIC_MS // 2
    ]


def _notes(levels: Levels, spoken: Mask, floor: float) -> list[Interval]:
    """Find stretches of notes with rests between them."""
    loud = levels > floor - ABOVE_FLOOR_DB + NOTES_ABOVE_FLOOR_DB
    notes = [_milliseconds(run) for run in runs(loud & ~spoken)]
    notes = [(start, end) for start, end in notes if end - start >= NOTE_MS]
    found = []
    for start, end in union(notes, bridge_ms=LONGEST_REST_MS):
        sounding = sum(e - s for s, e in notes if start <= s and e <= end)
        if end - start >= SHORTEST_MUSIC_MS and sounding >= NOTES_SHARE * (end - start):
            found.append((start, end))
    return found


def _bursts(levels: Levels, spoken: Mask, floor: float) -> list[Interval]:
    """Find ringing: at least two bursts of the same even level."""
    averaged = _averaged(levels, AVERAGED_MS // LEVEL_FRAME_MS)
    even = np.abs(np.diff(averaged, prepend=averaged[:1])) < EVEN_DB
    found: list[Interval] = []
    last: tuple[Interval, float] | None = None
    for run in runs(even & (averaged > floor) & ~spoken):
        burst = _milliseconds(run)
        inside = averaged[run[0] : run[1]]
        if burst[1] - burst[0] < BURST_MS or float(np.std(inside)) > EVEN_DB:
            continue
        level = float(np.median(inside))
        if last is not None and _rings_on(last, burst, level, spoken):
            found.append((last[0][0], burst[1]))
        last = (burst, level)
    return found


def _rings_on(last: tuple[Interval, float], burst: Interval, level: float, spoken: Mask) -> bool:
    (_, ended), level_before = last
    between = spoken[ended // LEVEL_FRAME_MS : burst[0] // LEVEL_FRAME_MS]
    near = burst[0] - ended <= LONGEST_BETWEEN_BURSTS_MS
    return near and not between.any() and abs(level - level_before) < EVEN_DB


def _is_noise(levels: Levels, interval: Interval) -> bool:
    """Tell whether the level keeps steady on the whole and jumps independently in detail."""
    width = SECOND_MS // LEVEL_FRAME_MS
    first, last = (at // LEVEL_FRAME_MS for at in interval)
    inside = levels[first + width // 2 : last - width // 2]
    whole = inside[: len(inside) - len(inside) % width].reshape(-1, width)
    if not len(whole):
        return False
    jumps = float(np.median(np.std(np.diff(whole, axis=1), axis=1))) / np.sqrt(2.0)
    spread = float(np.median(np.std(whole, axis=1)))
    drift = float(np.std(whole.mean(axis=1)))
    return (
        NOISE_DB[0] < jumps < NOISE_DB[1]
        and drift < NOISE_DRIFT_DB
        and jumps > INDEPENDENT * spread
    )


def _milliseconds(run: tuple[int, int]) -> Interval:
    return (run[0] * LEVEL_FRAME_MS, run[1] * LEVEL_FRAME_MS)


def _averaged(levels: Levels, width: int) -> Levels:
    power = np.convolve(10.0 ** (levels / 10.0), np.full(width, 1.0 / width), mode="same")
    return np.asarray(10.0 * np.log10(np.maximum(power, 1e-10)), dtype=np.float32)


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
