"""Charts of why customers call: how many calls a topic has, and how that changes."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import plotly.graph_objects as go

from components import palette
from components.charts.frame import day_axis, frame
from components.wording import MISSING, duration, percent, plural, signed
from services.domain.topics import topic_name
from services.storage.topic_analytics import TopicCount, TopicFigures, TopicReach

MOST_TOPICS = 5
OTHERS = "All others"
COLOURS = ("#3b6fb6", "#c26a1b", "#3f8f5f", "#8a5aa8", "#b2455e", "#8a8f98")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "solid")
LEAST_CALLS = 5
"""Below this a mean says little; it is still shown, with its n, and said to be little."""


def reasons_figure(topics: Sequence[TopicFigures]) -> go.Figure:
    """Return how many calls each topic has, the most frequent on top."""
    shown = topics[::-1]
    figure = go.Figure(
        go.Bar(
            orientation="h",
            x=[t.calls for t in shown],
            y=[topic_name(t.topic) for t in shown],
            text=[f"n = {t.calls}" for t in shown],
            textposition="auto",
            marker={"color": palette.AGENT, "line": {"width": 0}},
            hovertemplate="%{y}: %{x} calls<extra></extra>",
        )
    )
    frame(figure, height=60 + 28 * len(shown))
    figure.update_layout(bargap=0.3)
    figure.update_xaxes(
        fixedrange=True, rangemode="tozero", tick0=0, dtick=_step(t.calls for t in topics)
    )
    figure.update_yaxes(fixedrange=True, showgrid=False)
    return figure


def reasons_text(topics: Sequence[TopicFigures], reach: TopicReach) -> str:
    """Return what the chart shows, in words."""
    if not topics:
        return "No reason for calling was recognised in this selection."
    share = percent(reach.with_topic / reach.transcribed) if reach.transcribed else MISSING
    first = topics[0]
    return (
        f"A reason was recognised in {plural(reach.with_topic, 'call')} of {reach.transcribed} "
        f"({share}). Most often: {topic_name(first.topic)}, n = {first.calls}. A call can have "
        "several."
    )


def trend_rows(counts: Sequence[TopicCount]) -> dict[str, list[tuple[str, int]]]:
    """Return (day, calls) of the most frequent topics by name, all others pooled, zeros filled."""
    totals: Counter[str] = Counter()
    for count in counts:
        totals[count.topic] += count.calls
    top = [topic for topic, _ in sorted(totals.items(), key=lambda t: (-t[1], t[0]))][:MOST_TOPICS]
    days = sorted({count.day.isoformat() for count in counts})
    calls: dict[str, Counter[str]] = defaultdict(Counter)
    for count in counts:
        name = topic_name(count.topic) if count.topic in top else OTHERS
        calls[name][count.day.isoformat()] += count.calls
    names = [topic_name(topic) for topic in top] + [OTHERS] * (OTHERS in calls)
    return {name: [(day, calls[name][day]) for day in days] for name in names}


def trend_figure(counts: Sequence[TopicCount]) -> go.Figure:
    """Return the number of calls of each frequent topic over time; lines differ in their dashes."""
    rows = trend_rows(counts)
    figure = go.Figure()
    for at, (name, course) in enumerate(rows.items()):
        look = len(COLOURS) - 1 if name == OTHERS else at
        figure.add_trace(
            go.Scatter(
                mode="lines+markers",
                name=name,
                x=[day for day, _ in course],
                y=[calls for _, calls in course],
                line={"color": COLOURS[look], "dash": DASHES[look], "width": 2},
                hovertemplate="%{x|%-d %b %Y}: %{y} calls<extra>" + name + "</extra>",
            )
        )
    frame(figure, height=300, legend=True)
    day_axis(figure, len({count.day for count in counts}))
    figure.update_yaxes(
        fixedrange=True,
        rangemode="tozero",
        tick0=0,
        dtick=_step(calls for course in rows.values() for _, calls in course),
    )
    return figure


def _step(counts: Iterable[int]) -> int:
    """Return the whole step between an axis's labels, so that no count is labelled in parts."""
    return max(1, -(-max(counts, default=0) // 5))


def trend_text(counts: Sequence[TopicCount]) -> str:
    """Return what the chart shows, in words."""
    if not counts:
        return "Nothing to show over time."
    parts = [
        f"{name}: {sum(calls for _, calls in course)}"
        for name, course in trend_rows(counts).items()
    ]
    return f"Calls by topic in this selection: {', '.join(parts)}."


def topic_rows(topics: Sequence[TopicFigures]) -> list[dict[str, str | int]]:
    """Return the topics' figures as rows of a table."""
    return [
        {
            "Reason": topic_name(t.topic),
            "Calls": t.calls,
            "Mean handle time": duration(t.handle_ms),
            "Customer's sentiment, mean": signed(t.customer_sentiment.mean),
            "pooled": signed(t.customer_sentiment.pooled),
            "n": t.customer_sentiment.n,
        }
        for t in topics
    ]
