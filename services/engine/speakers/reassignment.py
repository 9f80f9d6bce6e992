"""A second look at who speaks: each short stretch of one voice is compared with all voices."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from services.engine.speakers.activity import STEP_MS, Mask, step_ms
from services.engine.speakers.models import Array, unit
from services.engine.speakers.voices import VoiceTrack, row_of

ROUNDS = 2
SHORTEST_MS = 300.0
PIECE_MS = 1_300.0
# Another voice must be this much closer before a stretch changes hands; a piece cut out of a
# longer stretch needs more, since people rarely change in the middle of it.
MARGIN = 0.03
INNER_MARGIN = 0.08
TELLING_MS = 900.0


def reassign(track: VoiceTrack, active: Mask, centres: Array) -> tuple[Mask, Array]:
    """Return activity [steps, speakers] and mean voices after giving stretches to the nearest.

    Only stretches where one speaker is heard alone change hands.
    """
    if len(centres) < 2:
        return active, centres
    active = active.copy()
    for _ in range(ROUNDS):
        sums = np.zeros_like(centres)
        for first, last, whole in list(_alone(active)):
            found = track.print_between(row_of(step_ms(first)), row_of(step_ms(last)) + 1)
            if found is None:
                continue
            speaker = _nearest(found, centres, int(active[first].argmax()), whole)
            active[first:last] = False
            active[first:last, speaker] = True
            if (last - first) * STEP_MS >= TELLING_MS:
                sums[speaker] += found * np.float32((last - first) * STEP_MS)
        strong = np.linalg.norm(sums, axis=1) > 0
        centres = np.where(strong[:, None], unit(sums), centres)
    return active, centres


def _nearest(found: Array, centres: Array, current: int, whole: bool) -> int:
    similarity = centres @ found
    best = int(similarity.argmax())
    margin = MARGIN if whole else INNER_MARGIN
    return best if similarity[best] - similarity[current] > margin else current


def _alone(active: Mask) -> Iterator[tuple[int, int, bool]]:
    """Yield (first, last, is whole) of the stretches of one speaker, long ones in pieces."""
    who = np.where(active.sum(axis=1) == 1, active.argmax(axis=1), -1)
    edges = np.concatenate(([0], np.flatnonzero(np.diff(who)) + 1, [len(who)]))
    for first, last in pairwise(edges):
        length_ms = (last - first) * STEP_MS
        if who[first] < 0 or length_ms < SHORTEST_MS:
            continue
        pieces = max(1, round(length_ms / PIECE_MS))
        cuts = np.linspace(first, last, pieces + 1).astype(int)
        for a, b in pairwise(cuts):
            yield int(a), int(b), pieces == 1
