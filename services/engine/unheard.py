"""Speech that was left without words: looked for once more, in windows of its own."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from services.domain.intervals import Interval, covered_ms, intersection, union
from services.engine.heard import HeardWord
from services.engine.windows import Window, pack

# Shorter stretches without words are breaths, laughter and the slack of word times.
SHORTEST_MS = 1_500
# What is left out of a long window is often found in a shorter one, and then in one yet shorter.
WINDOWS_MS = (14_000, 7_000)

Speech = Mapping[int | None, Sequence[Interval]]


def gaps_without_words(
    words: Sequence[HeardWord], voiced: Sequence[Interval], duration_ms: int
) -> list[Interval]:
    """Return the stretches between words in which somebody speaks for 1.5 s or more.

    ``words`` and ``voiced`` are of one channel and in order.
    """
    spoken = union(voiced)
    starts, ends = [start for start, _ in spoken], [end for _, end in spoken]
    gaps: list[Interval] = []
    at = 0
    for word in [*words, None]:
        end = duration_ms if word is None else word.start_ms
        near = spoken[bisect_right(ends, at) : bisect_left(starts, end)]
        if covered_ms((at, end), near) >= SHORTEST_MS:
            gaps.append((at, end))
        at = max(at, end if word is None else word.end_ms)
    return gaps


def windows_for(
    gaps: Sequence[Interval],
    voiced: Sequence[Interval],
    *,
    channel: int | None,
    duration_ms: int,
    attempt: int,
) -> tuple[Window, ...]:
    """Pack the voiced parts of the gaps for another attempt, of which the first has number 1."""
    windows = pack(
        intersection(gaps, union(voiced)),
        channel=channel,
        duration_ms=duration_ms,
        longest_ms=WINDOWS_MS[attempt - 1],
    )
    return tuple(replace(window, attempt=attempt) for window in windows)


def only_in(words: Iterable[HeardWord], gaps: Sequence[Interval]) -> list[HeardWord]:
    """Keep the words whose middle lies in a gap: what is around them has been heard before."""
    return [w for w in words if any(start <= w.middle_ms < end for start, end in gaps)]
