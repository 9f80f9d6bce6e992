"""A printable report of a call: one HTML file with styles and charts inside, without script."""

from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from services.domain.edits import Comment
from services.domain.reviewed import ReviewedCall
from services.domain.speech import Statement, Summary, Utterance
from services.exports.cards import SPEAKER_COLUMNS, cards, speaker_rows
from services.exports.charts import COURSE_HEIGHT, LANE_BAR, WIDTH, course, shares, timeline
from services.exports.wording import (
    clock,
    comments_by_utterance,
    loose_comments,
    one_line,
    reviewed_line,
    speaker_label,
)

TEMPLATE = "report.html.jinja"


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the transcript as it is printed."""

    at: str
    speaker: str
    role: str
    text: str
    sentiment: str
    score: str
    is_backchannel: bool
    comments: tuple[Comment, ...]


@dataclass(frozen=True, kw_only=True)
class Part:
    """One heading of the summary with its statements."""

    title: str
    statements: tuple[tuple[str, str], ...]


def write_html(reviewed: ReviewedCall) -> str:
    """Return the report. Everything that comes from the call is escaped by the template engine."""
    transcript = reviewed.transcript
    notes = comments_by_utterance(reviewed)
    return (
        _environment()
        .get_template(TEMPLATE)
        .render(
            call=reviewed.call,
            transcript=transcript,
            title=one_line(reviewed.call.source_name),
            cards=cards(reviewed),
            columns=SPEAKER_COLUMNS,
            speakers=speaker_rows(reviewed),
            timeline=timeline(reviewed),
            shares=shares(reviewed),
            course=course(transcript),
            width=WIDTH,
            lane_bar=LANE_BAR,
            course_height=COURSE_HEIGHT,
            summary=_summary_parts(reviewed),
            categories=reviewed.categories,
            findings=reviewed.call.audio.findings if reviewed.call.audio else (),
            lines=[_line(reviewed, u, notes.get(u.id, [])) for u in transcript.utterances],
            loose=loose_comments(reviewed),
            clock=clock,
            mark=reviewed_line(reviewed.call),
        )
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("services.exports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _line(reviewed: ReviewedCall, utterance: Utterance, notes: list[Comment]) -> Line:
    sentiment = utterance.sentiment
    return Line(
        at=clock(utterance.start_ms),
        speaker=speaker_label(reviewed.transcript, utterance.speaker),
        role=reviewed.transcript.role_of(utterance.speaker).value,
        text=one_line(utterance.text),
        sentiment=sentiment.label.value if sentiment else "",
        score=f"{sentiment.score:+.2f}" if sentiment else "",
        is_backchannel=utterance.is_backchannel,
        comments=tuple(notes),
    )


def _summary_parts(reviewed: ReviewedCall) -> list[Part]:
    summary = reviewed.transcript.summary or Summary()
    starts = {u.id: clock(u.start_ms) for u in reviewed.transcript.utterances}

    def placed(*statements: Statement | None) -> tuple[tuple[str, str], ...]:
        return tuple(
            (s.text, ", ".join(starts[u] for u in s.utterances if u in starts))
            for s in statements
            if s is not None
        )

    parts = [
        Part(title="Reason for the call", statements=placed(summary.reason)),
        Part(title="What was done", statements=placed(*summary.actions)),
        Part(title="Outcome", statements=placed(summary.outcome)),
        Part(title="Promises", statements=placed(*summary.promises)),
        Part(title="To do", statements=placed(*summary.action_items)),
        Part(title="Next steps", statements=placed(*summary.next_steps)),
    ]
    return [part for part in parts if part.statements]
