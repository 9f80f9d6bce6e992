"""Questions about all calls, answered with the lines that bear them out."""

import streamlit as st

from app import session
from components._compat import day_range
from components.heading import draw_page_title
from pages._asking import answering_model, converse
from pages._calls import offer_first_calls
from services.domain.asking import Citation, Exchange
from services.domain.running import RunContext
from services.domain.searching import LineFilter

user, services = session.current_user(), session.services()
draw_page_title(
    "Ask",
    "Ask about all calls. The lines that bear on a question most are read, not every line there "
    "is: this finds out what was said, it does not count.",
)
if not services.browsing.has_any(user):
    offer_first_calls()
    st.stop()
model = answering_model()
if model is None:
    st.stop()

who, when = st.columns(2)
agents = who.multiselect(
    "Agents", services.browsing.agents(user), key="ask_agents", placeholder="All agents"
)
with when:
    first_day, last_day = day_range("Days", key="ask_days")
among = LineFilter(agents=tuple(agents), first_day=first_day, last_day=last_day)


def answer(question: str, earlier: tuple[Exchange, ...], context: RunContext) -> Exchange:
    """Answer from the calls of these agents and days."""
    return services.asking.about_calls(user, question, among, earlier, context)


def follow(cited: Citation) -> None:
    """Open the call at the cited line."""
    session.set_open_call(cited.call_id)
    session.request_seek(cited.call_id, cited.start_ms)
    st.switch_page("../pages/call.py", query_params={"call": cited.call_id})


converse(
    session.ALL_CALLS,
    model,
    answer,
    follow,
    placeholder="Why do customers ask for a refund?",
)
