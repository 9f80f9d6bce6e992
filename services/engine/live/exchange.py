"""Where the voice changes inside a stretch of speech, by the segmentation network's last 10 s."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from services.audio.recording import FRAMES_PER_MS, Samples
from services.domain.intervals import Interval
from services.engine.speakers.activity import STEP_MS, step_ms
from services.engine.speakers.models import POWERSET, WINDOW_FRAMES, SpeakerModels

WINDOW_MS = WINDOW_FRAMES // FRAMES_PER_MS
# A shorter run of one local voice between two of another is a slip of the network.
SHORTEST_RUN_MS = 300
NOBODY = -1

LocalVoice = int
Steps = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Run:
    """[start_ms, end_ms) of a call in which one of a window's local voices has the word."""

    start_ms: int
    end_ms: int
    local: LocalVoice

    @property
    def duration_ms(self) -> int:
        """Its length in milliseconds."""
        return self.end_ms - self.start_ms


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """Who has the word in a stretch, and in what was said in the seconds before it.

    ``runs`` cover the stretch without a gap; ``before`` are of the same window, and their local
    voices are the same people's.
    """

    runs: tuple[Run, ...]
    before: tuple[Run, ...]


class RecentSound:
    """The last 10 s of a call's speech, at its place in time."""

    def __init__(self) -> None:
        """Begin with silence."""
        self._stretches: deque[tuple[int, Samples]] = deque()

    def add(self, start_ms: int, samples: Samples) -> None:
        """Keep a stretch; forget what lies more than 10 s before its end."""
        self._stretches.append((start_ms, samples))
        since_ms = start_ms + len(samples) // FRAMES_PER_MS - WINDOW_MS
        while self._stretches and _end_ms(*self._stretches[0]) <= since_ms:
            self._stretches.popleft()

    def window(self) -> tuple[int, Samples]:
        """Return (when it begins, samples) of the 10 s that end where the last stretch ends."""
        begin_ms = max(0, _end_ms(*self._stretches[-1]) - WINDOW_MS)
        window = np.zeros(WINDOW_FRAMES, np.float32)
        for start_ms, samples in self._stretches:
            at = (start_ms - begin_ms) * FRAMES_PER_MS
            part = samples[max(0, -at) :][: WINDOW_FRAMES - max(0, at)]
            window[max(0, at) : max(0, at) + len(part)] = part
        return begin_ms, window

    def speech(self) -> Samples:
        """Return what is kept with the pauses left out, oldest first."""
        return np.concatenate([samples for _, samples in self._stretches])


def exchange_in(models: SpeakerModels, recent: RecentSound, stretch: Interval) -> Exchange:
    """Return who has the word in ``stretch``, the last one of ``recent``, 10 s long at most."""
    begin_ms, window = recent.window()
    hard = POWERSET[models.voices_in([window])[0].argmax(axis=-1)]
    who = _who(hard)
    edges = [begin_ms + step_ms(step) for step in range(len(who))]
    first = int(np.searchsorted(edges, stretch[0]))
    last = int(np.searchsorted(edges, stretch[1]))
    return Exchange(
        runs=tuple(_covering(who[first:last], stretch)),
        before=tuple(
            Run(start_ms=edges[a], end_ms=edges[b], local=int(who[a]))
            for a, b in _equal(who[:first])
            if who[a] != NOBODY
        ),
    )


def _who(hard: NDArray[np.float32]) -> Steps:
    """Return per step the local voice that speaks alone; who talks into it doesn't count."""
    who = np.where(hard.sum(axis=1) == 1, hard.argmax(axis=1), NOBODY).astype(np.int64)
    both = hard.sum(axis=1) > 1
    for at in np.flatnonzero(both):
        before = who[at - 1] if at else NOBODY
        who[at] = before if before != NOBODY and hard[at, before] else hard[at].argmax()
    return who


def _covering(who: Steps, stretch: Interval) -> Iterator[Run]:
    """Yield runs that cover the stretch: silence and slips go to the voice around them."""
    spoken = [
        [stretch[0] + round(a * STEP_MS), stretch[0] + round(b * STEP_MS), int(who[a])]
        for a, b in _equal(who)
        if who[a] != NOBODY
    ]
    long = [run for run in _joined(spoken) if run[1] - run[0] >= SHORTEST_RUN_MS]
    runs = _joined(long) or [[*stretch, NOBODY]]
    cuts = [(before[1] + after[0]) // 2 for before, after in pairwise(runs)]
    for (start, end), run in zip(pairwise([stretch[0], *cuts, stretch[1]]), runs, strict=True):
        yield Run(start_ms=start, end_ms=end, local=run[2])


def _joined(runs: list[list[int]]) -> list[list[int]]:
    joined: list[list[int]] = []
    for start, end, local in runs:
        if joined and joined[-1][2] == local:
            joined[-1][1] = end
        else:
            joined.append([start, end, local])
    return joined


def _equal(who: Steps) -> list[tuple[int, int]]:
    """Return the ranges of steps in which the same voice has the word."""
    if not len(who):
        return []
    edges = [0, *(np.flatnonzero(np.diff(who)) + 1).tolist(), len(who)]
    return list(pairwise(edges))


def _end_ms(start_ms: int, samples: Samples) -> int:
    return start_ms + len(samples) // FRAMES_PER_MS
