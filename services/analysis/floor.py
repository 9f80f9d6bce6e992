"""Who holds the floor when: runs of speech, floor changes, interruptions, response times.

A *run* is one speaker's voiced spans joined over pauses of at most ``RUN_PAUSE_MS``, without
backchannels. All times are integer milliseconds, intervals half-open.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from services.analysis.wording import is_question, is_unfinished, seizes_the_floor
from services.domain.intervals import (
    Interval,
    covered_ms,
    cut,
    intersection,
    overlap_ms,
    union,
)
from services.domain.metrics import Interruption
from services.domain.speech import Span, Transcript, Utterance

RUN_PAUSE_MS = 700
"""Pauses up to here lie inside a run: a breath is no new start."""
LATCH_MS = 250
"""Shorter overlaps at a change of speaker are smooth handovers, never interruptions."""
SIMULTANEOUS_MS = 250
"""Who starts within this of the other could not have heard them yet: neither breaks in."""
TOO_EARLY_MS = 400
"""Listeners foresee an end by about 0.2 s (Levinson and Torreira, 2015); twice that is no slip."""
INTERJECTION_MS = 1_000
"""Up to this length, speaking up while the other finishes is an interjection."""
YIELD_WITHIN_MS = 1_000
CONTESTED_MS = 1_000
TAKES_FLOOR_MS = 2_000
MONOLOGUE_PAUSE_MS = 3_000
_BACKCHANNEL_MARGIN_MS = 250
_BACKCHANNEL_COVERAGE = 0.6
_EDGE_TOLERANCE_MS = 500


@dataclass(frozen=True, kw_only=True)
class Run:
    """A stretch of continuous speech of one speaker."""

    speaker: str
    start_ms: int
    end_ms: int

    @property
    def interval(self) -> Interval:
        """The run as a plain interval."""
        return (self.start_ms, self.end_ms)


def spans_by_speaker(spans: Iterable[Span], *, within: Interval) -> dict[str, list[Interval]]:
    """Return each speaker's voiced intervals, united and cut to ``within``."""
    found: dict[str, list[Interval]] = {}
    for span in spans:
        found.setdefault(span.speaker, []).append(cut((span.start_ms, span.end_ms), within))
    return {speaker: union(intervals) for speaker, intervals in found.items()}


def without_backchannels(
    voiced: Mapping[str, Sequence[Interval]], utterances: Iterable[Utterance]
) -> dict[str, list[Interval]]:
    """Drop the voiced intervals that are mostly covered by a backchannel of the same speaker."""
    marked: dict[str, list[Interval]] = {}
    for utterance in utterances:
        if utterance.is_backchannel and utterance.speaker is not None:
            marked.setdefault(utterance.speaker, []).append(
                (
                    utterance.start_ms - _BACKCHANNEL_MARGIN_MS,
                    utterance.end_ms + _BACKCHANNEL_MARGIN_MS,
                )
            )
    return {
        speaker: _uncovered(intervals, union(marked.get(speaker, [])))
        for speaker, intervals in voiced.items()
    }


def _uncovered(intervals: Sequence[Interval], marked: Sequence[Interval]) -> list[Interval]:
    starts = [start for start, _ in marked]
    kept = []
    for start, end in intervals:
        near = marked[max(0, bisect_right(starts, start) - 1) : bisect_left(starts, end)]
        if covered_ms((start, end), near) < _BACKCHANNEL_COVERAGE * (end - start):
            kept.append((start, end))
    return kept


def runs_of(voiced: Mapping[str, Sequence[Interval]]) -> list[Run]:
    """Join each speaker's intervals over short pauses; ordered by start over all speakers."""
    runs = [
        Run(speaker=speaker, start_ms=start, end_ms=end)
        for speaker, intervals in voiced.items()
        for start, end in union(intervals, bridge_ms=RUN_PAUSE_MS)
    ]
    return sorted(runs, key=lambda run: (run.start_ms, run.end_ms, run.speaker))


def floor_sequence(runs: Sequence[Run]) -> list[Run]:
    """Return the runs that take the floor: those not wholly inside another speaker's run."""
    taking: list[Run] = []
    latest_end: dict[str, int] = {}
    for run in runs:
        others = [end for speaker, end in latest_end.items() if speaker != run.speaker]
        if not others or max(others) < run.end_ms:
            taking.append(run)
        latest_end[run.speaker] = max(latest_end.get(run.speaker, 0), run.end_ms)
    return taking


def count_switches(floor: Sequence[Run]) -> int:
    """Number of times the floor passes from one speaker to another."""
    return sum(a.speaker != b.speaker for a, b in pairwise(floor))


def response_gaps_ms(
    floor: Sequence[Run],
    holds: Sequence[Interval],
    *,
    is_asker: Callable[[str], bool],
    is_answerer: Callable[[str], bool],
) -> list[int]:
    """Gaps (>= 0) between a stop of one party and the start of the other, outside holds."""
    gaps = []
    for before, after in pairwise(floor):
        if not (is_asker(before.speaker) and is_answerer(after.speaker)):
            continue
        gap = (before.end_ms, after.start_ms)
        if gap[1] >= gap[0] and not any(overlap_ms(gap, hold) for hold in holds):
            gaps.append(gap[1] - gap[0])
    return gaps


def longest_monologues_ms(floor: Sequence[Run], holds: Sequence[Interval]) -> dict[str, int]:
    """Per speaker the longest uninterrupted stretch, own pauses under 3 s included.

    The floor sequence holds no backchannels, so the other party's don't break a monologue; a hold
    does.
    """
    longest: dict[str, int] = {}
    start_ms = 0
    previous: Run | None = None
    for run in floor:
        if previous is None or not _goes_on(previous, run, holds):
            start_ms = run.start_ms
        longest[run.speaker] = max(longest.get(run.speaker, 0), run.end_ms - start_ms)
        previous = run
    return longest


