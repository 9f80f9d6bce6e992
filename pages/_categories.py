"""The part of the Analytics page about categories."""

import streamlit as st

from app import session
from components import category_figures as figures
from components.calls_filter import list_only
from services.domain.together import AnalyticsFilter


def show_categories(wanted: AnalyticsFilter) -> None:
    """Draw what rules find in the chosen calls; go to the calls of a category that is clicked."""
    user, services = session.current_user(), session.services()
    desk = services.figures
    rules = tuple(kept.rule for kept in services.rule_book.kept(user))
    n, counts = desk.by_category(user, wanted)
    with st.container(border=True, key="team_categories_panel"):
        listed = figures.draw_category_table(rules, n, counts)
        rule = figures.choose_category(rules, counts)
        if rule is not None:
            left, right = st.columns(2)
            with left:
                figures.draw_weeks(rule, desk.category_by_week(user, rule.id, wanted))
            with right:
                figures.draw_agents_shares(rule, desk.category_by_agent(user, rule.id, wanted))
    if listed is not None:
        list_only(wanted, rule_ids=(listed,))
        st.switch_page("../pages/calls.py")
