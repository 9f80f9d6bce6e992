"""Scores across calls: per agent, per question, week by week, and the calls behind them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from components import palette
from components._compat import clicked_row
from components.charts.agents import AgentBar, agent_label, shares_figure
from components.charts.frame import frame, show, week_axis
from components.downloads import Check, draw_files
from components.heading import draw_panel_title
from components.wording import MISSING, call_title, percent, plain, plural
from services.storage.score_figures import AgentScore, QuestionFigures, ScoredRow, WeekScore

ALL = "All calls"
MOST_BARS = 15


@dataclass(frozen=True, kw_only=True)
class ScoresShown:
    """What is drawn about the scores by one scorecard; ``texts`` are its questions by id."""

    agents: Sequence[AgentScore]
    questions: Sequence[QuestionFigures]
    weeks: Sequence[WeekScore]
    texts: Mapping[str, str]
    version: int
    versions: Mapping[int, int]


def draw_scorecard_choice(names: Mapping[str, str]) -> str | None:
    """Draw which scorecard the figures are by; None when there is no score at all."""
    draw_panel_title("Scores")
    if not names:
        st.caption("No call of this selection has a score. Scorecards are on their own page.")
        return None
    return st.selectbox(
        "Scorecard", list(names), format_func=lambda i: names[i], key="team_scorecard", width=300
    )


def draw_team_scores(shown: ScoresShown, check: Check | None) -> None:
    """Draw agents, weeks and questions; files of them only after ``check``, None: no files."""
    earlier = sum(n for version, n in shown.versions.items() if version != shown.version)
    if earlier:
        total = plural(sum(shown.versions.values()), "call")
        st.caption(f"{earlier} of {total} are still scored by an earlier form of the scorecard.")
    left, right = st.columns(2)
    with left, st.container(border=True):
        draw_panel_title("Score by agent")
        show(agents_figure(shown.agents), key="team_scores", alt=agents_text(shown.agents))
        st.caption(plain(agents_text(shown.agents)))
        with st.expander("As a table"):
            rows = pd.DataFrame(agent_rows(shown.agents))
            st.dataframe(rows, hide_index=True, alt="Score by agent")
    with right, st.container(border=True):
        draw_panel_title("Score by week")
        show(weeks_figure(shown.weeks), key="team_score_weeks", alt=weeks_text(shown.weeks))
        st.caption(weeks_text(shown.weeks))
    with st.container(border=True):
        draw_panel_title("Answers by question")
        st.caption("Share of yes among yes and no; the good answer may be no.")
        rows = pd.DataFrame(question_rows(shown.questions, shown.texts))
        st.dataframe(rows, hide_index=True, alt="Answers by question")
    if check is not None:
        _draw_downloads(shown, check)


def _draw_downloads(shown: ScoresShown, check: Check) -> None:
    with st.container(horizontal=True):
        agents, questions = "scores_by_agent", "answers_by_question"
        draw_files("Scores by agent", lambda: agent_csv(shown.agents), check, name=agents)
        draw_files(
            "Answers by question",
            lambda: question_csv(shown.questions, shown.texts),
            check,
            name=questions,
        )


def draw_question_choice(shown: ScoresShown) -> str | None:
    """Draw which question the listed calls were answered badly in; None: all calls."""
    ids = [ALL, *(q.question_id for q in shown.questions)]
    words = {ALL: ALL, **shown.texts}
    chosen = st.selectbox(
        "Calls with a bad answer to",
        ids,
        format_func=lambda i: words.get(i, i),
        key="team_score_question",
    )
    return None if chosen in (None, ALL) else chosen


def draw_lowest(rows: Sequence[ScoredRow]) -> str | None:
    """Draw the calls with the lowest scores; return the call that was opened, if any."""
    if not rows:
        st.caption("No such calls in this selection.")
        return None
    st.dataframe(
        pd.DataFrame([_row(row) for row in rows]),
        key="lowest_scores",
        hide_index=True,
        column_config={
            "open": st.column_config.ButtonColumn(
                "", key="lowest_scores_open", type="tertiary", pinned=True, width=70
            ),
            "Date": st.column_config.DateColumn(format="D MMM YYYY"),
        },
        alt=f"Lowest scores: {plural(len(rows), 'call')}",
    )
    clicked = clicked_row("lowest_scores_open")
    return rows[clicked[0]].call.id if clicked and clicked[0] < len(rows) else None


def _row(row: ScoredRow) -> dict[str, Any]:
    return {
        "open": "Open",
        "Score": percent(row.share),
        "Points": f"{row.points} of {row.possible}",
        "Failed": "Critical question" if row.auto_failed else "",
        "Call": call_title(row.call),
        "Agent": row.call.details.agent_name or MISSING,
        "Date": row.call.held_at.date(),
    }


def agents_figure(agents: Sequence[AgentScore]) -> go.Figure:
    """Return for each agent the mean share with its spread, and the pooled share as a mark.

    Of many agents those with the most calls are shown; the table has all.
    """
    known = [a for a in agents if a.share.mean is not None]
    most = sorted(known, key=lambda a: -a.share.n)[:MOST_BARS]
    bars = [
        AgentBar(
            name=agent_label(a.agent_name),
            mean=a.share.mean or 0,
            pooled=a.share.pooled or 0,
            n=a.share.n,
            spread=a.share.spread,
        )
        for a in known
        if a in most
    ]
    return shares_figure(bars, pooled_name="All points pooled")


def agents_text(agents: Sequence[AgentScore]) -> str:
    """Return what the chart shows, in words."""
    parts = [
        f"{agent_label(a.agent_name)}: mean {percent(a.share.mean)}, "
        f"pooled {percent(a.share.pooled)}, n = {a.share.n}{_failed(a)}."
        for a in sorted(agents, key=lambda a: -a.share.n)[:MOST_BARS]
        if a.share.mean is not None
    ]
    if len(agents) > MOST_BARS:
        parts.append(f"The {MOST_BARS} with the most calls of {len(agents)}.")
    return " ".join(parts) or "No score in this selection."


def _failed(agent: AgentScore) -> str:
    return f", {agent.auto_failed} failed by a critical question" if agent.auto_failed else ""


def weeks_figure(weeks: Sequence[WeekScore]) -> go.Figure:
    """Return the mean share of each week; larger marks stand for more calls."""
    figure = go.Figure()
    figure.add_trace(
        go.Scatter(
            mode="lines+markers",
            x=[w.week for w in weeks],
            y=[100 * (w.share.mean or 0) for w in weeks],
            customdata=[w.share.n for w in weeks],
            line={"color": palette.AGENT, "width": 2},
            marker={"size": [min(18, 7 + w.share.n) for w in weeks], "color": palette.AGENT},
            hovertemplate=(
                "Week of %{x|%-d %b %Y}: mean %{y:.1f} %<br>n = %{customdata}<extra></extra>"
            ),
        )
    )
    frame(figure, height=260)
    week_axis(figure, [w.week for w in weeks])
    figure.update_yaxes(range=[0, 105], ticksuffix=" %", fixedrange=True)
    return figure


def weeks_text(weeks: Sequence[WeekScore]) -> str:
    """Return what the chart shows, in words."""
    if not weeks:
        return "No score in this selection."
    first, last = weeks[0], weeks[-1]
    words = f"Week of {first.week:%-d %b %Y}: {percent(first.share.mean)}, n = {first.share.n}."
    if len(weeks) > 1:
        words += f" Week of {last.week:%-d %b %Y}: {percent(last.share.mean)}, n = {last.share.n}."
    return words


def agent_rows(agents: Sequence[AgentScore]) -> list[dict[str, Any]]:
    """Return the agents' scores as rows of a table."""
    return [
        {
            "Agent": agent_label(a.agent_name),
            "Mean": percent(a.share.mean, 1),
            "Pooled": percent(a.share.pooled, 1),
            "n": a.share.n,
            "Spread (SD)": percent(a.share.spread, 1),
            "Failed by a critical question": a.auto_failed,
            "Calls without a score": a.calls - a.share.n,
        }
        for a in agents
    ]


