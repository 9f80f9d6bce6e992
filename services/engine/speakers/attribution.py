"""Words given to speakers, word by word."""

from bisect import bisect_left
from collections.abc import Sequence

from services.domain.intervals import Interval, overlap_ms
from services.engine.heard import Spoken

# A word further than this from any voice belongs to nobody; so does one that is about as near to
# two, unless it follows right on a word of one of them.
REACH_MS = 600
NEARER_MS = 120
FOLLOWING_MS = 250
# Where two people talk at once, a speaker's sentence goes on with them.
STAYING_SHARE = 0.25


def attribute(
    words: Sequence[Spoken],
    voices: Sequence[Sequence[Interval]],
    nobodys: Sequence[Interval] = (),
) -> tuple[int | None, ...]:
    """Return, per word, the index of the voice that says it, None when that can't be told.

    ``voices`` holds each speaker's sorted, disjoint spans, ``nobodys`` stretches that could be
    anybody's; ``words`` are in order of time.
    """
    given: list[int | None] = []
    previous: int | None = None
    ended_ms = -FOLLOWING_MS
    for word in words:
        middle_ms = (word.start_ms + word.end_ms) // 2
        if _shared_ms((middle_ms, middle_ms + 1), nobodys):
            given.append(None)
            continue
        follows = word.start_ms - ended_ms < FOLLOWING_MS
        previous = _voice_of(word, voices, previous, follows=follows)
        ended_ms = word.end_ms
        given.append(previous)
    return tuple(given)


def _voice_of(
    word: Spoken,
    voices: Sequence[Sequence[Interval]],
    previous: int | None,
    *,
    follows: bool,
) -> int | None:
    interval = (word.start_ms, word.end_ms)
    bonus = STAYING_SHARE * (word.end_ms - word.start_ms)
    scores = [
        shared + bonus if shared and index == previous else float(shared)
        for index, shared in enumerate(_shared_ms(interval, spans) for spans in voices)
    ]
    if scores and max(scores) > 0:
        return scores.index(max(scores))
    distances = [_distance_ms(interval, spans) for spans in voices]
    near = sorted(d for d in distances if d <= REACH_MS)
    if previous is not None and follows and distances[previous] <= REACH_MS:
        return previous
    if not near or (len(near) > 1 and near[1] - near[0] < NEARER_MS):
        return None
    return distances.index(near[0])


def _near(interval: Interval, spans: Sequence[Interval]) -> Sequence[Interval]:
    """Return the spans from the last one that starts before the interval on."""
    first = max(0, bisect_left(spans, (interval[0],)) - 1)
    last = bisect_left(spans, (interval[1],))
    return spans[first : last + 1]


def _shared_ms(interval: Interval, spans: Sequence[Interval]) -> int:
    return sum(overlap_ms(interval, span) for span in _near(interval, spans))


def _distance_ms(interval: Interval, spans: Sequence[Interval]) -> float:
    near = _near(interval, spans)
    return min((max(s - interval[1], interval[0] - e, 0) for s, e in near), default=float("inf"))
