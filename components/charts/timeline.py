"""Who speaks when: a row for each speaker, one for overlaps, holds and dead air shaded."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from components import palette
from components.charts.frame import frame, instants, shade, time_axis
from components.wording import NEEDS_RECORDING, ROLE_WORDS, clock, duration, percent
from services.domain.intervals import Interval, union
from services.domain.reviewed import ReviewedCall
from services.domain.speech import Speaker, SpeakerRole

OVERLAP_ROW = "Both at once"
ROW_PX = 34
AXIS_PX = 62
THICKNESS = 0.7
# A label is only written into a shaded interval that is wide enough to hold it.
LEAST_LABELLED_SHARE = 0.08
# Each bar is an element of the page. Beyond this many, a row shows how much of each of its
# PIECES is spoken, by the thickness of the bar, instead of every single stretch.
MOST_BARS = 1_500
PIECES = 400


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of bars: where they lie, how thick they are, and what is said about each."""

    intervals: Sequence[Interval]
    thickness: Sequence[float]
    texts: Sequence[str]


def timeline_figure(reviewed: ReviewedCall) -> go.Figure:
    """Return the timeline; a bar's ``customdata`` is where to listen from, in milliseconds."""
    transcript = reviewed.transcript
    colours = palette.speaker_colours(transcript)
    overlaps = [(o.start_ms, o.end_ms) for o in reviewed.analysis.overlaps]
    dense = len(transcript.spans) + len(overlaps) > MOST_BARS
    build = _dense_row if dense else _plain_row
    figure = go.Figure()
    for speaker in palette.role_first(transcript):
        spans = [(s.start_ms, s.end_ms) for s in transcript.spans if s.speaker == speaker.id]
        row = build(spans, transcript.duration_ms)
        _add_row(figure, row_name(speaker), row, colours[speaker.id])
    if overlaps:
        row = build(overlaps, transcript.duration_ms)
        _add_row(figure, OVERLAP_ROW, row, palette.OVERLAP)
    _shade_gaps(figure, reviewed)
    frame(figure, height=AXIS_PX + ROW_PX * max(1, len(figure.data)))
    figure.update_layout(barmode="overlay", clickmode="event+select")
    figure.update_xaxes(**time_axis(transcript.duration_ms))
    figure.update_yaxes(autorange="reversed", fixedrange=True, title=None, showgrid=False)
    return figure


def row_name(speaker: Speaker) -> str:
    """Return the name of a speaker's row; names are cut short, for the bars need the room."""
    label = speaker.label if len(speaker.label) <= 18 else speaker.label[:17] + "…"
    return label.replace("<", "‹").replace(">", "›")


def timeline_text(reviewed: ReviewedCall) -> str:
    """Return what the timeline shows, in words."""
    transcript, metrics = reviewed.transcript, reviewed.analysis.metrics
    parts = []
    for speaker in palette.role_first(transcript):
        spans = sum(s.speaker == speaker.id for s in transcript.spans)
        figures = metrics.by_speaker.get(speaker.id)
        role = f" ({ROLE_WORDS[speaker.role]})"
        if speaker.role is SpeakerRole.UNKNOWN or speaker.label == ROLE_WORDS[speaker.role]:
            role = ""
        talk = duration(figures.talk_ms if figures else None)
        parts.append(f"{speaker.label}{role} speaks {talk} in {spans} stretches.")
    parts.append(f"Both at once: {duration(metrics.overlap_ms)} in {metrics.overlap_count} places.")
    hold = duration(metrics.hold_ms) if reviewed.holds_known else NEEDS_RECORDING
    parts.append(f"Hold: {hold}. Dead air: {duration(metrics.dead_air_ms)}.")
    return " ".join(parts)


def _plain_row(spans: Sequence[Interval], whole_ms: int) -> Row:
    """One bar for each stretch."""
    del whole_ms
    return Row(
        intervals=spans,
        thickness=[THICKNESS] * len(spans),
        texts=[f"{clock(s)} to {clock(e)} ({duration(e - s)})" for s, e in spans],
    )


def _dense_row(spans: Sequence[Interval], whole_ms: int) -> Row:
    """One bar for each piece of the call in which something is said."""
    edges = np.linspace(0, max(1, whole_ms), PIECES + 1)
    merged = np.array(union(spans), dtype=float).reshape(-1, 2)
    # Speech up to an edge: all that has begun, less what of the last stretch is still to come.
    ends = np.concatenate(([0.0], np.cumsum(merged[:, 1] - merged[:, 0])))
    begun = np.searchsorted(merged[:, 0], edges, side="right")
    last_end = np.where(begun > 0, merged[np.maximum(begun, 1) - 1, 1], 0) if len(merged) else 0
    spoken = np.diff(ends[begun] - np.maximum(0, last_end - edges))
    shares = spoken / np.diff(edges)
    kept = np.flatnonzero(shares > 0)
    intervals = [(int(edges[n]), int(edges[n + 1])) for n in kept]
    return Row(
        intervals=intervals,
        thickness=[THICKNESS * max(0.15, float(shares[n])) for n in kept],
        texts=[
            f"{clock(s)} to {clock(e)}: {percent(float(shares[n]))} spoken"
            for n, (s, e) in zip(kept, intervals, strict=True)
        ],
    )


def _add_row(figure: go.Figure, name: str, row: Row, colour: str) -> None:
    places = np.array(row.intervals, dtype=float).reshape(-1, 2)
    figure.add_trace(
        go.Bar(
            orientation="h",
            name=name,
            y=np.full(len(places), name),
            base=instants(places[:, 0]),
            x=places[:, 1] - places[:, 0],
            width=np.array(row.thickness),
            customdata=places[:, 0],
            hovertext=np.array(row.texts),
            hovertemplate="%{hovertext}<br>Click to play<extra></extra>",
            marker={"color": colour, "line": {"width": 0}},
            selected={"marker": {"opacity": 1}},
            unselected={"marker": {"opacity": 1}},
        )
    )


def _shade_gaps(figure: go.Figure, reviewed: ReviewedCall) -> None:
    whole = max(1, reviewed.transcript.duration_ms)
    gaps = [(h.start_ms, h.end_ms, "Hold") for h in reviewed.transcript.holds]
    gaps += [(g.start_ms, g.end_ms, "Dead air") for g in reviewed.analysis.dead_air]
    for start, end, text in gaps:
        wide = (end - start) / whole >= LEAST_LABELLED_SHARE
        shade(figure, start, end, text if wide else "")
