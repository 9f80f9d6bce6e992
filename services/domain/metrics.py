"""Figures about a conversation. docs/metrics.md defines each one; None means: not defined here."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.domain.speech import Transcript


@dataclass(frozen=True, kw_only=True)
class Interruption:
    """One speaker starts while another speaks and takes the floor or talks over them."""

    by: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, kw_only=True)
class Gap:
    """An interval in which nobody speaks, half-open."""

    start_ms: int
    end_ms: int

    @property
    def duration_ms(self) -> int:
        """Length of the gap in milliseconds."""
        return self.end_ms - self.start_ms


@dataclass(frozen=True, kw_only=True)
class SpeakerMetrics:
    """Figures of one speaker. Shares are fractions in 0..1; rates are per minute of own talk.

    ``fillers`` is None when fillers were taken out of the text.
    """

    talk_ms: int
    talk_share_of_call: float | None
    talk_share_of_speech: float | None
    talk_listen_ratio: float | None
    words: int
    words_per_minute: float | None
    interruptions: int
    longest_monologue_ms: int
    questions: int
    questions_per_minute: float | None
    fillers: int | None
    fillers_per_100_words: float | None
    loudness_dbfs: tuple[float | None, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CallMetrics:
    """Figures of one call. Times in milliseconds; each is defined in docs/metrics.md.

    ``duration_ms`` is the length of what was transcribed: of the recording, or of a part of it.
    """

    duration_ms: int
    speech_ms: int
    overlap_ms: int
    overlap_count: int
    overlap_mean_ms: int | None
    overlap_first_ms: int | None
    overlap_share_of_speech: float | None
    non_talk_ms: int
    silence_ms: int
    longest_silence_ms: int
    dead_air_ms: int
    dead_air_count: int
    hold_ms: int
    hold_count: int
    switches: int
    switches_per_minute: float | None
    patience_ms: int | None
    patience_n: int
    response_ms: int | None
    response_n: int
    sentiment_mean: float | None
    customer_sentiment_mean: float | None
    sentiment_trend: float | None
    sentiment_n: int
    negative_utterances: int
    by_speaker: Mapping[str, SpeakerMetrics] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class CallAnalysis:
    """Everything computed from a transcript: the figures and the moments they come from."""

    metrics: CallMetrics
    interruptions: tuple[Interruption, ...] = ()
    dead_air: tuple[Gap, ...] = ()
    silences: tuple[Gap, ...] = ()
    overlaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, kw_only=True)
class AnalysedTranscript:
    """A transcript with the figures that belong to it."""

    transcript: Transcript
    analysis: CallAnalysis
