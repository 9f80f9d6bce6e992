"""Reasons for calling on the Analytics page: counts, trend, and what each means for the team."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from components._compat import clicked_row
from components.charts import topics as charts
from components.charts.frame import show
from components.downloads import Check, draw_files
from components.heading import draw_panel_title
from services.domain.together import Period
from services.storage.topic_analytics import TopicCount, TopicFigures, TopicReach

PERIOD_WORDS = {Period.DAY: "Day", Period.WEEK: "Week"}


def draw_reasons(topics: Sequence[TopicFigures], reach: TopicReach) -> str | None:
    """Draw how often customers call about what; return the topic whose calls are wanted."""
    with st.container(border=True):
        draw_panel_title("Reasons for calling")
        text = charts.reasons_text(topics, reach)
        if not topics:
            st.caption(text)
            return None
        show(charts.reasons_figure(topics), key="team_reasons", alt=text)
        st.caption(text)
        rows = charts.topic_rows(topics)
        st.dataframe(
            pd.DataFrame([{"open": "Show calls", **row} for row in rows]),
            key="team_topics_table",
            hide_index=True,
            column_config={
                "open": st.column_config.ButtonColumn(
                    "", key="team_topics_open", type="tertiary", pinned=True, width=100
                )
            },
            alt="Reasons for calling with handle time and customer's sentiment",
        )
        if any(t.calls < charts.LEAST_CALLS for t in topics):
            st.caption(
                f"With fewer than {charts.LEAST_CALLS} calls a mean says little about the reason."
            )
    clicked = clicked_row("team_topics_open")
    return topics[clicked[0]].topic if clicked and clicked[0] < len(topics) else None


def choose_period(readable: Period) -> Period:
    """Draw the choice between days and weeks, with what can be read preset, and return it."""
    chosen = st.segmented_control(
        "By", list(Period), default=readable, format_func=lambda p: PERIOD_WORDS[p],
        key=f"team_topics_by_{readable}", persist_state="session",
    )  # fmt: skip
    return chosen or readable


def draw_trend(counts: Sequence[TopicCount]) -> None:
    """Draw how the most frequent reasons change."""
    text = charts.trend_text(counts)
    if counts:
        show(charts.trend_figure(counts), key="team_topics_trend", alt=text)
    st.caption(text)


def draw_topics_download(
    topics: Sequence[TopicFigures], counts: Sequence[TopicCount], check: Check
) -> None:
    """Offer the topics' figures and counts as files, each made only after ``check``."""
    days = [{"day": c.day.isoformat(), "topic": c.topic, "calls": c.calls} for c in counts]
    with st.container(horizontal=True, vertical_alignment="center"):
        draw_files("Reasons", lambda: _figure_rows(topics), check, name="reasons")
        draw_files("Reasons over time", lambda: days, check, name="reasons_over_time")


def _figure_rows(topics: Sequence[TopicFigures]) -> list[dict[str, str | int | float | None]]:
    return [
        {
            "topic": t.topic,
            "calls": t.calls,
            "handle_ms_mean": round(t.handle_ms),
            "customer_sentiment_mean": t.customer_sentiment.mean,
            "customer_sentiment_pooled": t.customer_sentiment.pooled,
            "customer_sentiment_n": t.customer_sentiment.n,
        }
        for t in topics
    ]
