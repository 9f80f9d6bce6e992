"""The part of a recording that is transcribed, and how people write where it starts and ends."""

import re
from dataclasses import dataclass

from services.domain.errors import InvalidRequest

SHORTEST_PART_MS = 1_000
LATEST_MS = 360_000_000  # 100 hours: no recording is that long, so it is a slip
_SECOND_MS = 1_000
_CLOCK = re.compile(r"(?:(?:(\d{1,3}):)?(\d{1,3}):)?(\d{1,6})(?:[.,](\d{1,3}))?", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Part:
    """What of a recording is transcribed, half-open: [start_ms, end_ms) on its own clock."""

    start_ms: int
    end_ms: int

    @property
    def duration_ms(self) -> int:
        """Length of the part in milliseconds."""
        return self.end_ms - self.start_ms


def check_bounds(start_ms: int | None, end_ms: int | None) -> None:
    """Raise InvalidRequest where no recording of whatever length has such a part."""
    for bound in (start_ms, end_ms):
        if bound is not None and not 0 <= bound <= LATEST_MS:
            raise InvalidRequest("The part to transcribe lies outside of any recording.")
    if end_ms is None:
        return
    if (start_ms or 0) >= end_ms:
        raise InvalidRequest("The part to transcribe has to end after it starts.")
    _check_length(end_ms - (start_ms or 0))


def part_of(duration_ms: int, start_ms: int | None, end_ms: int | None) -> Part | None:
    """Return the part of a recording of this length, None when that is the whole recording.

    An end behind the end of the recording means its end. Raises InvalidRequest when the recording
    has no such part, or one shorter than a second.
    """
    check_bounds(start_ms, end_ms)
    start = start_ms or 0
    end = duration_ms if end_ms is None else min(end_ms, duration_ms)
    if (start, end) == (0, duration_ms):
        return None
    if start >= duration_ms:
        raise InvalidRequest("The part to transcribe starts after the end of the recording.")
    _check_length(end - start)
    return Part(start_ms=start, end_ms=end)


def read_clock(text: str) -> int:
    """Return the milliseconds of ``1:30``, ``0:01:30``, ``1:30.5`` or ``90`` (seconds).

    Raises InvalidRequest for anything else.
    """
    found = _CLOCK.fullmatch(text.strip())
    hours, minutes, seconds, fraction = found.groups("0") if found else ("0", "0", "0", "0")
    too_many = found is not None and (
        (found[2] is not None and int(seconds) > 59) or (found[1] is not None and int(minutes) > 59)
    )
    if found is None or too_many:
        raise InvalidRequest("Write a time as minutes and seconds, such as 1:30 or 1:02:30.")
    whole = int(hours) * 3_600 + int(minutes) * 60 + int(seconds)
    return whole * _SECOND_MS + int(fraction.ljust(3, "0"))


def write_clock(ms: int) -> str:
    """Return a time as ``read_clock`` reads it: ``1:30``, ``1:02:30`` or ``1:30.500``."""
    seconds, fraction = divmod(ms, _SECOND_MS)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    whole = f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
    return f"{whole}.{fraction:03}" if fraction else whole


def _check_length(duration_ms: int) -> None:
    if duration_ms < SHORTEST_PART_MS:
        raise InvalidRequest("The part to transcribe has to be at least one second long.")
