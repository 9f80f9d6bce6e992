"""The parts of the Analytics page about calls as a whole."""

from collections.abc import Sequence
from datetime import date

import pandas as pd
import streamlit as st

from components._compat import clicked_row, day_range
from components.calls_table import sentiment_cell
from components.charts import team
from components.charts.frame import show
from components.charts.measures import MEASURES
from components.downloads import Check, Rows, draw_files
from components.heading import draw_panel_title
from components.wording import (
    MISSING,
    call_title,
    duration,
    number,
    percent,
    plural,
    signed,
)
from services.domain.together import (
    AnalyticsFilter,
    Average,
    CallsTogether,
    GroupFigures,
    Period,
    PeriodFigures,
)
from services.storage.calls import CallRow

PERIOD_WORDS = {Period.DAY: "Day", Period.WEEK: "Week"}


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


def draw_team_cards(figures: CallsTogether) -> None:
    """Draw the figures of all chosen calls, each with the number of calls behind it."""
    n, mood, length = figures.transcribed, figures.customer_sentiment, figures.handle_ms
    failed = f"{figures.failed:,} failed" if figures.failed else "none failed"
    cuts, verdict = figures.agent_interruptions, figures.resolution
    cards = [
        ("Calls", f"{figures.calls:,}", failed, "All calls of the selection."),
        (
            "Handle time",
            duration(length.mean),
            f"SD {duration(length.spread)}, n = {length.n:,}",
            "Mean length of the calls with a transcript, and its standard deviation.",
        ),
        _share_card("Agent's talk share", figures.agent_share_of_speech, "Share of all talk."),
        _share_card("Nobody speaks", figures.non_talk_share, "Share of the call with holds."),
        (
            "Interruptions",
            number(cuts.mean, 1),
            f"SD {number(cuts.spread, 1)}, n = {cuts.n:,}",
            "By the agent, per call.",
        ),
        (
            "Customers' sentiment",
            signed(mood.mean),
            f"pooled {signed(mood.pooled)}, n = {mood.n:,}",
            "Mean of the calls' mean scores, −1 to +1.",
        ),
        (
            "Change in a call",
            signed(figures.sentiment_trend.mean),
            f"n = {figures.sentiment_trend.n:,}",
            "Customer's sentiment in the last quarter of a call minus that in the first.",
        ),
        (
            "Resolved",
            percent(verdict.share),
            f"{verdict.resolved:,} of n = {verdict.known:,}",
            "Of the calls whose summary says whether the matter was resolved.",
        ),
        (
            "Negative lines",
            f"{figures.negative_utterances:,}",
            f"n = {n:,}",
            "Lines of anybody with negative sentiment, all calls together.",
        ),
    ]
    with st.container(key="team_cards"):
        for label, value, note, explanation in cards:
            st.metric(
                label, value, delta=note, delta_color="off", delta_arrow="off",
                help=explanation, border=True,
            )  # fmt: skip


def _share_card(label: str, average: Average, explanation: str) -> tuple[str, str, str, str]:
    note = f"pooled {percent(average.pooled)}, n = {average.n:,}"
    meaning = f"{explanation} Mean of the calls; pooled counts longer calls more."
    return label, percent(average.mean), note, meaning


def choose_period(readable: Period) -> Period:
    """Draw the choice between days and weeks, with what can be read preset, and return it."""
    chosen = st.segmented_control(
        "Over time by", list(Period), default=readable, format_func=lambda p: PERIOD_WORDS[p],
        key=f"team_by_{readable}", persist_state="session",
    )  # fmt: skip
    return chosen or readable


def draw_volume(days: Sequence[PeriodFigures], by: Period) -> None:
    """Draw how many calls there were each day or week."""
    with st.container(border=True):
        draw_panel_title(f"Calls per {by}")
        text = team.calls_text(days, by)
        if days:
            show(team.calls_figure(days), key="team_calls", alt=text)
        st.caption(text)


def draw_course(days: Sequence[PeriodFigures], by: Period) -> None:
    """Draw how a figure that is chosen here goes over time."""
    with st.container(border=True):
        draw_panel_title("Over time")
        chosen = st.selectbox(
            "Figure", list(MEASURES), format_func=lambda m: MEASURES[m].label,
            key="team_course", persist_state="session",
        )  # fmt: skip
        measure = MEASURES[chosen or "sentiment"]
        text = team.course_text(days, measure, by)
        if any(measure.of(day).n for day in days):
            show(team.course_figure(days, measure), key="team_course_chart", alt=text)
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
    agents: Sequence[GroupFigures],
    queues: Sequence[GroupFigures],
    days: Sequence[PeriodFigures],
    check: Check,
) -> None:
    """Offer the figures shown as files, each made only after ``check``."""
    with st.container(horizontal=True, vertical_alignment="center"):
        draw_files("Agents", lambda: group_rows(agents, "agent"), check, name="agents")
        draw_files("Queues", lambda: group_rows(queues, "queue"), check, name="queues")
        draw_files("Over time", lambda: period_rows(days), check, name="over_time")


def group_rows(groups: Sequence[GroupFigures], who: str) -> Rows:
    """Return the figures of agents or queues with plain numbers, for a file."""
    return [{who: group.name, **_numbers(group)} for group in groups]


def period_rows(days: Sequence[PeriodFigures]) -> Rows:
    """Return the figures of each day or week with plain numbers, for a file."""
    return [{"from_day": day.day.isoformat(), **_numbers(day)} for day in days]


def _numbers(calls: CallsTogether) -> dict[str, int | float | None]:
    found: dict[str, int | float | None] = {
        "calls": calls.calls,
        "failed": calls.failed,
        "with_transcript": calls.transcribed,
        "duration_ms": calls.duration_ms,
        "negative_utterances": calls.negative_utterances,
        "resolved": calls.resolution.resolved,
        "resolution_known": calls.resolution.known,
    }
    for measure in MEASURES.values():
        average = measure.of(calls)
        found[f"{measure.column}_mean"] = average.mean
        found[f"{measure.column}_pooled"] = average.pooled
        found[f"{measure.column}_sd"] = average.spread
        found[f"{measure.column}_n"] = average.n
    return found
