"""Times of transcription frames, which count ticks of 100 ns from one moment or another.

Most frames count from the beginning of the transcription. One of the service's own examples has
an offset of 2,516,998,782,481,234,400 instead: that is what is left of the ticks until the end of
the year 9999, so it counts down. Both are understood, and so are ticks since the year 1.
"""

from dataclasses import dataclass

TICKS_PER_MS = 10_000
LONGEST_CALL_MS = 48 * 3_600_000
_LAST_TICK = 3_155_378_975_999_999_999
_YEAR_TICKS = 315_569_520_000_000
_YEAR_2000 = 2_000 * _YEAR_TICKS
_YEAR_2200 = 2_200 * _YEAR_TICKS


@dataclass(frozen=True, kw_only=True)
class Moment:
    """A moment of a call: ``ms`` since its beginning, or since the year 1 when ``is_dated``."""

    ms: int
    is_dated: bool = False


def moment_of(ticks: int) -> Moment | None:
    """Return the moment of an offset, None for one that can be none."""
    if 0 <= ticks <= LONGEST_CALL_MS * TICKS_PER_MS:
        return Moment(ms=ticks // TICKS_PER_MS)
    for dated in (ticks, _LAST_TICK - ticks):
        if _YEAR_2000 <= dated < _YEAR_2200:
            return Moment(ms=dated // TICKS_PER_MS, is_dated=True)
    return None


def length_ms(ticks: int | None) -> int | None:
    """Return a duration in milliseconds, None for one that is not told or can be none."""
    if ticks is None or not 0 <= ticks <= LONGEST_CALL_MS * TICKS_PER_MS:
        return None
    return ticks // TICKS_PER_MS
