"""How a team is doing across all of its calls."""

import streamlit as st

from app import session
from components import team_view, topic_view
from components.calls_filter import filter_by_topic
from components.heading import draw_no_match, draw_page_title, draw_panel_title
from pages._calls import offer_first_calls, open_call
from pages._categories import show_categories
from pages._team_scores import show_team_scores

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
topics = services.topics.by_topic(org, wanted)
left, right = st.columns(2)
with left:
    reason = topic_view.draw_reasons(topics, services.topics.reach(org, wanted))
with right, st.container(border=True):
    draw_panel_title("Reasons over time")
    counts = services.topics.per_day(org, wanted, topic_view.choose_period())
    topic_view.draw_trend(counts)
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
scored = show_team_scores(wanted)
team_view.draw_download(agents, days, moods)
if topics:
    topic_view.draw_topics_download(topics, counts)
if silent or unhappy or scored:
    open_call(silent or unhappy or scored or "")
if reason:
    filter_by_topic(reason)
    st.switch_page("../pages/calls.py")
