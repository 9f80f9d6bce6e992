"""How a team is doing across all of its calls."""

import streamlit as st

from app import session
from components import group_view, team_view, topic_view
from components.calls_filter import list_only
from components.heading import draw_no_match, draw_page_title, draw_panel_title
from pages._calls import offer_first_calls, open_call
from pages._categories import show_categories
from pages._team_scores import show_team_scores
from services.domain.people import Right
from services.domain.together import Period

user, services = session.current_user(), session.services()
figures = services.figures
draw_page_title("Analytics", "Figures across calls, each with the number of calls behind it.")

if not services.browsing.has_any(user):
    offer_first_calls()
    st.stop()

wanted = team_view.draw_team_filter(services.browsing.agents(user), services.browsing.queues(user))
team = figures.team(user, wanted)
if team.calls == 0:
    draw_no_match()
    st.stop()

team_view.draw_team_cards(team)
with st.container(horizontal=True, vertical_alignment="bottom"):
    readable = Period.readable(figures.days(user, wanted))
    by = team_view.choose_period(readable)
    if st.button("Show these calls", key="team_list", icon=":material/list:"):
        list_only(wanted)
        st.switch_page("../pages/calls.py")
days = figures.per_period(user, wanted, by)
agents, queues = figures.by_agent(user, wanted), figures.by_queue(user, wanted)
left, right = st.columns(2)
with left:
    team_view.draw_volume(days, by)
with right:
    team_view.draw_course(days, by)
theirs = group_view.draw_comparison(agents, queues, wanted)
topics = figures.by_topic(user, wanted)
left, right = st.columns(2)
with left:
    reason = topic_view.draw_reasons(topics, figures.topic_reach(user, wanted))
with right, st.container(border=True):
    draw_panel_title("Reasons over time")
    counts = figures.topics_per_day(user, wanted, topic_view.choose_period(readable))
    topic_view.draw_trend(counts)
show_categories(wanted)
left, right = st.columns(2)
with left:
    silent = team_view.draw_ranking(
        "Longest silences", figures.longest_silences(user, wanted), "silence", key="silent"
    )
with right:
    unhappy = team_view.draw_ranking(
        "Most negative calls", figures.most_negative(user, wanted), "sentiment", key="unhappy"
    )


def note_download() -> None:
    """Note that figures are taken away, before they are."""
    figures.check_export(user)


check = note_download if user.may(Right.EXPORT) else None
scored = show_team_scores(wanted, check)
if check:
    team_view.draw_download(agents, queues, days, check)
    if topics:
        topic_view.draw_topics_download(topics, counts, check)
if silent or unhappy or scored:
    open_call(silent or unhappy or scored or "")
if theirs or reason:
    list_only(theirs or wanted, topics=(reason,) if reason else ())
    st.switch_page("../pages/calls.py")
