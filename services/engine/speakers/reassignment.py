"""A second look at who speaks: each short stretch of one voice is compared with all voices."""

from collections.abc import Iterator
from dataclasses import dataclass
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
# A short stretch by itself that sounds no more like one voice than like another is nobody's.
UNSURE_MARGIN = 0.03
UNSURE_MS = 700.0


@dataclass(frozen=True, kw_only=True)
class Reassigned:
    """Who speaks after the second look.

    ``active`` [steps, speakers]; ``centres`` the mean voices; ``unsure`` [steps] marks stretches
    that could be anybody's.
    """

    active: Mask
    centres: Array
    unsure: Mask


def reassign(track: VoiceTrack, active: Mask, centres: Array) -> Reassigned:
    """Give stretches to the nearest voice, where one speaker is heard alone."""
    unsure = np.zeros(len(active), bool)
    if len(centres) < 2:
        return Reassigned(active=active, centres=centres, unsure=unsure)
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
    for first, last, whole in _alone(active):
        if whole and (last - first) * STEP_MS <= UNSURE_MS:
            found = track.print_between(row_of(step_ms(first)), row_of(step_ms(last)) + 1)
            unsure[first:last] = found is not None and _lead(found, centres) < UNSURE_MARGIN
    return Reassigned(active=active, centres=centres, unsure=unsure)


def _lead(found: Array, centres: Array) -> float:
    """Return how much nearer the nearest voice is than the next."""
    second, first = np.sort(centres @ found)[-2:]
    return float(first - second)


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
