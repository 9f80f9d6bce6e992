"""Who one is here: what one may do, the ways out, and one's own tokens of the HTTP API."""

import streamlit as st

from app import session
from components.heading import draw_page_title, draw_part_title
from components.people.account import draw_me
from pages._account import draw_my_tokens, leave

draw_page_title("Account", "Who you are here, what you may do, and programs that act for you.")
with st.container(border=True):
    asked = draw_me(session.current_user(), has_login=session.has_login())
if asked is not None:
    leave(asked)
draw_part_title("Your API tokens")
draw_my_tokens()
