"""Days as whole weeks and the rest: each is in one stretch, and in one only."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from services.domain.together import Period
from services.storage.stretches import Stretch, stretches

MONDAY = date(2026, 4, 27)
FAR = timedelta(days=70)


def days_of(stretch: Stretch) -> Iterator[date]:
    """The days of a stretch, as far as 70 days from the Monday where it has no end."""
    first, last = stretch.first or MONDAY - FAR, stretch.last or MONDAY + FAR
    if stretch.period is Period.WEEK:
        assert first.weekday() == last.weekday() == 0
        last = last + timedelta(days=6) if stretch.last else last
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


@pytest.mark.parametrize("begin", [None, *range(8)])
def test_every_day_is_in_one_stretch(begin: int | None) -> None:
    first = None if begin is None else MONDAY + timedelta(days=begin)
    for end in (None, *range(8, 42)):
        last = None if end is None else MONDAY + timedelta(days=end)
        whole = Stretch(period=Period.DAY, first=first, last=last)
        found = stretches(first, last, weeks=True)
        assert sorted(day for stretch in found for day in days_of(stretch)) == [*days_of(whole)]
        assert stretches(first, last, weeks=False) == (whole,)


def test_few_weeks_are_read_by_the_day() -> None:
    def periods(days: int) -> list[Period]:
        last = MONDAY + timedelta(days=days - 1)
        return [s.period for s in stretches(MONDAY, last, weeks=True)]

    assert periods(20) == [Period.DAY]
    assert periods(21) == [Period.WEEK]
    assert periods(25) == [Period.WEEK, Period.DAY]
