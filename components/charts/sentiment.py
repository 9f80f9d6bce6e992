"""Sentiment of each utterance, its course over the call, and the trend by quarters."""

import numpy as np
import plotly.graph_objects as go

from components import palette
from components.charts.frame import GRID, frame, instants, time_axis
from components.wording import SENTIMENT_WORDS, signed
from services.analysis.sentiment_course import QUARTERS, part_at, sentiment_course
from services.domain.reviewed import ReviewedCall
from services.domain.speech import SentimentLabel, SpeakerRole, Transcript, Utterance

COURSE_POINTS = 16
# Beyond this many of a kind, marks are drawn smaller and fainter.
MANY_MARKS = 400
# So many of a kind are drawn at most: each is an element of the page. Painting them instead needs
# WebGL, which remote desktops and locked-down browsers often lack, and then nothing is shown.
MOST_MARKS = 1_500
SYMBOLS = {
    SentimentLabel.POSITIVE: "triangle-up",
    SentimentLabel.NEUTRAL: "circle",
    SentimentLabel.NEGATIVE: "triangle-down",
}
LINES = ((SpeakerRole.AGENT, "Agent", "dot"), (SpeakerRole.CUSTOMER, "Customer", "solid"))


def sentiment_figure(reviewed: ReviewedCall) -> go.Figure:
    """Return a mark per utterance by label, and the smoothed course of each party."""
    transcript = reviewed.transcript
    figure = go.Figure()
    for label in SentimentLabel:
        scored = [u for u in transcript.utterances if u.sentiment and u.sentiment.label is label]
        if scored:
            _add_marks(figure, label, scored)
    for role, name, dash in LINES:
        _add_course(figure, transcript, role, name, dash)
    _add_quarters(figure, transcript)
    frame(figure, height=260, legend=True)
    figure.update_layout(margin_t=52, legend_itemsizing="constant")
    figure.update_xaxes(**time_axis(transcript.duration_ms))
    figure.update_yaxes(
        range=[-1.1, 1.1],
        tickvals=[-1, 0, 1],
        ticktext=["Negative", "0", "Positive"],
        fixedrange=True,
        zeroline=True,
        zerolinecolor=GRID,
    )
    return figure


def quarter_means(transcript: Transcript) -> list[tuple[float | None, int]]:
    """Return the customer's mean score and number of utterances in each quarter of the call."""
    means = sentiment_course(transcript, SpeakerRole.CUSTOMER, QUARTERS)
    counts = [0] * QUARTERS
    for utterance in transcript.utterances:
        if utterance.sentiment is None or utterance.is_backchannel:
            continue
        if transcript.role_of(utterance.speaker) is SpeakerRole.CUSTOMER:
            middle = (utterance.start_ms + utterance.end_ms) // 2
            counts[part_at(middle, transcript.covered, QUARTERS)] += 1
    return list(zip(means, counts, strict=True))


def sentiment_text(reviewed: ReviewedCall) -> str:
    """Return what the chart shows, in words."""
    labels = [u.sentiment.label for u in reviewed.transcript.utterances if u.sentiment]
    if not labels:
        return "No sentiment is known for this call."
    counts = ", ".join(f"{labels.count(label)} {label.value}" for label in SentimentLabel)
    quarters = ", ".join(
        f"{signed(mean)} (n = {n})" for mean, n in quarter_means(reviewed.transcript)
    )
    words = f"Utterances: {counts}. Customer's mean score by quarter of the call: {quarters}."
    if any(labels.count(label) > MOST_MARKS for label in SentimentLabel):
        words += f" Of each kind at most {MOST_MARKS:,} are drawn, evenly chosen."
    return words


def _add_marks(figure: go.Figure, label: SentimentLabel, scored: list[Utterance]) -> None:
    few = len(scored) <= MANY_MARKS
    scored = scored[:: -(-len(scored) // MOST_MARKS)]
    figure.add_trace(
        go.Scatter(
            mode="markers",
            name=SENTIMENT_WORDS[label],
            x=instants([(u.start_ms + u.end_ms) // 2 for u in scored]),
            y=np.array([u.sentiment.score for u in scored if u.sentiment]),
            hovertemplate=SENTIMENT_WORDS[label] + " %{y:+.2f} at %{x}<extra></extra>",
            marker={
                "symbol": SYMBOLS[label],
                "size": 8 if few else 4,
                "color": palette.OF_SENTIMENT[label],
                "opacity": 0.85 if few else 0.5,
            },
        )
    )


def _add_course(
    figure: go.Figure, transcript: Transcript, role: SpeakerRole, name: str, dash: str
) -> None:
    course = sentiment_course(transcript, role, COURSE_POINTS)
    if all(mean is None for mean in course):
        return
    start_ms, end_ms = transcript.covered
    step = (end_ms - start_ms) / COURSE_POINTS
    figure.add_trace(
        go.Scatter(
            mode="lines",
            name=f"{name}, course",
            x=instants([start_ms + (n + 0.5) * step for n in range(COURSE_POINTS)]),
            y=list(course),
            connectgaps=True,
            line={
                "color": palette.AGENT if role is SpeakerRole.AGENT else palette.CUSTOMER,
                "width": 2,
                "dash": dash,
                "shape": "spline",
                "smoothing": 0.6,
            },
            hovertemplate=f"{name}, mean %{{y:+.2f}}<extra></extra>",
        )
    )


def _add_quarters(figure: go.Figure, transcript: Transcript) -> None:
    start_ms, end_ms = transcript.covered
    for x in instants([start_ms + (end_ms - start_ms) * q // QUARTERS for q in range(1, QUARTERS)]):
        figure.add_vline(
            x=x,
            line={"color": GRID, "width": 1, "dash": "dot"},
        )
