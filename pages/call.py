"""One call: who said what and when, how it went, and what a person makes of it."""

import streamlit as st

from app import session
from components.heading import draw_empty, draw_page_title
from pages._review import show_call

address = st.query_params.to_dict()
if "call" in address:
    session.follow_link(address["call"], address.get("t"))

call_id = session.open_call()
if call_id is None:
    draw_page_title("Call", "Listen to a call and read along.")
    draw_empty("No call is open. Choose one from the list of calls.", icon=":material/graphic_eq:")
    if st.button("Go to Calls", icon=":material/list_alt:", type="primary"):
        st.switch_page("../pages/calls.py")
else:
    st.query_params["call"] = call_id
    show_call(call_id, as_page=True)
