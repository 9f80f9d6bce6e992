"""Moments of a call: interruptions by their start, holds and dead air by the time they cover."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.scoring.counted import Counted, rate
from services.domain.intervals import Interval, intersection, length_ms
from services.domain.metrics import Interruption

TOLERANCE_MS = 1_000


@dataclass(frozen=True, kw_only=True)
class Matches(Counted):
    """How many moments there truly are, how many were claimed, how many of both are the same."""

    true: int
    claimed: int
    matched: int

    @property
    def precision(self) -> float | None:
        """Share of the claimed ones that are true."""
        return rate(self.matched, self.claimed)

    @property
    def recall(self) -> float | None:
        """Share of the true ones that were claimed."""
        return rate(self.matched, self.true)

    @property
    def f1(self) -> float | None:
        """The harmonic mean of both."""
        return rate(2 * self.matched, self.true + self.claimed)


@dataclass(frozen=True, kw_only=True)
class Coverage(Counted):
    """How long something truly lasts, how long it was claimed, how long both hold, in ms."""

    true_ms: int
    claimed_ms: int
    common_ms: int

    @property
    def recall(self) -> float | None:
        """Share of the true time that was claimed."""
        return rate(self.common_ms, self.true_ms)


def match_interruptions(
    true: Iterable[Interruption], claimed: Iterable[Interruption], pairs: Mapping[str, str]
) -> Matches:
    """Match interruptions of the same speaker that start within a second of each other.

    ``pairs`` maps true to heard speakers. Each is matched at most once, in the order of time.
    """
    left = sorted(claimed, key=lambda i: i.start_ms)
    number, wanted, matched = len(left), sorted(true, key=lambda i: i.start_ms), 0
    for one in wanted:
        fitting = (
            i
            for i in left
            if i.by == pairs.get(one.by) and abs(i.start_ms - one.start_ms) <= TOLERANCE_MS
        )
        if (found := next(fitting, None)) is not None:
            left.remove(found)
            matched += 1
    return Matches(true=len(wanted), claimed=number, matched=matched)


def cover(true: Sequence[Interval], claimed: Sequence[Interval]) -> Coverage:
    """Compare two sets of intervals by the time they cover."""
    return Coverage(
        true_ms=length_ms(true),
        claimed_ms=length_ms(claimed),
        common_ms=length_ms(intersection(true, claimed)),
    )
