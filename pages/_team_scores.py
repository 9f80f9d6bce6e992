"""Scores on the Analytics page."""

import streamlit as st

from app import session
from components.downloads import Check
from components.heading import draw_panel_title
from components.scores.team import (
    ScoresShown,
    draw_lowest,
    draw_question_choice,
    draw_scorecard_choice,
    draw_team_scores,
)
from services.domain.together import AnalyticsFilter


def show_team_scores(wanted: AnalyticsFilter, check: Check | None) -> str | None:
    """Draw the scores of the chosen calls; return a call that was opened.

    Files are made only after ``check``; None: none are.
    """
    user, services = session.current_user(), session.services()
    figures = services.figures
    scorecard_id = draw_scorecard_choice(figures.scorecards(user, wanted))
    if scorecard_id is None:
        return None
    card = next((c for c in services.scorecards.all(user) if c.id == scorecard_id), None)
    shown = ScoresShown(
        agents=figures.scores_by_agent(user, scorecard_id, wanted),
        questions=figures.scores_by_question(user, scorecard_id, wanted),
        weeks=figures.scores_by_week(user, scorecard_id, wanted),
        texts={q.id: q.text for q in card.questions} if card else {},
        version=card.version if card else 0,
        versions=figures.score_versions(user, scorecard_id, wanted),
    )
    draw_team_scores(shown, check)
    with st.container(border=True):
        draw_panel_title("Lowest scores")
        question = draw_question_choice(shown)
        return draw_lowest(
            figures.lowest_scores(user, scorecard_id, wanted, answered_badly=question)
        )
