"""Which parts of a recording are listened to for how a voice sounds.

The embedding network is the dearest part of diarization, and a voice that goes on says the same
about itself again and again: enough of each voice in each window is listened to, and the start of
every stretch of speech, so that each can be told apart.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from services.engine.speakers.activity import LocalVoices
from services.engine.speakers.models import SEGMENT_STEP, TRUNK_STEP

# Rows of 80 ms: of each stretch, and of each local voice in a window of 10 s.
HEAD_ROWS = 10
ENOUGH_ROWS = 25
# The last steps of a window are heard with half the context; a change there is not believed.
EDGE_ROWS = 4

Mask = NDArray[np.bool_]


def rows_to_hear(local: LocalVoices, rows: int) -> Mask:
    """Return which of ``rows`` rows of 80 ms to listen to, [rows]."""
    alone = [_alone_rows(local, window, rows) for window in range(len(local.starts))]
    wanted = np.zeros(rows, bool)
    for first, last in _stretches(alone, rows):
        wanted[first : min(last, first + HEAD_ROWS)] = True
    for start, voices in alone:
        for voice in voices.T:
            own = start + np.flatnonzero(voice)
            missing = ENOUGH_ROWS - int(wanted[own].sum())
            if missing > 0:
                wanted[own[~wanted[own]][:missing]] = True
    return wanted


def _alone_rows(local: LocalVoices, window: int, rows: int) -> tuple[int, Mask]:
    """Return a window's first row and, per row and local voice, whether it speaks alone there."""
    first = int(local.starts[window]) // TRUNK_STEP
    steps = local.alone.shape[1]
    at = (int(local.starts[window]) + np.arange(steps) * SEGMENT_STEP) // TRUNK_STEP - first
    count = min(int(at[-1]) + 1, rows - first)
    spoken = np.zeros((int(at[-1]) + 1, local.hard.shape[2]), bool)
    np.logical_or.at(spoken, at, local.alone[window])
    # A row in which the speaker changes belongs to nobody.
    spoken &= spoken.sum(axis=1, keepdims=True) == 1
    return first, spoken[:count]


def _stretches(alone: list[tuple[int, Mask]], rows: int) -> list[tuple[int, int]]:
    """Return the stretches of one voice: between silences and changes of any window's voice."""
    spoken = np.zeros(rows, bool)
    changes = np.zeros(rows + 1, bool)
    for first, voices in alone:
        spoken[first : first + len(voices)] |= voices.any(axis=1)
        who = np.where(voices.any(axis=1), voices.argmax(axis=1), -1)
        at = np.flatnonzero((who[1:] != who[:-1]) & (who[1:] >= 0) & (who[:-1] >= 0)) + 1
        inner = at[(at >= EDGE_ROWS) & (at < len(who) - EDGE_ROWS)]
        changes[first + inner] = True
    changes[1:-1] |= spoken[1:] != spoken[:-1]
    edges = [0, *np.flatnonzero(changes).tolist(), rows]
    return [(first, last) for first, last in pairwise(edges) if last > first and spoken[first]]
