"""Categories across calls: how many, of how many, week by week, and for each agent."""

from collections.abc import Mapping, Sequence
from datetime import date

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from components import palette
from components._compat import clicked_row
from components.charts.agents import agent_label
from components.charts.frame import frame, show, week_axis
from components.heading import draw_panel_title
from components.rule_words import KIND_WORDS
from components.wording import percent, plain, plural
from services.domain.rules import Rule
from services.storage.categories import AgentShare


def draw_category_table(rules: Sequence[Rule], n: int, counts: Mapping[str, int]) -> str | None:
    """Draw to how many of ``n`` calls each rule applies; return the rule whose calls are wanted."""
    applying = [rule for rule in rules if counts.get(rule.id)]
    applying.sort(key=lambda rule: -counts[rule.id])
    draw_panel_title("Categories", explanation="What rules find in the calls of this selection.")
    if not applying:
        st.caption(f"No rule applies to a call of this selection, n = {n}.")
        return None
    table = pd.DataFrame(
        {
            "open": "List",
            "Category": [rule.name for rule in applying],
            "Calls": [counts[rule.id] for rule in applying],
            "Share": [100 * counts[rule.id] / n for rule in applying],
            "Kind": [KIND_WORDS[rule.kind] for rule in applying],
        }
    )
    column = st.column_config
    st.dataframe(
        table,
        key="team_categories",
        hide_index=True,
        column_config={
            "open": column.ButtonColumn(
                "", key="team_categories_open", type="tertiary", pinned=True, width=70
            ),
            "Share": column.ProgressColumn("Share", format="%.1f %%", min_value=0, max_value=100),
        },
        alt=f"Table of {plural(len(applying), 'category', 'categories')}",
    )
    st.caption(f"Share of the {plural(n, 'call')} that rules have read.")
    clicked = clicked_row("team_categories_open")
    return applying[clicked[0]].id if clicked and clicked[0] < len(applying) else None


def choose_category(rules: Sequence[Rule], counts: Mapping[str, int]) -> Rule | None:
    """Draw the choice of the category to look at more closely."""
    applying = [rule for rule in rules if counts.get(rule.id)]
    applying.sort(key=lambda rule: -counts[rule.id])
    if not applying:
        return None
    names = {rule.id: rule for rule in applying}
    chosen = st.selectbox(
        "Look more closely at",
        list(names),
        format_func=lambda rule_id: names[rule_id].name,
        key="team_category",
    )
    return names.get(chosen) if chosen else None


def draw_weeks(rule: Rule, weeks: Sequence[tuple[date, int, int]]) -> None:
    """Draw the share of calls that a rule applies to, week by week."""
    draw_panel_title("Week by week")
    rows = [(f"{week:%-d %b %Y}", calls, n, 100 * calls / n) for week, calls, n in weeks]
    told = f"{rule.name}: {_weeks_text(weeks)}"
    show(weeks_figure(weeks), key="team_category_weeks", alt=told)
    with st.expander("As a table"):
        table = pd.DataFrame(rows, columns=["Week of", "Calls", "n", "Share in %"])
        st.dataframe(
            table,
            hide_index=True,
            column_config={"Share in %": st.column_config.NumberColumn(format="%.1f")},
            alt=f"{plain(rule.name)} week by week",
        )


def weeks_figure(weeks: Sequence[tuple[date, int, int]]) -> go.Figure:
    """Return a bar per week: the share of the calls read that a rule applies to."""
    figure = go.Figure(
        go.Bar(
            x=[week for week, _, _ in weeks],
            y=[100 * calls / n for _, calls, n in weeks],
            customdata=[(calls, n) for _, calls, n in weeks],
            marker={"color": palette.AGENT, "line": {"width": 0}},
            hovertemplate=(
                "Week of %{x|%-d %b %Y}: %{y:.1f} %<br>"
                "%{customdata[0]} of %{customdata[1]} calls<extra></extra>"
            ),
        )
    )
    frame(figure, height=220)
    week_axis(figure, [week for week, _, _ in weeks])
    figure.update_layout(bargap=0.4)
    figure.update_yaxes(range=[0, 105], ticksuffix=" %", fixedrange=True, nticks=5)
    return figure


def _weeks_text(weeks: Sequence[tuple[date, int, int]]) -> str:
    told = [f"week of {week:%-d %b %Y} {calls} of {n} calls" for week, calls, n in weeks]
    return "; ".join(told) or "no call was read"


def draw_agents_shares(rule: Rule, agents: Sequence[AgentShare]) -> None:
    """Draw for each agent to how many of their calls a rule applies."""
    draw_panel_title("By agent")
    table = pd.DataFrame(
        {
            "Agent": [agent_label(agent.agent_name) for agent in agents],
            "Calls": [f"{agent.calls} of {agent.n}" for agent in agents],
            "Share": [100 * agent.calls / agent.n for agent in agents],
        }
    )
    column = st.column_config
    st.dataframe(
        table,
        hide_index=True,
        column_config={
            "Share": column.ProgressColumn("Share", format="%.0f %%", min_value=0, max_value=100)
        },
        alt=f"{plain(rule.name)} by agent",
    )
    together = sum(a.calls for a in agents), sum(a.n for a in agents)
    share = f" ({percent(together[0] / together[1])})" if together[1] else ""
    st.caption(f"All together: {together[0]:,} of {plural(together[1], 'call')}{share}.")
