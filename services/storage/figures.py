"""The figures of one call as lists and cross-call views use them."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta

from sqlalchemy import RowMapping

from services.domain.calls import Call
from services.domain.intervals import cut, length_ms
from services.domain.metrics import CallAnalysis
from services.domain.speech import SentimentLabel, SpeakerRole, Transcript
from services.storage.models import as_utc

# A call's mean is drawn to 0 by its many neutral utterances, so that little is needed to say that
# it went well or badly as a whole.
CALL_SENTIMENT_THRESHOLD = 0.1


@dataclass(frozen=True, kw_only=True)
class CallFigures:
    """Figures of one call, with the sums and counts that pooled figures are formed from.

    ``day`` is the day of the call in UTC, ``week`` that week's Monday. Talk of a role is the union
    of the voiced spans of its speakers; it and the interruptions are None when nobody has the
    role. ``all_talk_ms`` sums the talk of all speakers, so that overlap counts twice.
    ``dead_air_ms`` is None where an older version wrote the figures; ``resolved`` is the summary's
    verdict.
    """

    call_id: str
    day: date
    week: date
    agent_name: str | None
    queue: str | None
    duration_ms: int
    speech_ms: int
    all_talk_ms: int
    agent_talk_ms: int | None
    customer_talk_ms: int | None
    non_talk_ms: int
    longest_silence_ms: int
    hold_ms: int
    overlap_ms: int
    agent_interruptions: int | None
    customer_interruptions: int | None
    sentiment_sum: float
    sentiment_count: int
    customer_sentiment_sum: float
    customer_sentiment_count: int
    sentiment_mean: float | None
    customer_sentiment_mean: float | None
    sentiment_trend: float | None
    sentiment_label: SentimentLabel | None
    negative_utterances: int
    dead_air_ms: int | None = None
    resolved: bool | None = None

    @property
    def agent_share_of_call(self) -> float | None:
        """The agent's talk over the call's duration."""
        return _ratio(self.agent_talk_ms, self.duration_ms)

    @property
    def agent_share_of_speech(self) -> float | None:
        """The agent's talk over the sum of everybody's talk."""
        return _ratio(self.agent_talk_ms, self.all_talk_ms)

    @property
    def customer_share_of_call(self) -> float | None:
        """The customer's talk over the call's duration."""
        return _ratio(self.customer_talk_ms, self.duration_ms)

    @property
    def customer_share_of_speech(self) -> float | None:
        """The customer's talk over the sum of everybody's talk."""
        return _ratio(self.customer_talk_ms, self.all_talk_ms)


FIGURE_COLUMNS = tuple(f.name for f in fields(CallFigures))


def figures_of(call: Call, transcript: Transcript, analysis: CallAnalysis) -> CallFigures:
    """Return the figures of a call as this transcript (edits applied) shows it."""
    metrics = analysis.metrics
    everybody = _scores(transcript, None)
    customer = _scores(transcript, SpeakerRole.CUSTOMER)
    day = day_of(call.held_at)
    return CallFigures(
        call_id=call.id,
        day=day,
        week=week_of(day),
        agent_name=call.details.agent_name,
        queue=call.details.queue,
        duration_ms=metrics.duration_ms,
        speech_ms=metrics.speech_ms,
        all_talk_ms=sum(s.talk_ms for s in metrics.by_speaker.values()),
        agent_talk_ms=_talk_ms(transcript, SpeakerRole.AGENT),
        customer_talk_ms=_talk_ms(transcript, SpeakerRole.CUSTOMER),
        non_talk_ms=metrics.non_talk_ms,
        longest_silence_ms=metrics.longest_silence_ms,
        hold_ms=metrics.hold_ms,
        overlap_ms=metrics.overlap_ms,
        agent_interruptions=_interruptions(transcript, analysis, SpeakerRole.AGENT),
        customer_interruptions=_interruptions(transcript, analysis, SpeakerRole.CUSTOMER),
        sentiment_sum=sum(everybody),
        sentiment_count=len(everybody),
        customer_sentiment_sum=sum(customer),
        customer_sentiment_count=len(customer),
        sentiment_mean=metrics.sentiment_mean,
        customer_sentiment_mean=metrics.customer_sentiment_mean,
        sentiment_trend=metrics.sentiment_trend,
        sentiment_label=label_of_call(metrics.customer_sentiment_mean, metrics.sentiment_mean),
        negative_utterances=metrics.negative_utterances,
        dead_air_ms=metrics.dead_air_ms,
        resolved=transcript.summary.resolved if transcript.summary else None,
    )


def label_of_call(customer_mean: float | None, mean: float | None) -> SentimentLabel | None:
    """Return a call's sentiment: the customer's, or everybody's when no customer is known."""
    score = mean if customer_mean is None else customer_mean
    if score is None:
        return None
    if score >= CALL_SENTIMENT_THRESHOLD:
        return SentimentLabel.POSITIVE
    if score <= -CALL_SENTIMENT_THRESHOLD:
        return SentimentLabel.NEGATIVE
    return SentimentLabel.NEUTRAL


def day_of(moment: datetime) -> date:
    """Return the day of a moment in UTC."""
    return as_utc(moment).date()


def week_of(day: date) -> date:
    """Return the Monday of the day's week."""
    return day - timedelta(days=day.weekday())


def figures_from_row(row: RowMapping, prefix: str = "") -> CallFigures:
    """Return the figures in a database row whose columns have their names after ``prefix``."""
    found = {name: row[prefix + name] for name in FIGURE_COLUMNS}
    label = found["sentiment_label"]
    return CallFigures(**{**found, "sentiment_label": label and SentimentLabel(label)})


def _speakers(transcript: Transcript, role: SpeakerRole) -> set[str]:
    return {s.id for s in transcript.speakers if s.role is role}


def _talk_ms(transcript: Transcript, role: SpeakerRole) -> int | None:
    speakers = _speakers(transcript, role)
    if not speakers:
        return None
    return length_ms(
        cut((s.start_ms, s.end_ms), transcript.covered)
        for s in transcript.spans
        if s.speaker in speakers
    )


def _interruptions(transcript: Transcript, analysis: CallAnalysis, role: SpeakerRole) -> int | None:
    speakers = _speakers(transcript, role)
    return sum(i.by in speakers for i in analysis.interruptions) if speakers else None


def _scores(transcript: Transcript, role: SpeakerRole | None) -> list[float]:
    speakers: Iterable[str | None] = _speakers(transcript, role) if role else ()
    return [
        u.sentiment.score
        for u in transcript.utterances
        if u.sentiment is not None
        and not u.is_backchannel
        and (role is None or u.speaker in speakers)
    ]


def _ratio(part: int | None, whole: int) -> float | None:
    return part / whole if part is not None and whole > 0 else None
