"""Interval arithmetic against sets of milliseconds, where every operation is obvious."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain import intervals

interval = st.tuples(st.integers(0, 60), st.integers(0, 60)).map(lambda p: (min(p), max(p)))
intervals_ = st.lists(interval, max_size=8)


def covered(some):
    return {ms for start, end in some for ms in range(start, end)}


@given(intervals_)
def test_union_covers_the_same_milliseconds_disjointly(some):
    merged = intervals.union(some)
    assert covered(merged) == covered(some)
    assert intervals.length_ms(some) == len(covered(some))
    assert all(a[1] < b[0] for a, b in itertools.pairwise(merged))


@given(intervals_, intervals_)
def test_intersection_and_difference_are_those_of_sets(first, second):
    assert covered(intervals.intersection(first, second)) == covered(first) & covered(second)
    assert covered(intervals.difference(first, second)) == covered(first) - covered(second)


@given(intervals_, interval)
def test_complement_is_what_is_left_of_the_whole(some, whole):
    expected = set(range(*whole)) - covered(some)
    assert covered(intervals.complement(some, within=whole)) == expected


def test_union_bridges_short_pauses_only():
    assert intervals.union([(0, 10), (14, 20), (30, 40)], bridge_ms=4) == [(0, 20), (30, 40)]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [((0, 10), (5, 20), 5), ((0, 10), (10, 20), 0), ((0, 10), (20, 30), 0), ((0, 30), (5, 8), 3)],
)
def test_overlap_of_two(first, second, expected):
    assert intervals.overlap_ms(first, second) == expected
    assert intervals.covered_ms(first, [second]) == expected
