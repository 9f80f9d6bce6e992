"""Numbers of speakers that stay what they were when voices are grouped anew."""

import math
from collections.abc import Iterable, Mapping

import numpy as np

# What was said under a number first makes people take it for somebody; what comes after so much
# speech counts less and less.
FAMILIAR_MS = 5_000


def renumbered(said: Iterable[tuple[int, int, int]]) -> Mapping[int, int]:
    """Return, for each new group, the number it is shown under.

    ``said`` holds (number shown so far, new group, milliseconds) in order of time. Groups keep the
    number with which they have most in common, earlier speech counting more; a group for which
    none is left gets the next free one.
    """
    from scipy.optimize import linear_sum_assignment

    rows = list(said)
    groups = list(dict.fromkeys(group for _, group, _ in rows))
    shown = sorted({number for number, _, _ in rows})
    common = np.zeros((len(groups), len(shown)))
    spoken = dict.fromkeys(shown, FAMILIAR_MS)
    for number, group, ms in rows:
        gain = math.log((spoken[number] + ms) / spoken[number])
        common[groups.index(group), shown.index(number)] += gain
        spoken[number] += ms
    pairs = zip(*linear_sum_assignment(common, maximize=True), strict=True)
    numbers = {groups[row]: shown[column] for row, column in pairs}
    taken = set(numbers.values())
    free = (n for n in range(len(groups) + len(shown)) if n not in taken)
    return {group: numbers[group] if group in numbers else next(free) for group in groups}
