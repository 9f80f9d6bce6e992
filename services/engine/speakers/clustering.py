"""Grouping of voiceprints into speakers.

A call has two voices unless it says otherwise: one when the two groups sound alike, more when a
further group has earned it by time and by sounding like nobody else.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from services.engine.speakers.models import Array, unit

USUAL_VOICES = 2
MOST_VOICES = 6
# Cosines of mean voiceprints: the same person's halves lie above, two people's below.
SAME_VOICE = 0.62
NEW_VOICE = 0.40
NEW_VOICE_SECONDS = 8.0
NEW_VOICE_SHARE = 0.05
# A seed of a voice: this much of it, or this share of everything in a short recording.
SEED_SECONDS = 6.0
SEED_SHARE = 0.08
MOST_ODD_GROUPS = 10
# More prints than this are thinned out for the grouping; the rest joins the nearest voice.
MOST_GROUPED = 1_500
POLISH_ROUNDS = 8

# A part's voice joins another than the most similar common one only when that is about as near.
MATCHING_MARGIN = 0.1

Labels = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class VoiceCount:
    """How many voices there may be; without bounds two, unless the voices say otherwise."""

    least: int = 1
    most: int | None = None

    @property
    def is_known(self) -> bool:
        """Whether there is nothing to find out."""
        return self.least == self.most

    @property
    def usual(self) -> int:
        """The number to begin with: two, or what the bounds leave of it."""
        return max(self.least, min(USUAL_VOICES, self.most or USUAL_VOICES))

    def in_a_part(self) -> "VoiceCount":
        """Return what holds for a part of a recording, in which not everybody need speak.

        More than the usual number have to be sought for in each: some may speak little there.
        """
        return self if self.least > USUAL_VOICES else replace(self, least=1)

    def over_parts(self, found: int) -> "VoiceCount":
        """Return what holds for all parts, of which none has more than ``found`` voices.

        Nobody is cut in two at a seam to make up the number.
        """
        return replace(self, least=min(self.least, found))


def group_voices(prints: Array, seconds: NDArray[np.float64], count: VoiceCount) -> Array:
    """Return one mean voiceprint per speaker, shape [speakers, 256], length 1 each.

    ``prints`` [n, 256] are weighted by their ``seconds``. No prints give no speakers.
    """
    if not len(prints):
        return np.zeros((0, prints.shape[1]), np.float32)
    chosen = _thinned(seconds)
    points, weights = prints[chosen], seconds[chosen]
    if count.is_known:
        return _grouped(points, weights, count.least)[0]
    for number in range(count.most or MOST_VOICES, count.usual, -1):
        centres, labels = _grouped(points, weights, number)
        if len(centres) == number and _all_earned(centres, labels, weights):
            return centres
    centres, _ = _grouped(points, weights, count.usual)
    if count.least == 1 and len(centres) == 2 and float(centres[0] @ centres[1]) >= SAME_VOICE:
        return _grouped(points, weights, 1)[0]
    return centres


def nearest(prints: Array, centres: Array) -> Labels:
    """Return the index of the most similar centre for each print."""
    return np.asarray((prints @ centres.T).argmax(axis=1), dtype=np.int64)


def link_groups(
    centres: Sequence[Array], seconds: Sequence[NDArray[np.float64]], count: VoiceCount
) -> list[Labels]:
    """Give the speakers of separately processed parts common numbers.

    ``centres[i]`` [k_i, 256] are the mean voices of part i, ``seconds[i]`` how long they spoke.
    Each part's voice joins the most similar common voice.
    """
    together = group_voices(np.concatenate(list(centres)), np.concatenate(list(seconds)), count)
    return [_matched(part, together) for part in centres]


def _matched(part: Array, together: Array) -> Labels:
    """Match a part's voices to the common ones, one to one unless two are clearly the same."""
    from scipy.optimize import linear_sum_assignment

    similarity = part @ together.T
    labels = np.asarray(similarity.argmax(axis=1), dtype=np.int64)
    rows, columns = linear_sum_assignment(-similarity)
    near = similarity[rows, columns] >= similarity[rows, labels[rows]] - MATCHING_MARGIN
    labels[rows[near]] = columns[near]
    return labels


def _thinned(seconds: NDArray[np.float64]) -> NDArray[np.int64]:
    if len(seconds) <= MOST_GROUPED:
        return np.arange(len(seconds))
    return np.sort(np.argsort(-seconds, kind="stable")[:MOST_GROUPED])


def _grouped(points: Array, weights: NDArray[np.float64], count: int) -> tuple[Array, Labels]:
    """Return ``count`` mean voices, or fewer when there aren't as many, and each print's voice.

    Average linkage finds the seeds: the tree is cut where it has ``count`` groups of weight, so
    that a few odd prints (a cough, the edge of a tune) don't count as a voice. Then all prints
    join the nearest voice, and the means are taken anew some rounds.
    """
    count = min(count, len(points))
    centres = _seeds(points, weights, count) if count > 1 else _mean(points, weights)[None]
    labels = nearest(points, centres)
    for _ in range(POLISH_ROUNDS):
        if len(np.unique(labels)) < len(centres):
            break
        centres = np.stack(
            [_mean(points[labels == g], weights[labels == g]) for g in range(len(centres))]
        )
        moved = nearest(points, centres)
        if np.array_equal(moved, labels):
            break
        labels = moved
    return centres, labels


def _seeds(points: Array, weights: NDArray[np.float64], count: int) -> Array:
    from scipy.cluster.hierarchy import fcluster, linkage

    tree = linkage(points.astype(np.float64), method="average", metric="cosine")
    needed = min(SEED_SECONDS, SEED_SHARE * float(weights.sum()))
    best: list[Array] = []
    for cut in range(count, min(len(points), count + MOST_ODD_GROUPS) + 1):
        labels = fcluster(tree, cut, criterion="maxclust")
        groups = [labels == number for number in np.unique(labels)]
        heavy = sorted(
            (g for g in groups if weights[g].sum() >= needed), key=lambda g: -weights[g].sum()
        )
        if len(heavy) > len(best):
            best = [_mean(points[g], weights[g]) for g in heavy[:count]]
        if len(best) >= count:
            break
    return np.stack(best) if best else _mean(points, weights)[None]


def _mean(points: Array, weights: NDArray[np.float64]) -> Array:
    return unit(np.average(points, axis=0, weights=weights).astype(np.float32))


def _all_earned(centres: Array, labels: Labels, weights: NDArray[np.float64]) -> bool:
    spoken = np.array([weights[labels == group].sum() for group in range(len(centres))])
    needed = max(NEW_VOICE_SECONDS, NEW_VOICE_SHARE * float(weights.sum()))
    similarity = centres @ centres.T - 2 * np.eye(len(centres))
    return bool(spoken.min() >= needed and similarity.max() <= NEW_VOICE)
