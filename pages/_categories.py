"""The part of the Analytics page about categories."""

import streamlit as st

from app import session
from components import category_figures as figures
from components.calls_filter import list_only
from services.domain.together import AnalyticsFilter


def show_categories(wanted: AnalyticsFilter) -> None:
    """Draw what rules find in the chosen calls; go to the calls of a category that is clicked."""
    user, services = session.current_user(), session.services()
    store, org_id = services.categories, user.org_id
    rules = services.rule_book.rules(org_id)
    n, counts = store.counts_among(org_id, wanted)
    with st.container(border=True, key="team_categories_panel"):
        listed = figures.draw_category_table(rules, n, counts)
        rule = figures.choose_category(rules, counts)
        if rule is not None:
            left, right = st.columns(2)
            with left:
                figures.draw_weeks(rule, store.by_week(org_id, rule.id, wanted))
            with right:
                figures.draw_agents_shares(rule, store.by_agent(org_id, rule.id, wanted))
    if listed is not None:
        list_only(wanted, rule_ids=(listed,))
        st.switch_page("../pages/calls.py")
