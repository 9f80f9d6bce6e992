"""Categories across calls: how many, of how many, week by week, and for each agent."""

from collections.abc import Mapping, Sequence
from datetime import date

import pandas as pd
import streamlit as st

from components._compat import clicked_row
from components.heading import draw_panel_title
from components.rule_words import KIND_WORDS
from components.wording import percent, plain, plural
from services.domain.rules import Rule
from services.storage.categories import AgentShare

NOBODY = "Agent not known"


def draw_category_table(rules: Sequence[Rule], n: int, counts: Mapping[str, int]) -> str | None:
    """Draw to how many of ``n`` calls each rule applies; return the rule whose calls are wanted."""
    applying = [rule for rule in rules if counts.get(rule.id)]
    applying.sort(key=lambda rule: -counts[rule.id])
    draw_panel_title("Categories", explanation="What rules find in the calls of this selection.")
    if not applying:
        st.caption(f"No rule applies to a call of this selection, n = {n}.")
        return None
    frame = pd.DataFrame(
        {
            "open": "List",
            "Category": [rule.name for rule in applying],
            "Kind": [KIND_WORDS[rule.kind] for rule in applying],
            "Calls": [counts[rule.id] for rule in applying],
            "Share": [100 * counts[rule.id] / n for rule in applying],
        }
    )
    column = st.column_config
    st.dataframe(
        frame,
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
    rows = [(f"{week:%d %b %Y}", calls, n, 100 * calls / n) for week, calls, n in weeks]
    frame = pd.DataFrame(rows, columns=["Week of", "Calls", "n", "Share in %"])
    st.bar_chart(frame, x="Week of", y="Share in %", height=220, sort=False)
    with st.expander("As a table"):
        st.dataframe(frame, hide_index=True, alt=f"{plain(rule.name)} week by week")


def draw_agents_shares(rule: Rule, agents: Sequence[AgentShare]) -> None:
    """Draw for each agent to how many of their calls a rule applies."""
    draw_panel_title("By agent")
    frame = pd.DataFrame(
        {
            "Agent": [agent.agent_name or NOBODY for agent in agents],
            "Calls": [f"{agent.calls} of {agent.n}" for agent in agents],
            "Share": [100 * agent.calls / agent.n for agent in agents],
        }
    )
    column = st.column_config
    st.dataframe(
        frame,
        hide_index=True,
        column_config={
            "Share": column.ProgressColumn("Share", format="%.0f %%", min_value=0, max_value=100)
        },
        alt=f"{plain(rule.name)} by agent",
    )
    together = sum(a.calls for a in agents), sum(a.n for a in agents)
    share = percent(together[0] / together[1]) if together[1] else ""
    st.caption(f"All together: {together[0]:,} of {together[1]:,} calls {share}")
