"""The figures of two transcripts of a call, and who did which part of the work."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

import streamlit as st

from components.wording import MISSING, NEEDS_RECORDING, duration, number, percent, signed
from services.domain.metrics import SpeakerMetrics
from services.domain.reviewed import ReviewedCall
from services.domain.speech import SpeakerRole

Figure = Callable[[ReviewedCall], float | None]


@dataclass(frozen=True, kw_only=True)
class Row:
    """A figure with how it reads, and how its change does."""

    title: str
    of: Figure
    words: Callable[[float | None], str]
    change: Callable[[float], str]


def draw_figures(reference: ReviewedCall, other: ReviewedCall, names: tuple[str, str]) -> None:
    """Draw the figures of both with the difference; ``names`` in the same order."""
    columns = ("Figure", *names, "Difference")
    title = "Figures of both transcripts and their difference"
    _draw_table(figure_rows(reference, other), columns, title)


def draw_stages(reference: ReviewedCall, other: ReviewedCall, names: tuple[str, str]) -> None:
    """Draw which part of each transcript was done by what."""
    ours, theirs = reference.transcript.stages, other.transcript.stages
    rows = [
        (part.replace("_", " ").capitalize(), ours.get(part, MISSING), theirs.get(part, MISSING))
        for part in {**ours, **theirs}
    ]
    _draw_table(rows, ("Part", *names), "Which part was done by what")


def figure_rows(reference: ReviewedCall, other: ReviewedCall) -> list[tuple[str, str, str, str]]:
    """Return title, both values and the difference of each figure, in words."""
    return [
        (row.title, row.words(a), row.words(b), _difference(a, b, row.change))
        for row in ROWS
        for a, b in [(row.of(reference), row.of(other))]
    ]


def _draw_table(rows: Sequence[Sequence[str]], columns: Sequence[str], title: str) -> None:
    """Draw texts in full at any width: Streamlit's own tables cut them off or scroll sideways."""
    heads = "".join(f'<th scope="col">{escape(column)}</th>' for column in columns)
    body = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>'
        + "".join(f"<td>{escape(cell)}</td>" for cell in row[1:])
        + "</tr>"
        for row in rows
    )
    st.html(
        f'<table class="compared-table" aria-label="{escape(title)}">'
        f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
    )


def _difference(a: float | None, b: float | None, words: Callable[[float], str]) -> str:
    if a is None or b is None:
        return MISSING
    return words(b - a) if b != a else "none"


def _of_role(role: SpeakerRole, of: Callable[[SpeakerMetrics], float]) -> Figure:
    def figure(reviewed: ReviewedCall) -> float | None:
        ids = [s.id for s in reviewed.transcript.speakers if s.role is role]
        by_speaker = reviewed.analysis.metrics.by_speaker
        known = [of(by_speaker[speaker]) for speaker in ids if speaker in by_speaker]
        return sum(known) if known else None

    return figure


def _share_of_talk(reviewed: ReviewedCall) -> float | None:
    """Return the agent's share of all talk, overlap counting for both."""
    talk = reviewed.analysis.metrics.by_speaker
    whole = sum(one.talk_ms for one in talk.values())
    own = AGENT_TALK(reviewed)
    return own / whole if own is not None and whole else None


def _total_words(reviewed: ReviewedCall) -> float:
    return sum(one.words for one in reviewed.analysis.metrics.by_speaker.values())


def _signed_count(change: float) -> str:
    return signed(change, 0)


def _signed_points(change: float) -> str:
    return f"{signed(change * 100, 1)} points"


def _signed_duration(change: float) -> str:
    return f"{'+' if change > 0 else '−'}{duration(abs(change))}"


def _count(title: str, of: Figure) -> Row:
    return Row(title=title, of=of, words=number, change=_signed_count)


def _time(title: str, of: Figure) -> Row:
    return Row(title=title, of=of, words=duration, change=_signed_duration)


def _agent_words(reviewed: ReviewedCall) -> float | None:
    return _of_role(SpeakerRole.AGENT, lambda m: m.words)(reviewed)


AGENT_TALK = _of_role(SpeakerRole.AGENT, lambda m: m.talk_ms)
ROWS = (
    Row(
        title="Agent's share of all talk",
        of=_share_of_talk,
        words=lambda share: percent(share, 1),
        change=_signed_points,
    ),
    _count("Words", _total_words),
    _count("Words of the agent", _agent_words),
    _count("Words of the customer", _of_role(SpeakerRole.CUSTOMER, lambda m: m.words)),
    _count("Lines", lambda r: len(r.transcript.utterances)),
    _count("Speakers", lambda r: len(r.transcript.speakers)),
    _count("Changes of speaker", lambda r: r.analysis.metrics.switches),
    _count("Interruptions by the agent", _of_role(SpeakerRole.AGENT, lambda m: m.interruptions)),
    _count(
        "Interruptions by the customer", _of_role(SpeakerRole.CUSTOMER, lambda m: m.interruptions)
    ),
    _count("Questions", lambda r: sum(m.questions for m in r.analysis.metrics.by_speaker.values())),
    _time("Nobody speaks", lambda r: r.analysis.metrics.non_talk_ms),
    _time("Silences over 3 s", lambda r: r.analysis.metrics.silence_ms),
    _time("Both at once", lambda r: r.analysis.metrics.overlap_ms),
    Row(
        title="Hold",
        of=lambda r: r.analysis.metrics.hold_ms if r.holds_known else None,
        words=lambda hold_ms: NEEDS_RECORDING if hold_ms is None else duration(hold_ms),
        change=_signed_duration,
    ),
    _time("Agent answers after (median)", lambda r: r.analysis.metrics.patience_ms),
    Row(
        title="Mean sentiment, customer",
        of=lambda r: r.analysis.metrics.customer_sentiment_mean,
        words=signed,
        change=signed,
    ),
)
