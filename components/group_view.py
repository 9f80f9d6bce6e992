"""Agents or queues side by side on the Analytics page, and the way to their calls."""

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum

import pandas as pd
import streamlit as st

from components._compat import clicked_row
from components.charts import team
from components.charts.frame import show
from components.charts.measures import MEASURES
from components.heading import draw_panel_title
from components.wording import plain, plural
from services.domain.together import AnalyticsFilter, GroupFigures


class Side(StrEnum):
    """Who is compared."""

    AGENTS = "Agents"
    QUEUES = "Queues"


def draw_comparison(
    agents: Sequence[GroupFigures], queues: Sequence[GroupFigures], wanted: AnalyticsFilter
) -> AnalyticsFilter | None:
    """Draw who differs in a figure; return which calls to list when somebody's are wanted."""
    with st.container(border=True):
        draw_panel_title(
            "Compare", explanation="Means of calls with standard deviation; n is always given."
        )
        with st.container(horizontal=True, vertical_alignment="bottom"):
            side = st.segmented_control(
                "Who", list(Side), default=Side.AGENTS, key="team_side", persist_state="session"
            )
            chosen = st.selectbox(
                "Figure", list(MEASURES), format_func=lambda m: MEASURES[m].label,
                key="team_compared", persist_state="session", width=300,
            )  # fmt: skip
        groups = queues if side is Side.QUEUES else agents
        measure = MEASURES[chosen or "sentiment"]
        text = team.comparison_text(groups, measure)
        if not any(measure.of(group).n for group in groups):
            st.caption(plain(text))
        else:
            figure = team.comparison_figure(groups, measure)
            show(figure, key="team_comparison", alt=plain(text))
            st.caption(team.caution(groups, measure))
        name = _draw_table(groups, side or Side.AGENTS)
    if name is None:
        return None
    if side is Side.QUEUES:
        return replace(wanted, queues=(name,))
    return replace(wanted, agents=(name,))


def _draw_table(groups: Sequence[GroupFigures], side: Side) -> str | None:
    """Draw all figures of all; return whose calls are wanted."""
    rows = team.comparison_rows(groups)
    # Calls cannot be listed by not having a name.
    rows = [
        {"open": "Show calls" if group.name else None, **row}
        for group, row in zip(groups, rows, strict=True)
    ]
    st.dataframe(
        pd.DataFrame(rows),
        key="team_groups_table",
        hide_index=True,
        height="auto" if len(rows) <= team.MOST_BARS else 560,
        column_config={
            "open": st.column_config.ButtonColumn(
                "", key="team_groups_open", type="tertiary", pinned=True, width=100
            ),
            "Name": st.column_config.TextColumn(side.removesuffix("s"), pinned=True),
        },
        alt=f"{plural(len(rows), side.lower().removesuffix('s'))} with all figures",
    )
    clicked = clicked_row("team_groups_open")
    return groups[clicked[0]].name if clicked and clicked[0] < len(groups) else None
