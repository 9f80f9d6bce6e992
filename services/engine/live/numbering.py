"""Numbers of speakers that stay what they were when voices are grouped anew."""

from collections.abc import Iterable, Mapping

import numpy as np


def renumbered(said: Iterable[tuple[int, int, int]]) -> Mapping[int, int]:
    """Return, for each new group, the number it is shown under.

    ``said`` holds (number shown so far, new group, milliseconds). Groups keep the number with
    which they have most time in common; a group for which none is left gets the next free one.
    """
    from scipy.optimize import linear_sum_assignment

    rows = list(said)
    groups = list(dict.fromkeys(group for _, group, _ in rows))
    shown = sorted({number for number, _, _ in rows})
    common = np.zeros((len(groups), len(shown)), np.int64)
    for number, group, ms in rows:
        common[groups.index(group), shown.index(number)] += ms
    pairs = zip(*linear_sum_assignment(common, maximize=True), strict=True)
    numbers = {groups[row]: shown[column] for row, column in pairs}
    taken = set(numbers.values())
    free = (n for n in range(len(groups) + len(shown)) if n not in taken)
    return {group: numbers[group] if group in numbers else next(free) for group in groups}