def question_rows(
    questions: Sequence[QuestionFigures], texts: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return how the questions were answered, as rows of a table."""
    return [
        {
            "Question": texts.get(q.question_id, q.question_id),
            "Yes": percent(q.yes_share),
            "Good": percent(q.good_share),
            "n": q.yes + q.no,
            "Not applicable": q.not_applicable,
            "Not answered": q.unanswered,
            "By a reviewer": q.by_person,
        }
        for q in _in_order(questions, texts)
    ]


def agent_csv(agents: Sequence[AgentScore]) -> list[dict[str, Any]]:
    """Return the agents' scores with plain numbers, for a file."""
    return [
        {
            "agent": a.agent_name,
            "calls": a.calls,
            "n": a.share.n,
            "share_mean": a.share.mean,
            "share_pooled": a.share.pooled,
            "share_sd": a.share.spread,
            "auto_failed": a.auto_failed,
        }
        for a in agents
    ]


def question_csv(
    questions: Sequence[QuestionFigures], texts: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return how the questions were answered with plain numbers, for a file."""
    return [
        {"question": texts.get(q.question_id, q.question_id), **vars(q), "yes_share": q.yes_share}
        for q in _in_order(questions, texts)
    ]


def _in_order(
    questions: Sequence[QuestionFigures], texts: Mapping[str, str]
) -> list[QuestionFigures]:
    place = {question_id: at for at, question_id in enumerate(texts)}
    return sorted(questions, key=lambda q: place.get(q.question_id, len(place)))
