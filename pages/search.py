"""Words in the lines of all calls: who said them, when, and what was said around them."""

import streamlit as st

from app import session
from components.heading import draw_page_title
from components.search_form import draw_search_form
from pages._calls import offer_first_calls
from pages._search import offers, show_found

user, services = session.current_user(), session.services()
draw_page_title("Search", "Find words in what was said in all calls, and listen from there.")
if not services.browsing.has_any(user):
    offer_first_calls()
    st.stop()

show_found(draw_search_form(offers()))
