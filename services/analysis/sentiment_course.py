"""How sentiment moves over a call."""

from collections.abc import Iterable
from statistics import fmean

from services.domain.intervals import Interval
from services.domain.speech import SpeakerRole, Transcript, Utterance

QUARTERS = 4


def scored_utterances(
    transcript: Transcript, role: SpeakerRole | None = None
) -> list[tuple[int, float]]:
    """Return (midpoint_ms, score) of each scored utterance, backchannels left out.

    With ``role`` only that role's utterances; without, everybody's.
    """
    roles = {speaker.id: speaker.role for speaker in transcript.speakers}
    return [
        (_midpoint_ms(utterance), utterance.sentiment.score)
        for utterance in transcript.utterances
        if utterance.sentiment is not None
        and not utterance.is_backchannel
        and (
            role is None or (utterance.speaker is not None and roles.get(utterance.speaker) is role)
        )
    ]


def sentiment_course(
    transcript: Transcript, role: SpeakerRole | None, points: int
) -> tuple[float | None, ...]:
    """Return the mean score in each of ``points`` equal parts of the call, None where nobody spoke.

    The call is what was transcribed of it. Utterances are placed by their midpoint. Raises
    ValueError when ``points`` is below 1.
    """
    if points < 1:
        raise ValueError("points must be at least 1")
    parts = _by_part(scored_utterances(transcript, role), transcript.covered, points)
    return tuple(fmean(part) if part else None for part in parts)


def sentiment_trend(transcript: Transcript) -> tuple[float | None, int]:
    """Return how far the customer's mean score rose from the first to the last quarter, and n.

    n is the number of utterances in these two quarters. None when either quarter has none.
    """
    scored = scored_utterances(transcript, SpeakerRole.CUSTOMER)
    parts = _by_part(scored, transcript.covered, QUARTERS)
    first, last = parts[0], parts[-1]
    count = len(first) + len(last)
    if not first or not last:
        return None, count
    return fmean(last) - fmean(first), count


def part_at(at_ms: int, covered: Interval, points: int) -> int:
    """Return in which of ``points`` equal parts of an interval a moment lies, counted from 0."""
    start_ms, end_ms = covered
    place = (at_ms - start_ms) * points // max(1, end_ms - start_ms)
    return min(points - 1, max(0, place))


def _midpoint_ms(utterance: Utterance) -> int:
    return (utterance.start_ms + utterance.end_ms) // 2


def _by_part(
    scored: Iterable[tuple[int, float]], covered: Interval, points: int
) -> list[list[float]]:
    parts: list[list[float]] = [[] for _ in range(points)]
    for at_ms, score in scored:
        parts[part_at(at_ms, covered, points)].append(score)
    return parts
