"""Scores on the Analytics page."""

import streamlit as st

from app import session
from components.heading import draw_panel_title
from components.scores.team import (
    ScoresShown,
    draw_lowest,
    draw_question_choice,
    draw_scorecard_choice,
    draw_team_scores,
)
from services.domain.together import AnalyticsFilter


def show_team_scores(wanted: AnalyticsFilter) -> str | None:
    """Draw the scores of the chosen calls; return a call that was opened."""
    user, services = session.current_user(), session.services()
    org, scores = user.org_id, services.score_analytics
    scorecard_id = draw_scorecard_choice(scores.scorecards(org, wanted))
    if scorecard_id is None:
        return None
    card = next((c for c in services.scorecards.all(user) if c.id == scorecard_id), None)
    shown = ScoresShown(
        agents=scores.by_agent(org, scorecard_id, wanted),
        questions=scores.by_question(org, scorecard_id, wanted),
        weeks=scores.by_week(org, scorecard_id, wanted),
        texts={q.id: q.text for q in card.questions} if card else {},
        version=card.version if card else 0,
        versions=scores.versions(org, scorecard_id, wanted),
    )
    draw_team_scores(shown)
    with st.container(border=True):
        draw_panel_title("Lowest scores")
        question = draw_question_choice(shown)
        return draw_lowest(scores.lowest(org, scorecard_id, wanted, answered_badly=question))
