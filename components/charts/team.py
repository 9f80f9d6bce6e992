"""Charts over many calls: how many there are, how a figure goes, and who differs in it."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from components import palette
from components.charts.agents import label_of
from components.charts.frame import GRID, day_axis, frame
from components.charts.measures import MEASURES, TeamMeasure, words_of
from components.wording import plural
from services.domain.together import FEW, GroupFigures, PeriodFigures

FEW_CALLS = 5
MOST_BARS = 15
MOST_MARKS = 62


def calls_figure(days: Sequence[PeriodFigures]) -> go.Figure:
    """Return a bar per day: calls with a transcript, and those without on top."""
    figure = go.Figure()
    for name, counts, colour in (
        ("With transcript", [d.transcribed for d in days], palette.AGENT),
        ("Without", [d.calls - d.transcribed for d in days], palette.MARK),
    ):
        figure.add_trace(
            go.Bar(
                name=name,
                x=[d.day for d in days],
                y=counts,
                marker={"color": colour, "line": {"width": 0}},
                hovertemplate="%{x|%-d %b %Y}: %{y}<extra>" + name + "</extra>",
            )
        )
    frame(figure, height=260, legend=True)
    figure.update_layout(barmode="stack", bargap=0.25 if len(days) <= MOST_MARKS else 0)
    day_axis(figure, len(days))
    most = max((day.calls for day in days), default=0)
    figure.update_yaxes(fixedrange=True, rangemode="tozero", tickformat=",d", nticks=5)
    if most < FEW_CALLS:
        # Without it there are ticks at half a call, and each number stands there twice.
        figure.update_yaxes(dtick=1)
    return figure


def calls_text(days: Sequence[PeriodFigures], unit: str = "day") -> str:
    """Return what the chart shows, in words; ``unit`` is what each bar stands for."""
    if not days:
        return "No calls in this selection."
    busiest = max(days, key=lambda d: d.calls)
    total = plural(sum(d.calls for d in days), "call")
    when = f"{busiest.day:%-d %b %Y}"
    if unit != "day":
        return f"{total} in {plural(len(days), unit)}; most in that of {when} ({busiest.calls:,})."
    return f"{total} on {plural(len(days), 'day')}; most on {when} ({busiest.calls:,})."


def course_figure(days: Sequence[PeriodFigures], measure: TeamMeasure) -> go.Figure:
    """Return how a mean goes from day to day; larger marks stand for more calls."""
    points = [(day.day, measure.of(day)) for day in days]
    points = [(day, average) for day, average in points if average.n]
    many = len(points) > MOST_MARKS
    figure = go.Figure(
        go.Scatter(
            mode="lines" if many else "lines+markers",
            x=[day for day, _ in points],
            y=[measure.shown(average) for _, average in points],
            customdata=[(measure.words(average.mean), average.n) for _, average in points],
            line={"color": palette.CUSTOMER, "width": 2},
            marker={
                "size": [min(18, 7 + average.n) for _, average in points],
                "color": palette.CUSTOMER,
            },
            hovertemplate=(
                "%{x|%-d %b %Y}: mean %{customdata[0]}<br>n = %{customdata[1]} calls<extra></extra>"
            ),
        )
    )
    frame(figure, height=260)
    day_axis(figure, len(points))
    figure.update_yaxes(ticksuffix=measure.suffix, fixedrange=True, nticks=6)
    if measure.range:
        figure.update_yaxes(range=measure.range, zeroline=True, zerolinecolor=GRID)
        figure.update_yaxes(
            tickvals=[-1, -0.5, 0, 0.5, 1], ticktext=["Negative", "−0.5", "0", "+0.5", "Positive"]
        )
    return figure


def course_text(days: Sequence[PeriodFigures], measure: TeamMeasure, unit: str = "day") -> str:
    """Return what the chart shows, in words."""
    means = ((d.day, measure.of(d).mean) for d in days)
    known = [(day, mean) for day, mean in means if mean is not None]
    if not known:
        return f"{measure.label} is not known in this selection."
    low, high = min(known, key=lambda k: k[1]), max(known, key=lambda k: k[1])
    if len(known) == 1:
        return f"Mean on {low[0]:%-d %b %Y}: {measure.words(low[1])}."
    return (
        f"The mean by {unit} lies between {measure.words(low[1])} ({low[0]:%-d %b %Y}) and "
        f"{measure.words(high[1])} ({high[0]:%-d %b %Y})."
    )


def most_calls(groups: Sequence[GroupFigures], measure: TeamMeasure) -> list[GroupFigures]:
    """Return the groups that a chart has room for, those with the most calls, in their order."""
    known = [g for g in groups if measure.of(g).n]
    most = sorted(known, key=lambda g: -measure.of(g).n)[:MOST_BARS]
    return [g for g in known if g in most]


def comparison_figure(groups: Sequence[GroupFigures], measure: TeamMeasure) -> go.Figure:
    """Return a bar for each group: the mean with its spread, pale where n is too small."""
    shown = [(label_of(g.name), measure.of(g)) for g in most_calls(groups, measure)[::-1]]
    figure = go.Figure(
        go.Bar(
            orientation="h",
            y=[name for name, _ in shown],
            x=[measure.shown(average) for _, average in shown],
            error_x={
                "type": "data",
                "array": [(average.spread or 0) * measure.scale for _, average in shown],
                "color": palette.MARK,
                "visible": any(average.spread is not None for _, average in shown),
            },
            customdata=[(words_of(measure, average), average.n) for _, average in shown],
            marker={
                "color": [
                    palette.AGENT if average.is_comparable else palette.MARK for _, average in shown
                ],
                "line": {"width": 0},
            },
            hovertemplate="%{y}: %{customdata[0]}<br>n = %{customdata[1]}<extra></extra>",
        )
    )
    frame(figure, height=60 + 30 * max(1, len(shown)))
    figure.update_layout(bargap=0.35)
    figure.update_xaxes(ticksuffix=measure.suffix, fixedrange=True, nticks=6, zeroline=True)
    figure.update_yaxes(fixedrange=True, showgrid=False)
    return figure


def comparison_text(groups: Sequence[GroupFigures], measure: TeamMeasure) -> str:
    """Return what the chart shows, in words."""
    averages = [(g, measure.of(g)) for g in most_calls(groups, measure)]
    parts = [
        f"{label_of(g.name)}: {words_of(measure, average)}, n = {average.n}."
        for g, average in averages
    ]
    return " ".join(parts) or f"{measure.label} is not known in this selection."


def caution(groups: Sequence[GroupFigures], measure: TeamMeasure) -> str:
    """Return what to mind when the groups are compared."""
    known = [g for g in groups if measure.of(g).n]
    parts = ["Bars are means of calls, lines their standard deviation."]
    if len(known) > MOST_BARS:
        parts.append(f"The {MOST_BARS} with the most calls of {len(known)}; all are in the table.")
    few = sum(not measure.of(g).is_comparable for g in known)
    if few:
        parts.append(f"{few} of {len(known)} have n below {FEW}: too few calls to compare (grey).")
    return " ".join(parts)


def comparison_rows(groups: Sequence[GroupFigures]) -> list[dict[str, Any]]:
    """Return all figures of the groups as rows of a table, each mean with its spread."""
    return [
        {
            "Name": label_of(g.name),
            "Calls": g.calls,
            "n": g.transcribed,
            **{m.label: words_of(m, m.of(g)) for m in MEASURES.values()},
            "Resolution known": g.resolution.known,
        }
        for g in groups
    ]
