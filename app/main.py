"""The frame around every page: title, navigation, messages that outlive a page switch."""

import streamlit as st

from app import session
from app.navigation import pages
from components._compat import draw_notice
from components.heading import draw_refused
from components.style import set_up_page
from pages._entrance import draw_entrance, entered
from services.domain.errors import AccessDenied

set_up_page()
user = entered()

# Whoever has not come in yet sees the entrance, under the address that they asked for.
page = st.navigation(pages(user), position="top" if user else "hidden")
draw_notice(session.take_notice())
if not user:
    draw_entrance()
else:
    try:
        page.run()
    except AccessDenied as error:
        # Pages offer nobody what would be refused; whoever comes by an address is told.
        draw_refused(error.user_message)
