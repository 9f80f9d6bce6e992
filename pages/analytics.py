"""How a team is doing across all of its calls."""

import streamlit as st

from app import session
from components import team_view
from components.heading import draw_no_match, draw_page_title
from pages._calls import offer_first_calls, open_call
from pages._categories import show_categories

user, services = session.current_user(), session.services()
org, analytics = user.org_id, services.analytics
draw_page_title("Analytics", "Figures across calls, each with the number of calls behind it.")

if services.calls.count(org) == 0:
    offer_first_calls()
    st.stop()

wanted = team_view.draw_team_filter(services.calls.agents(org), services.calls.queues(org))
team = analytics.team(org, wanted)
if team.calls == 0:
    draw_no_match()
    st.stop()

team_view.draw_team_cards(team)
days, moods, agents = (
    analytics.calls_per_day(org, wanted),
    analytics.sentiment_per_day(org, wanted),
    analytics.by_agent(org, wanted),
)
left, right = st.columns(2)
with left:
    team_view.draw_calls_per_day(days)
with right:
    team_view.draw_mood(moods)
team_view.draw_agents(agents)
show_categories(wanted)
left, right = st.columns(2)
with left:
    silent = team_view.draw_ranking(
        "Longest silences", analytics.longest_silences(org, wanted), "silence", key="silent"
    )
with right:
    unhappy = team_view.draw_ranking(
        "Most negative calls", analytics.most_negative(org, wanted), "sentiment", key="unhappy"
    )
team_view.draw_download(agents, days, moods)
if silent or unhappy:
    open_call(silent or unhappy or "")
