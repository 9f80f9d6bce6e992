"""What this installation takes: space, growth, minutes at providers and what they cost."""

import streamlit as st

from app import session
from components.heading import draw_empty, draw_page_title
from components.usage_view import draw_growth, draw_minutes, draw_space
from services.domain.errors import PartylineError
from services.domain.people import Right

user, services = session.current_user(), session.services()
usage = services.usage
draw_page_title(
    "Usage",
    "What this installation takes of disk and money, month by month."
    if user.may(Right.OPERATE)
    else "What your organisation's calls have brought and cost, month by month.",
)


def show_space() -> None:
    """Show what lies where, and measure the recordings when asked for it."""
    if draw_space(usage.space(user), session.sound_space()):
        try:
            with st.spinner("Looking at every stored file…"):
                session.keep_sound_space(usage.sound(user))
        except PartylineError as error:
            st.error(error.user_message, icon=":material/error:")
        else:
            st.rerun()


if user.may(Right.OPERATE):
    left, right = st.columns(2)
    with left, st.container(border=True):
        show_space()
else:
    # What all organisations take together is the operator's to know.
    right = st.container()
if not user.reach.all_calls:
    draw_empty("What all calls bring and cost is shown to those who have to do with all of them.")
    st.stop()
with right, st.container(border=True):
    draw_growth(usage.growth(user))
with st.container(border=True):
    providers = services.providers
    titles = {name: providers.capabilities(name).title for name in providers.names()}
    draw_minutes(usage.minutes(user), titles, services.settings.currency)
