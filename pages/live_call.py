"""Hold a call: record it or play one, read along, and open it once it has ended."""

import streamlit as st

from app import session
from components.heading import draw_page_title
from pages._live import draw_call, draw_landed, held_call, landed_call, look_at
from pages._live_begin import draw_beginning, draw_my_calls
from pages._phone import ask_what_was_begun

draw_page_title("Live call", "Record or phone somebody, and read along while the call is held.")

ask_what_was_begun()
call_id = st.query_params.get("live") or session.live_here().call_id
running = held_call(call_id)
landed = None if running else landed_call(call_id)

if running is not None:
    look_at(running.id)
    draw_call(running)
elif landed is not None:
    draw_landed(landed)
else:
    if call_id is not None:
        st.warning("This live call does not exist, or it was too short to be kept.")
        look_at(None)
    draw_my_calls()
    draw_beginning()
