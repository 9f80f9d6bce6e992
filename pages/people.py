"""To whom access is given: the people of one's organisation, and the services with tokens."""

import streamlit as st

from app import session
from components._compat import time_zone
from components.heading import draw_empty, draw_page_title, draw_part_title, draw_refused
from components.people.people_table import draw_people
from pages._account import draw_service_tokens
from pages._people import change, draw_new_person
from services.domain.errors import AccessDenied

draw_page_title("People", "Who may come in, what they may do, and with which calls.")
user = session.current_user()
try:
    people = session.services().people.list(user)
except AccessDenied as error:
    draw_refused(error.user_message)
    st.stop()
if people:
    chosen = draw_people(people, zone=time_zone())
    if chosen is not None:
        change(chosen)
elif session.has_login():
    draw_empty("Nobody has been given access yet. Add people below.", icon=":material/group:")
else:
    draw_empty(
        "No sign-in is set up: only this machine reaches Partyline. People added here may come in "
        "once there is one.",
        icon=":material/group:",
    )
draw_part_title("Add a person")
draw_new_person()
draw_part_title("API tokens of services and others")
draw_service_tokens()
