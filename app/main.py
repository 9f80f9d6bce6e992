"""The frame around every page: title, navigation, messages that outlive a page switch."""

import streamlit as st

from app import session
from app.navigation import pages
from components._compat import draw_notice
from components.style import set_up_page

set_up_page()

page = st.navigation(pages(), position="top")
draw_notice(session.take_notice())
page.run()
