"""The frame around every page: title, navigation, messages that outlive a page switch."""

import streamlit as st

from app import session
from app.navigation import pages
from components._compat import draw_notice
from components.heading import draw_empty
from components.style import set_up_page
from services.domain.errors import AccessDenied

set_up_page()

page = st.navigation(pages(), position="top")
draw_notice(session.take_notice())
try:
    page.run()
except AccessDenied as error:
    # Pages offer nobody what would be refused; whoever comes by an address is told.
    draw_empty(error.user_message, icon=":material/block:")
