"""The frame around every page: title, navigation, messages that outlive a page switch."""

import streamlit as st

from app import session
from components._compat import draw_notice
from components.heading import draw_empty
from components.style import set_up_page
from services.domain.errors import AccessDenied

set_up_page()

page = st.navigation(
    [
        st.Page(
            "../pages/transcribe.py",
            title="Transcribe",
            icon=":material/upload_file:",
            url_path="transcribe",
            default=True,
        ),
        st.Page("../pages/calls.py", title="Calls", icon=":material/list_alt:", url_path="calls"),
        st.Page("../pages/call.py", title="Call", icon=":material/graphic_eq:", url_path="call"),
        st.Page(
            "../pages/live_call.py",
            title="Live call",
            icon=":material/mic:",
            url_path="live_call",
        ),
        st.Page(
            "../pages/supervisor.py",
            title="Supervisor",
            icon=":material/headset_mic:",
            url_path="supervisor",
        ),
        st.Page(
            "../pages/analytics.py",
            title="Analytics",
            icon=":material/monitoring:",
            url_path="analytics",
        ),
        st.Page("../pages/search.py", title="Search", icon=":material/search:", url_path="search"),
        st.Page(
            "../pages/ask.py",
            title="Ask",
            icon=":material/forum:",
            url_path="ask",
        ),
        st.Page("../pages/rules.py", title="Rules", icon=":material/rule:", url_path="rules"),
        st.Page(
            "../pages/scorecards.py",
            title="Scorecards",
            icon=":material/checklist:",
            url_path="scorecards",
        ),
        st.Page(
            "../pages/voices.py",
            title="Voices",
            icon=":material/record_voice_over:",
            url_path="voices",
        ),
        st.Page(
            "../pages/vocabulary.py",
            title="Vocabulary",
            icon=":material/dictionary:",
            url_path="vocabulary",
        ),
        st.Page("../pages/jobs.py", title="Jobs", icon=":material/lists:", url_path="jobs"),
        st.Page("../pages/usage.py", title="Usage", icon=":material/data_usage:", url_path="usage"),
        st.Page(
            "../pages/settings.py",
            title="Settings",
            icon=":material/settings:",
            url_path="settings",
        ),
    ],
    position="top",
)
draw_notice(session.take_notice())
try:
    page.run()
except AccessDenied as error:
    # Pages offer nobody what would be refused; whoever comes by an address is told.
    draw_empty(error.user_message, icon=":material/block:")
