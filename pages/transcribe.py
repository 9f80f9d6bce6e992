"""Hand in recordings, watch them being processed, and review the finished call in place."""

import streamlit as st

from app import session
from components.file_drop import draw_file_drop
from components.heading import draw_empty, draw_page_title
from components.options_form import draw_details, draw_options
from components.words_form import draw_part_note
from pages._calls import load_demo
from pages._review import show_call
from pages._runs import provider_choices
from pages._transcribe import draw_batch_progress, lead_to_others, take
from services.domain.people import Right

user, services = session.current_user(), session.services()
draw_page_title("Transcribe", "Turn recorded calls into who said what, when, and how it went.")

if not user.may(Right.ADD_CALLS):
    draw_empty("You may not add calls; those that there are stand under Calls.")
    st.stop()

with st.expander("Options", icon=":material/tune:", expanded=not session.batch()):
    how, what = st.columns(2)
    with how:
        options = draw_options(provider_choices(), key="new", now=services.settings.default_options)
    with what:
        details = draw_details(key="new")

if options is None:
    draw_empty("Recordings can be dropped here once the options above are put right.")
else:
    draw_part_note(options)
    intent = draw_file_drop(
        session.upload_token(),
        options,
        details,
        session.batch(),
        max_bytes=services.settings.max_upload_bytes,
    )
    if intent is not None:
        take(intent)

if not session.batch() and not services.browsing.has_any(user):
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown("**No recording at hand?** Explore Partyline with calls made for it.")
        if st.button("Load demo calls", icon=":material/play_circle:"):
            load_demo()

if not session.batch():
    lead_to_others()
draw_batch_progress()
shown = session.shown_in_place()
if shown is not None:
    st.divider()
    show_call(shown, as_page=False)
