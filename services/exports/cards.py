"""The figures of a call as cards to read: a title, a value, and what it is measured against."""

from dataclasses import dataclass

from services.domain.metrics import SpeakerMetrics
from services.domain.reviewed import ReviewedCall
from services.domain.speech import Speaker
from services.exports.wording import clock, one_line, part_line, role_name

NOT_DEFINED = "–"


@dataclass(frozen=True, kw_only=True)
class Card:
    """One figure of the call."""

    title: str
    value: str
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class SpeakerRow:
    """One speaker's figures, ready to print."""

    label: str
    role: str
    cells: tuple[str, ...]


SPEAKER_COLUMNS = (
    "Talk",
    "Share of talk",
    "Share of call",
    "Words/min",
    "Interruptions",
    "Longest monologue",
    "Questions",
    "Fillers/100 words",
)


def cards(reviewed: ReviewedCall) -> tuple[Card, ...]:
    """Return the call's cards."""
    m = reviewed.analysis.metrics
    return (
        Card(
            title="Duration",
            value=clock(m.duration_ms),
            note=part_line(reviewed.transcript) or "",
        ),
        Card(
            title="Nobody speaks",
            value=clock(m.non_talk_ms),
            note=_of(m.non_talk_ms, m.duration_ms, "of the call"),
        ),
        Card(title="On hold", value=clock(m.hold_ms), note=_times(m.hold_count))
        if reviewed.holds_known
        else Card(title="On hold", value=NOT_DEFINED, note="needs the recording"),
        Card(
            title="Dead air",
            value=clock(m.dead_air_ms),
            note=f"{_times(m.dead_air_count)}, gaps over 5 s",
        ),
        Card(
            title="Both talk",
            value=_seconds(m.overlap_ms),
            note=f"{_times(m.overlap_count)}, {_percent(m.overlap_share_of_speech)} of speech",
        ),
        Card(
            title="Interruptions",
            value=str(len(reviewed.analysis.interruptions)),
            note="backchannels not counted",
        ),
        Card(title="Switches per minute", value=_decimal(m.switches_per_minute)),
        Card(
            title="Agent answers after",
            value=_seconds(m.patience_ms),
            note=f"median of {m.patience_n}",
        ),
        Card(
            title="Customer answers after",
            value=_seconds(m.response_ms),
            note=f"median of {m.response_n}",
        ),
        Card(
            title="Customer sentiment",
            value=_signed(m.customer_sentiment_mean),
            note="mean, −1 to 1",
        ),
        Card(
            title="Sentiment trend",
            value=_signed(m.sentiment_trend),
            note=f"last minus first quarter, n = {m.sentiment_n}",
        ),
        Card(title="Negative utterances", value=str(m.negative_utterances)),
    )


def speaker_rows(reviewed: ReviewedCall) -> tuple[SpeakerRow, ...]:
    """Return each speaker's row in the order of ``SPEAKER_COLUMNS``."""
    figures = reviewed.analysis.metrics.by_speaker
    return tuple(
        _speaker_row(speaker, figures.get(speaker.id)) for speaker in reviewed.transcript.speakers
    )


def _speaker_row(speaker: Speaker, own: SpeakerMetrics | None) -> SpeakerRow:
    cells: tuple[str, ...] = (NOT_DEFINED,) * len(SPEAKER_COLUMNS)
    if own is not None:
        cells = (
            clock(own.talk_ms),
            _percent(own.talk_share_of_speech),
            _percent(own.talk_share_of_call),
            _decimal(own.words_per_minute, 0),
            str(own.interruptions),
            _seconds(own.longest_monologue_ms),
            str(own.questions),
            _decimal(own.fillers_per_100_words),
        )
    return SpeakerRow(label=one_line(speaker.label), role=role_name(speaker.role), cells=cells)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _of(part_ms: int, whole_ms: int, what: str) -> str:
    return f"{part_ms / whole_ms:.0%} {what}" if whole_ms else ""


def _percent(fraction: float | None) -> str:
    return NOT_DEFINED if fraction is None else f"{fraction:.0%}"


def _decimal(value: float | None, digits: int = 1) -> str:
    return NOT_DEFINED if value is None else f"{value:.{digits}f}"


def _signed(value: float | None) -> str:
    return NOT_DEFINED if value is None else f"{value:+.2f}"


def _seconds(duration_ms: int | None) -> str:
    return NOT_DEFINED if duration_ms is None else f"{duration_ms / 1000:.1f} s"
