"""Marks acknowledgements that a listener gives while the other party keeps the floor."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import replace

from services.analysis.floor import spans_by_speaker
from services.analysis.wording import count_words, is_acknowledgement, is_question
from services.domain.intervals import union
from services.domain.speech import Transcript, Utterance

LONGEST_MS = 1_000
MOST_WORDS = 3
_CONTINUES_WITHIN_MS = 1_000


def mark_backchannels(transcript: Transcript) -> Transcript:
    """Return the transcript with ``is_backchannel`` set where an utterance is one.

    A backchannel is an acknowledgement of at most a second or three words inside the other
    party's speech: the other is talking throughout, or pauses for it and goes on. An answer to a
    question is none. Marks that are there already stay.
    """
    floors = _other_floors(transcript)
    utterances = tuple(
        replace(u, is_backchannel=True)
        if not u.is_backchannel and _is_backchannel(u, place, transcript, floors)
        else u
        for place, u in enumerate(transcript.utterances)
    )
    return replace(transcript, utterances=utterances)


def _is_backchannel(
    utterance: Utterance,
    place: int,
    transcript: Transcript,
    floors: dict[str, "_Floor"],
) -> bool:
    if utterance.speaker is None or not is_acknowledgement(utterance.text):
        return False
    brief = utterance.end_ms - utterance.start_ms <= LONGEST_MS
    if not brief and count_words(utterance.text) > MOST_WORDS:
        return False
    others = [f for speaker, f in floors.items() if speaker != utterance.speaker]
    if any(floor.covers(utterance) for floor in others):
        return True
    previous = _previous_of_other(transcript.utterances, place)
    if previous is not None and is_question(previous.text):
        return False
    return any(floor.surrounds(utterance) for floor in others)


def _previous_of_other(utterances: Sequence[Utterance], place: int) -> Utterance | None:
    own = utterances[place].speaker
    for at in range(place - 1, -1, -1):
        utterance = utterances[at]
        if utterance.speaker != own and not utterance.is_backchannel:
            return utterance
    return None


class _Floor:
    """One speaker's voiced intervals, asked whether they go on around an utterance."""

    def __init__(self, intervals: Sequence[tuple[int, int]]) -> None:
        self._intervals = intervals
        self._starts = [start for start, _ in intervals]
        self._ends = [end for _, end in intervals]

    def covers(self, utterance: Utterance) -> bool:
        """Whether this speaker talks at the start and goes on after the end of the utterance."""
        at = bisect_right(self._starts, utterance.start_ms) - 1
        return at >= 0 and self._ends[at] > utterance.start_ms and self._goes_on(utterance)

    def surrounds(self, utterance: Utterance) -> bool:
        """Whether this speaker stopped just before the utterance and goes on just after it."""
        at = bisect_right(self._ends, utterance.start_ms) - 1
        just_stopped = at >= 0 and utterance.start_ms - self._ends[at] <= _CONTINUES_WITHIN_MS
        return just_stopped and self._goes_on(utterance)

    def _goes_on(self, utterance: Utterance) -> bool:
        at = bisect_left(self._ends, utterance.end_ms + 1)
        if at == len(self._ends):
            return False
        return self._starts[at] <= utterance.end_ms + _CONTINUES_WITHIN_MS


def _other_floors(transcript: Transcript) -> dict[str, _Floor]:
    voiced = spans_by_speaker(transcript.spans, within=transcript.covered)
    return {speaker: _Floor(union(intervals)) for speaker, intervals in voiced.items()}
