"""The days of a filter as whole weeks, of which there are sums, and the days before and after."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from services.domain.together import Period

_WEEK = timedelta(days=7)
# With fewer whole weeks than this, the sums of days are as quickly read.
FEWEST_WEEKS = 3


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """Days in a row, or weeks by their Mondays; both ends are included, None is no end."""

    period: Period
    first: date | None = None
    last: date | None = None


def stretches(first_day: date | None, last_day: date | None, *, weeks: bool) -> tuple[Stretch, ...]:
    """Return what together are all days from the first to the last, each of them once.

    ``weeks`` tells whether sums of whole weeks will do; else all are days.
    """
    days = Stretch(period=Period.DAY, first=first_day, last=last_day)
    if not weeks:
        return (days,)
    monday = first_day and first_day + timedelta(days=-first_day.weekday() % 7)
    # The Monday after the last whole week.
    end = last_day and last_day + timedelta(days=1) - timedelta(days=(last_day.weekday() + 1) % 7)
    if monday and end and end - monday < FEWEST_WEEKS * _WEEK:
        return (days,)
    return tuple(_around(days, monday, end))


def _around(days: Stretch, monday: date | None, end: date | None) -> Iterator[Stretch]:
    """Yield the weeks from a Monday to another, and the rest of the days."""
    yield Stretch(period=Period.WEEK, first=monday, last=end and end - _WEEK)
    if monday and days.first and days.first < monday:
        yield Stretch(period=Period.DAY, first=days.first, last=monday - timedelta(days=1))
    if end and days.last and end <= days.last:
        yield Stretch(period=Period.DAY, first=end, last=days.last)
