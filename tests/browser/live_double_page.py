"""The live view on a page of its own; what it asks for is written below it."""

import streamlit as st

from components.live_view import LiveViewOrder, draw_live_view
from components.style import set_up_page

set_up_page()
st.title("Live call")
asked = st.query_params
page = st.segmented_control("Page", ["Live", "Elsewhere"], default="Live")
if page == "Live":
    intent = draw_live_view(
        LiveViewOrder(
            call_id=asked["call"],
            events_url=f"/-/live/events/{asked['call']}?token=t",
            read_only="read_only" in asked,
            languages=() if "one_language" in asked else ("en", "es", "de"),
            language=asked.get("language"),
        )
    )
    told = st.session_state.setdefault("told", [])
    if intent is not None:
        told.append(repr(intent))
    st.text(" | ".join(told) or "nothing asked")
st.button("Run again")
