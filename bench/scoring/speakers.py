"""Who speaks when: diarization errors, and which heard speaker is which true one.

DER = (missed + false alarm + confusion) ÷ true speech, speech of several speakers at once
counting for each of them (NIST, as in pyannote.metrics). With a collar, everything within that
time of a true start or end is left out of the scoring.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.optimize import linear_sum_assignment

from bench.scoring.counted import Counted, rate
from services.domain.speech import Span

COLLAR_MS = 250
_TRUE, _HEARD, _LEFT_OUT = range(3)


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """An interval in which the same speakers speak throughout."""

    duration_ms: int
    true: frozenset[str]
    heard: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class DiarizationErrors(Counted):
    """Times of errors against ``speech_ms`` of true speech, all in ms."""

    speech_ms: int
    missed_ms: int
    false_alarm_ms: int
    confusion_ms: int

    @property
    def rate(self) -> float | None:
        """The diarization error rate."""
        return rate(self.missed_ms + self.false_alarm_ms + self.confusion_ms, self.speech_ms)


def stretches(true: Sequence[Span], heard: Sequence[Span], *, collar_ms: int = 0) -> list[Stretch]:
    """Cut time wherever anybody starts or stops; what lies within a collar is left out."""
    edges = [*_edges(_TRUE, true), *_edges(_HEARD, heard), *_collars(true, collar_ms)]
    active: tuple[Counter[str], ...] = (Counter(), Counter(), Counter())
    found = []
    for (at_ms, step, side, speaker), (next_ms, *_) in pairwise(sorted(edges)):
        active[side][speaker] += step
        if next_ms > at_ms and not +active[_LEFT_OUT]:
            found.append(
                Stretch(
                    duration_ms=next_ms - at_ms,
                    true=frozenset(+active[_TRUE]),
                    heard=frozenset(+active[_HEARD]),
                )
            )
    return found


def pair_speakers(scene: Sequence[Stretch]) -> dict[str, str]:
    """Pair true with heard speakers so that they speak together as long as possible."""
    together: Counter[tuple[str, str]] = Counter()
    for stretch in scene:
        for true in stretch.true:
            for heard in stretch.heard:
                together[true, heard] += stretch.duration_ms
    names = sorted({true for true, _ in together})
    others = sorted({heard for _, heard in together})
    times = np.array([[together[a, b] for b in others] for a in names], int)
    if not times.size:
        return {}
    chosen = zip(*linear_sum_assignment(times, maximize=True), strict=True)
    return {names[row]: others[column] for row, column in chosen if times[row, column]}


def diarization_errors(scene: Sequence[Stretch]) -> DiarizationErrors:
    """Count the errors of a scene, speakers paired at their best."""
    pairs = set(pair_speakers(scene).items())
    speech = missed = false_alarm = confusion = 0
    for stretch in scene:
        true, heard, ms = len(stretch.true), len(stretch.heard), stretch.duration_ms
        right = sum((a, b) in pairs for a in stretch.true for b in stretch.heard)
        speech += true * ms
        missed += max(0, true - heard) * ms
        false_alarm += max(0, heard - true) * ms
        confusion += (min(true, heard) - right) * ms
    return DiarizationErrors(
        speech_ms=speech, missed_ms=missed, false_alarm_ms=false_alarm, confusion_ms=confusion
    )


def overlap_ms(scene: Sequence[Stretch]) -> int:
    """How long at least two true speakers speak at once."""
    return sum(s.duration_ms for s in scene if len(s.true) > 1)


def talk_ms(spans: Sequence[Span]) -> Mapping[str, int]:
    """How long each speaker speaks, own overlaps counting once."""
    talk: Counter[str] = Counter()
    for stretch in stretches(spans, ()):
        for speaker in stretch.true:
            talk[speaker] += stretch.duration_ms
    return talk


_Edge = tuple[int, int, int, str]


def _edges(side: int, spans: Sequence[Span]) -> list[_Edge]:
    return [
        edge
        for s in spans
        if s.end_ms > s.start_ms
        for edge in ((s.start_ms, 1, side, s.speaker), (s.end_ms, -1, side, s.speaker))
    ]


def _collars(true: Sequence[Span], collar_ms: int) -> list[_Edge]:
    moments = [at for s in true if s.end_ms > s.start_ms for at in (s.start_ms, s.end_ms)]
    around = [Span(speaker="", start_ms=at - collar_ms, end_ms=at + collar_ms) for at in moments]
    return _edges(_LEFT_OUT, around)
