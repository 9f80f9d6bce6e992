"""Arithmetic on half-open intervals [start_ms, end_ms), the ground all talk times stand on."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence

Interval = tuple[int, int]


def union(intervals: Iterable[Interval], *, bridge_ms: int = 0) -> list[Interval]:
    """Merge intervals that overlap, touch, or lie at most ``bridge_ms`` apart; sorted by start."""
    merged: list[Interval] = []
    for start, end in sorted(i for i in intervals if i[1] > i[0]):
        if merged and start <= merged[-1][1] + bridge_ms:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def length_ms(intervals: Iterable[Interval]) -> int:
    """Total length of the union of the intervals, in milliseconds."""
    return sum(end - start for start, end in union(intervals))


def intersection(first: Iterable[Interval], second: Iterable[Interval]) -> list[Interval]:
    """Return the parts that lie in both sets, sorted and disjoint."""
    a, b = union(first), union(second)
    common: list[Interval] = []
    i = j = 0
    while i < len(a) and j < len(b):
        start, end = max(a[i][0], b[j][0]), min(a[i][1], b[j][1])
        if start < end:
            common.append((start, end))
        if a[i][1] <= b[j][1]:
            i += 1
        else:
            j += 1
    return common


def complement(intervals: Iterable[Interval], *, within: Interval) -> list[Interval]:
    """Return the parts of ``within`` that no interval covers, sorted and disjoint."""
    gaps: list[Interval] = []
    at = within[0]
    for start, end in union(intervals):
        start, end = max(start, within[0]), min(end, within[1])
        if start > at:
            gaps.append((at, min(start, within[1])))
        at = max(at, end)
    if at < within[1]:
        gaps.append((at, within[1]))
    return [g for g in gaps if g[1] > g[0]]


def difference(first: Iterable[Interval], second: Iterable[Interval]) -> list[Interval]:
    """Return the parts of ``first`` that ``second`` does not cover."""
    a = union(first)
    if not a:
        return []
    return intersection(a, complement(second, within=(a[0][0], a[-1][1])))


def cut(interval: Interval, within: Interval) -> Interval:
    """Return what of the interval lies in the other; where nothing does, its end comes first."""
    return (max(within[0], interval[0]), min(within[1], interval[1]))


def overlap_ms(first: Interval, second: Interval) -> int:
    """Length of the common part of two intervals, 0 when they don't meet."""
    return max(0, min(first[1], second[1]) - max(first[0], second[0]))


def covered_ms(interval: Interval, disjoint: Sequence[Interval]) -> int:
    """How much of ``interval`` the sorted, disjoint intervals cover, in milliseconds."""
    first = max(0, bisect_left(disjoint, (interval[0],)) - 1)
    last = bisect_left(disjoint, (interval[1],))
    return sum(overlap_ms(interval, other) for other in disjoint[first:last])
