"""Charts over many calls: how many a day, who talks how much, how customers feel."""

from collections.abc import Sequence

import plotly.graph_objects as go

from components import palette
from components.charts.agents import AgentBar, agent_label, shares_figure
from components.charts.frame import GRID, day_axis, frame
from components.wording import MISSING, percent, plural, signed
from services.storage.analytics import AgentFigures, CallCount, SentimentOfDay

FEW_CALLS = 5


def calls_figure(days: Sequence[CallCount]) -> go.Figure:
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
    figure.update_layout(barmode="stack", bargap=0.25)
    day_axis(figure, len(days))
    most = max((day.calls for day in days), default=0)
    figure.update_yaxes(fixedrange=True, rangemode="tozero", tickformat=",d", nticks=5)
    if most < FEW_CALLS:
        # Without it there are ticks at half a call, and each number stands there twice.
        figure.update_yaxes(dtick=1)
    return figure


def calls_text(days: Sequence[CallCount]) -> str:
    """Return what the chart shows, in words."""
    if not days:
        return "No calls in this selection."
    busiest = max(days, key=lambda d: d.calls)
    total = plural(sum(d.calls for d in days), "call")
    return (
        f"{total} on {plural(len(days), 'day')}; most on {busiest.day:%-d %b %Y} ({busiest.calls})."
    )


def agents_figure(agents: Sequence[AgentFigures]) -> go.Figure:
    """Return for each agent the mean talk share of their calls, and the pooled share as a mark."""
    shares = [(agent_label(a.agent_name), a.share_of_speech) for a in agents]
    bars = [
        AgentBar(name=name, mean=share.mean, pooled=share.pooled or 0, n=share.n)
        for name, share in shares
        if share.mean is not None
    ]
    return shares_figure(bars, pooled_name="All talk pooled")


def agents_text(agents: Sequence[AgentFigures]) -> str:
    """Return what the chart shows, in words."""
    parts = [
        f"{agent_label(a.agent_name)}: mean {percent(a.share_of_speech.mean, 1)}, pooled "
        f"{percent(a.share_of_speech.pooled, 1)}, n = {a.share_of_speech.n}."
        for a in agents
        if a.share_of_speech.mean is not None
    ]
    return " ".join(parts) or "No calls with a known agent in this selection."


def mood_figure(days: Sequence[SentimentOfDay]) -> go.Figure:
    """Return the customers' mean sentiment per day; larger marks stand for more calls."""
    figure = go.Figure()
    figure.add_trace(
        go.Scatter(
            mode="lines+markers",
            x=[d.day for d in days],
            y=[d.sentiment.mean for d in days],
            customdata=[[d.sentiment.n, d.utterances] for d in days],
            line={"color": palette.CUSTOMER, "width": 2},
            marker={
                "size": [min(18, 7 + d.sentiment.n) for d in days],
                "color": palette.CUSTOMER,
            },
            hovertemplate=(
                "%{x|%-d %b %Y}: mean %{y:+.2f}<br>n = %{customdata[0]} calls, "
                "%{customdata[1]} lines<extra></extra>"
            ),
        )
    )
    frame(figure, height=260)
    day_axis(figure, len(days))
    figure.update_yaxes(
        range=[-1.05, 1.05],
        tickvals=[-1, -0.5, 0, 0.5, 1],
        ticktext=["Negative", "−0.5", "0", "+0.5", "Positive"],
        fixedrange=True,
        zeroline=True,
        zerolinecolor=GRID,
    )
    return figure


def mood_text(days: Sequence[SentimentOfDay]) -> str:
    """Return what the chart shows, in words."""
    known = [(d.day, d.sentiment.mean) for d in days if d.sentiment.mean is not None]
    if not known:
        return "No customer's sentiment is known in this selection."
    low, high = min(known, key=lambda k: k[1]), max(known, key=lambda k: k[1])
    if len(known) == 1:
        return f"Customers' mean on {low[0]:%-d %b %Y}: {signed(low[1])}."
    return (
        f"Customers' mean by day lies between {signed(low[1])} ({low[0]:%-d %b %Y}) and "
        f"{signed(high[1])} ({high[0]:%-d %b %Y})."
    )


def agents_rows(agents: Sequence[AgentFigures]) -> list[dict[str, str | int]]:
    """Return the agents' figures as rows of a table."""
    return [
        {
            "Agent": agent_label(a.agent_name),
            "Calls": a.calls,
            "Talk share, mean of calls": percent(a.share_of_speech.mean, 1),
            "Talk share, pooled": percent(a.share_of_speech.pooled, 1),
            "n": a.share_of_speech.n,
            "Share of call time, mean": percent(a.share_of_call.mean, 1),
            "Customer's sentiment, mean": signed(a.customer_sentiment.mean) or MISSING,
        }
        for a in agents
    ]
