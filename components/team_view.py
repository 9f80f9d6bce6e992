"""The parts of the Analytics page."""

from collections.abc import Sequence
from datetime import date

import pandas as pd
import streamlit as st

from components._compat import clicked_row, day_range
from components.calls_table import sentiment_cell
from components.charts import team
from components.charts.frame import show
from components.downloads import draw_csv
from components.heading import draw_panel_title
from components.wording import (
    MISSING,
    call_title,
    duration,
    number,
    percent,
    plain,
    plural,
    signed,
)
from services.storage.analytics import (
    AgentFigures,
    AnalyticsFilter,
    Average,
    CallCount,
    SentimentOfDay,
    TeamFigures,
)
from services.storage.calls import CallRow


def draw_team_filter(agents: Sequence[str], queues: Sequence[str]) -> AnalyticsFilter:
    """Draw the filters of the page and return them."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        first, last = day_range("Days", key="team_days", width=260)
        agent = st.multiselect(
            "Agents", agents, key="team_agents", persist_state="session",
            placeholder="All agents", width=300,
        )  # fmt: skip
        queue = st.multiselect(
            "Queues", queues, key="team_queues", persist_state="session",
            placeholder="All queues", width=300,
        )  # fmt: skip
    return AnalyticsFilter(first_day=first, last_day=last, agents=tuple(agent), queues=tuple(queue))


def draw_team_cards(figures: TeamFigures) -> None:
    """Draw the figures of all chosen calls, each with the number of calls behind it."""
    n, mood = figures.transcribed, figures.customer_sentiment
    failed = f"{figures.failed} failed" if figures.failed else "none failed"
    mean_length = figures.duration_ms / n if n else None
    cards = [
        ("Calls", f"{figures.calls:,}", failed, "All calls of the selection."),
        ("Mean duration", duration(mean_length), f"n = {n}", "Of the calls with a transcript."),
        _average_card("Agent's talk share", figures.agent_share_of_speech, "Share of all talk."),
        _average_card("Nobody speaks", figures.non_talk_share, "Share of the call with holds."),
        (
            "Customers' sentiment",
            signed(mood.mean),
            f"pooled {signed(mood.pooled)}, n = {mood.n}",
            "Mean of the calls' mean scores, −1 to +1.",
        ),
        (
            "Negative lines",
            number(figures.negative_utterances),
            f"n = {n}",
            "Lines of anybody with negative sentiment, all calls together.",
        ),
    ]
    with st.container(key="team_cards"):
        for label, value, note, explanation in cards:
            st.metric(
                label, value, delta=note, delta_color="off", delta_arrow="off",
                help=explanation, border=True,
            )  # fmt: skip


def _average_card(label: str, average: Average, explanation: str) -> tuple[str, str, str, str]:
    note = f"pooled {percent(average.pooled)}, n = {average.n}"
    meaning = f"{explanation} Mean of the calls; pooled counts longer calls more."
    return label, percent(average.mean), note, meaning


def draw_calls_per_day(days: Sequence[CallCount]) -> None:
    """Draw how many calls there were each day."""
    with st.container(border=True):
        draw_panel_title("Calls per day")
        text = team.calls_text(days)
        if days:
            show(team.calls_figure(days), key="team_calls", alt=text)
        st.caption(text)


def draw_agents(agents: Sequence[AgentFigures]) -> None:
    """Draw each agent's talk share, as chart and as table."""
    with st.container(border=True):
        draw_panel_title("Talk share by agent")
        if not any(a.share_of_speech.n for a in agents):
            st.caption(plain(team.agents_text(agents)))
            return
        show(team.agents_figure(agents), key="team_agents_chart", alt=team.agents_text(agents))
        with st.expander("As a table"):
            rows = pd.DataFrame(team.agents_rows(agents))
            st.dataframe(rows, hide_index=True, alt="Talk share by agent")


def draw_mood(days: Sequence[SentimentOfDay]) -> None:
    """Draw the customers' sentiment over time."""
    with st.container(border=True):
        draw_panel_title("Customers' sentiment over time")
        text = team.mood_text(days)
        if days:
            show(team.mood_figure(days), key="team_mood", alt=text)
        st.caption(text)


def draw_ranking(title: str, rows: Sequence[CallRow], column: str, *, key: str) -> str | None:
    """Draw a short list of calls with one figure; return the call that was opened, if any.

    ``column`` is "silence" or "sentiment".
    """
    with st.container(border=True):
        draw_panel_title(title)
        if not rows:
            st.caption("No such calls in this selection.")
            return None
        frame = pd.DataFrame([_ranked(row, column) for row in rows])
        st.dataframe(
            frame,
            key=f"{key}_table",
            hide_index=True,
            column_config={
                "open": st.column_config.ButtonColumn(
                    "", key=f"{key}_open", type="tertiary", pinned=True, width=70
                ),
                "Date": st.column_config.DateColumn(format="D MMM YYYY"),
            },
            alt=f"{title}: {plural(len(rows), 'call')}",
        )
    clicked = clicked_row(f"{key}_open")
    return rows[clicked[0]].call.id if clicked and clicked[0] < len(rows) else None


def _ranked(row: CallRow, column: str) -> dict[str, str | date]:
    figures = row.figures
    value = MISSING
    if figures and column == "silence":
        value = duration(figures.longest_silence_ms)
    elif figures:
        value = sentiment_cell(figures.sentiment_label, figures.customer_sentiment_mean) or MISSING
    return {
        "open": "Open",
        "Longest silence" if column == "silence" else "Customer's sentiment": value,
        "Call": call_title(row.call),
        "Date": row.call.held_at.date(),
        "Duration": duration(figures.duration_ms) if figures else MISSING,
    }


def draw_download(
    agents: Sequence[AgentFigures], days: Sequence[CallCount], moods: Sequence[SentimentOfDay]
) -> None:
    """Offer the figures shown as CSV files."""
    with st.container(horizontal=True, vertical_alignment="center"):
        draw_csv("Agents", lambda: team.agents_rows(agents), name="agents")
        draw_csv("Days", lambda: day_rows(days, moods), name="days")


def day_rows(
    days: Sequence[CallCount], moods: Sequence[SentimentOfDay]
) -> list[dict[str, str | int | float | None]]:
    """Return the figures of each day as rows of a table."""
    nobody = Average(mean=None, pooled=None, n=0)
    of_day = {m.day: m.sentiment for m in moods}
    return [
        {
            "day": d.day.isoformat(),
            "calls": d.calls,
            "with_transcript": d.transcribed,
            "customer_sentiment_mean": of_day.get(d.day, nobody).mean,
            "customer_sentiment_pooled": of_day.get(d.day, nobody).pooled,
            "customer_sentiment_n": of_day.get(d.day, nobody).n,
        }
        for d in days
    ]
