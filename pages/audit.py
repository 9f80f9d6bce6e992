"""The audit: who did what with which call, and what was refused."""

import streamlit as st

from app import session
from components._compat import time_zone
from components.audit_view import draw_audit_filter
from components.heading import draw_page_title, draw_refused
from pages._audit import show_audit
from services.domain.errors import AccessDenied
from services.domain.people import Right

draw_page_title(
    "Audit", "Who did what, and what was refused. Entries can't be changed, nor taken away unseen."
)
if not session.current_user().may(Right.READ_AUDIT):
    draw_refused(AccessDenied().user_message)
    st.stop()

show_audit(draw_audit_filter(time_zone()))