def current_monologue(floor: Sequence[Run], holds: Sequence[Interval]) -> Run | None:
    """Return the stretch in which the floor's last holder has talked, as ``longest_monologues_ms``.

    None before anybody has spoken.
    """
    if not floor:
        return None
    first = len(floor) - 1
    while first > 0 and _goes_on(floor[first - 1], floor[first], holds):
        first -= 1
    return Run(speaker=floor[-1].speaker, start_ms=floor[first].start_ms, end_ms=floor[-1].end_ms)


def _goes_on(previous: Run, run: Run, holds: Sequence[Interval]) -> bool:
    if previous.speaker != run.speaker or run.start_ms - previous.end_ms >= MONOLOGUE_PAUSE_MS:
        return False
    pause = (previous.end_ms, run.start_ms)
    return not any(overlap_ms(pause, hold) for hold in holds)


def find_interruptions(
    runs: Sequence[Run], voiced: Mapping[str, Sequence[Interval]], transcript: Transcript
) -> tuple[Interruption, ...]:
    """Find the starts of speakers who break into another's speech.

    X interrupts Y when X starts while Y speaks and both talk for at least a second, or X goes on
    for two seconds after Y stopped, or Y stops within a second and was stopped: in mid-sentence,
    by words such as "wait", or long before the end by more than an interjection. Starting at the
    same time interrupts nobody. The interval of an interruption runs from X's start to the end of
    the simultaneous speech.
    """
    spoken = _Spoken(transcript.utterances)
    found = []
    open_runs: list[Run] = []
    for run in runs:
        open_runs = [r for r in open_runs if r.end_ms > run.start_ms]
        rivals = [
            r
            for r in open_runs
            if r.speaker != run.speaker and run.start_ms - r.start_ms >= SIMULTANEOUS_MS
        ]
        for rival in sorted(rivals, key=lambda r: -r.end_ms):
            if _breaks_in(run, rival, voiced, spoken):
                end_ms = min(run.end_ms, rival.end_ms)
                found.append(Interruption(by=run.speaker, start_ms=run.start_ms, end_ms=end_ms))
                break
        open_runs.append(run)
    return tuple(found)


def _breaks_in(
    run: Run,
    rival: Run,
    voiced: Mapping[str, Sequence[Interval]],
    spoken: "_Spoken",
) -> bool:
    both = (run.start_ms, min(run.end_ms, rival.end_ms))
    together_ms = sum(
        end - start
        for start, end in intersection(
            _within(voiced[run.speaker], both), _within(voiced[rival.speaker], both)
        )
    )
    if together_ms < LATCH_MS:
        return False
    if together_ms >= CONTESTED_MS or run.end_ms - rival.end_ms >= TAKES_FLOOR_MS:
        return True
    yields = rival.end_ms <= run.end_ms and rival.end_ms - run.start_ms <= YIELD_WITHIN_MS
    return yields and _was_stopped(run, rival, together_ms, spoken)


def _was_stopped(run: Run, rival: Run, together_ms: int, spoken: "_Spoken") -> bool:
    last_words = spoken.text_ending_at(rival)
    if is_unfinished(last_words) or seizes_the_floor(spoken.text_starting_at(run)):
        return True
    # Recognisers end a broken-off sentence with a full stop as well, so words alone don't tell.
    is_answer = is_question(last_words)
    early = together_ms >= TOO_EARLY_MS and run.end_ms - run.start_ms > INTERJECTION_MS
    return early and not is_answer


def _within(intervals: Sequence[Interval], window: Interval) -> list[Interval]:
    first = max(0, bisect_right(intervals, (window[0], window[0])) - 1)
    last = bisect_left(intervals, (window[1], window[1]))
    cut = ((max(s, window[0]), min(e, window[1])) for s, e in intervals[first:last])
    return [(s, e) for s, e in cut if s < e]


class _Spoken:
    """Finds what a speaker was saying when a run of theirs began or ended."""

    def __init__(self, utterances: Iterable[Utterance]) -> None:
        self._starts: dict[str, list[Utterance]] = {}
        self._ends: dict[str, list[Utterance]] = {}
        for utterance in utterances:
            if utterance.speaker is not None and not utterance.is_backchannel:
                self._starts.setdefault(utterance.speaker, []).append(utterance)
        for speaker, own in self._starts.items():
            own.sort(key=_start_ms)
            self._ends[speaker] = sorted(own, key=_end_ms)

    def text_starting_at(self, run: Run) -> str:
        return _text_near(self._starts.get(run.speaker, []), run.start_ms, _start_ms)

    def text_ending_at(self, run: Run) -> str:
        return _text_near(self._ends.get(run.speaker, []), run.end_ms, _end_ms)


def _start_ms(utterance: Utterance) -> int:
    return utterance.start_ms


def _end_ms(utterance: Utterance) -> int:
    return utterance.end_ms


def _text_near(own: Sequence[Utterance], at_ms: int, edge_ms: Callable[[Utterance], int]) -> str:
    """Return the text of the utterance with the nearest edge at most half a second away."""
    first = bisect_left(own, at_ms - _EDGE_TOLERANCE_MS, key=edge_ms)
    last = bisect_right(own, at_ms + _EDGE_TOLERANCE_MS, key=edge_ms)
    near = own[first:last]
    return min(near, key=lambda u: abs(edge_ms(u) - at_ms)).text if near else ""
