"""How long what is stored stays, what has to stay for longer, and what was deleted."""

import streamlit as st

from app import session
from components.heading import draw_empty, draw_page_title
from components.retention_view import (
    UnsetPeriod,
    draw_hold_form,
    draw_holds,
    draw_period_form,
    draw_periods,
    draw_preview,
    draw_runs,
)
from pages._holds import place_on_customer, release
from pages._retention import keep_period
from services.domain.people import Right

user, services = session.current_user(), session.services()
keeping = services.keeping
draw_page_title("Retention", "How long calls and voices are kept, and what must not be deleted.")

if not (user.may(Right.OPERATE) or user.may(Right.DELETE)):
    draw_empty("Only those who look after this installation see this.", icon=":material/lock:")
if user.may(Right.OPERATE):
    left, right = st.columns([3, 2])
    with left, st.container(border=True):
        draw_periods(keeping.retention.periods(user))
        wanted = draw_period_form(services.browsing.queues(user))
    with right:
        with st.container(border=True):
            draw_preview(keeping.retention.preview(user))
        with st.container(border=True):
            draw_runs(keeping.retention.runs(user))
    if wanted is not None:
        keep_period(wanted, is_taken_away=isinstance(wanted, UnsetPeriod))
if user.may(Right.DELETE):
    with st.container(border=True):
        going = draw_holds(keeping.holds.all(user))
        held = draw_hold_form()
    if going is not None:
        release(going)
    if held is not None:
        place_on_customer(held)
