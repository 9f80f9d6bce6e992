"""Supervisor: all calls that are being held, and reading along in one of them."""

import streamlit as st

from components.heading import draw_page_title
from pages._phone import ask_what_was_begun
from pages._supervisor import FOLLOWED, draw_board, draw_followed

draw_page_title("Supervisor", "Calls that are being held right now, and what they need.")
ask_what_was_begun()
followed = st.query_params.get(FOLLOWED)
if followed:
    draw_followed(followed)
else:
    draw_board()
