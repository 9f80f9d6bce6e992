"""Calls while they happen: what is coming, and what works today instead."""

import streamlit as st

from components.heading import draw_page_title
from components.live_preview import draw_live_preview

draw_page_title("Live call", "Read along while a call is running.")
if draw_live_preview():
    st.switch_page("../pages/transcribe.py")
