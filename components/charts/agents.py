"""Agents side by side: a share of each, as the mean of their calls and over all of them pooled."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from components import palette
from components.charts.frame import frame

NOBODY = "Agent not known"


@dataclass(frozen=True, kw_only=True)
class AgentBar:
    """An agent's shares, 0 to 1, over ``n`` calls; ``spread`` is the standard deviation."""

    name: str
    mean: float
    pooled: float
    n: int
    spread: float | None = None


def agent_label(name: str | None) -> str:
    """Return an agent's name as it stands in charts and tables."""
    return label_of(name, NOBODY)


def label_of(name: str | None, unknown: str = "Not known") -> str:
    """Return a name as it stands in charts and tables, which take some characters for HTML."""
    return (name or unknown).replace("<", "‹").replace(">", "›")


def shares_figure(agents: Sequence[AgentBar], *, pooled_name: str) -> go.Figure:
    """Return for each agent the mean share with its spread, and the pooled share as a mark."""
    shown = agents[::-1]
    names = [agent.name for agent in shown]
    figure = go.Figure()
    figure.add_trace(
        go.Bar(
            orientation="h",
            name="Mean of the calls",
            y=names,
            x=[100 * agent.mean for agent in shown],
            error_x={
                "type": "data",
                "array": [100 * (agent.spread or 0) for agent in shown],
                "color": palette.MARK,
                "visible": any(agent.spread is not None for agent in shown),
            },
            customdata=[agent.n for agent in shown],
            marker={"color": palette.AGENT, "line": {"width": 0}},
            hovertemplate="%{y}: mean %{x:.1f} %, n = %{customdata}<extra></extra>",
        )
    )
    figure.add_trace(
        go.Scatter(
            mode="markers",
            name=pooled_name,
            y=names,
            x=[100 * agent.pooled for agent in shown],
            marker={"symbol": "diamond", "size": 10, "color": palette.CUSTOMER},
            hovertemplate="%{y}: pooled %{x:.1f} %<extra></extra>",
        )
    )
    frame(figure, height=84 + 30 * max(1, len(shown)), legend=True)
    figure.update_layout(bargap=0.35)
    figure.update_xaxes(range=[0, 100], ticksuffix=" %", fixedrange=True, nticks=6)
    figure.update_yaxes(fixedrange=True, showgrid=False)
    return figure
