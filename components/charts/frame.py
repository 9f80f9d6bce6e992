"""What all charts have in common: margins, time axes, and the way they are shown."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from components import palette
from components.wording import DAY_MS, HOUR_MS

CONFIG = {"displayModeBar": False, "scrollZoom": False, "responsive": True}
MOST_WEEKS_NAMED = 6
GRID = "rgba(138, 143, 152, 0.25)"


def frame(figure: go.Figure, *, height: int, legend: bool = False) -> go.Figure:
    """Give a figure the common look: transparent, narrow margins, a legend above if wanted."""
    figure.update_layout(
        height=height,
        margin={"l": 4, "r": 8, "t": 28 if legend else 8, "b": 4},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        showlegend=legend,
        legend={
            "orientation": "h",
            "x": 0,
            "y": 1,
            "yanchor": "bottom",
            "title": None,
            "traceorder": "normal",
        },
        dragmode=False,
        hoverlabel={"align": "left"},
    )
    figure.update_xaxes(automargin=True, gridcolor=GRID, zeroline=False)
    figure.update_yaxes(automargin=True, gridcolor=GRID, zeroline=False)
    return figure


def instants(places_ms: Sequence[float] | np.ndarray) -> np.ndarray:
    """Return places in the call as the moments that a time axis shows as ``mm:ss``.

    Not as numbers: Plotly takes those for the browser's local time.
    """
    return np.asarray(places_ms, dtype="int64").astype("datetime64[ms]")


def time_axis(duration_ms: int) -> dict[str, Any]:
    """Return a horizontal axis for milliseconds, labelled in minutes and seconds of the call.

    It is a date axis that begins at the epoch: only those choose their labels by the time's units.
    """
    return {
        "type": "date",
        "range": instants([0, max(1_000, duration_ms)]),
        "tickformat": "%-H:%M:%S" if duration_ms >= HOUR_MS else "%-M:%S",
        "hoverformat": "%-H:%M:%S" if duration_ms >= HOUR_MS else "%-M:%S",
        "nticks": 8,
        "title": None,
        "fixedrange": True,
    }


def day_axis(figure: go.Figure, days: int) -> None:
    """Make the horizontal axis one of days; a single day isn't shown by the hour."""
    figure.update_xaxes(type="date", tickformat="%-d %b", fixedrange=True, nticks=6)
    if days == 1:
        figure.update_xaxes(dtick=DAY_MS)


def week_axis(figure: go.Figure, mondays: Sequence[date]) -> None:
    """Make the horizontal axis one of weeks, each named by its Monday; many are not all named."""
    day_axis(figure, len(mondays))
    step = -(-len(mondays) // MOST_WEEKS_NAMED) or 1
    figure.update_xaxes(tickvals=mondays[::step])


def shade(figure: go.Figure, start_ms: int, end_ms: int, text: str, *, rows: str = "paper") -> None:
    """Shade an interval of the call over the whole height and say what it is."""
    left, right = instants([start_ms, end_ms])
    figure.add_shape(
        type="rect",
        x0=left,
        x1=right,
        y0=0,
        y1=1,
        yref=rows,
        line_width=0,
        fillcolor=palette.HOLD,
        opacity=0.22,
        layer="below",
        label={"text": text, "textposition": "top center", "font": {"size": 11}} if text else None,
    )


def show(figure: go.Figure, *, key: str, alt: str) -> None:
    """Draw a chart that is only looked at, with the sentence that stands for it."""
    st.plotly_chart(figure, key=key, config=CONFIG, alt=alt)
