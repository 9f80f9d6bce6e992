"""What the People page does: gives access, changes it, switches it off."""

import streamlit as st

from app import session
from components.people.adding import draw_adding
from components.people.dialogs import ask_change
from components.wording import plain
from services.access.people import GivenAccess
from services.domain.errors import PartylineError
from services.domain.persons import Person


def change(person: Person) -> None:
    """Ask what to change about somebody's access, and change it."""
    user, desk = session.current_user(), session.services().people
    is_off = person.disabled_at is not None

    def save(wanted: GivenAccess) -> None:
        try:
            desk.change(user, person.id, wanted)
        except PartylineError as error:
            session.notify(error.user_message)
        else:
            session.notify("Saved. It counts within seconds.")

    def switch() -> None:
        try:
            (desk.enable if is_off else desk.disable)(user, person.id)
        except PartylineError as error:
            session.notify(error.user_message)
        else:
            session.notify("Access is on." if is_off else "Access is off, and nobody is signed in.")

    def sign_out() -> None:
        try:
            desk.sign_out_everywhere(user, person.id)
        except PartylineError as error:
            session.notify(error.user_message)
        else:
            session.notify("Signed out everywhere.")

    ask_change(person, queues=_queues(), on_save=save, on_switch=switch, on_sign_out=sign_out)


def draw_new_person() -> None:
    """Draw the form for somebody new, and add them."""
    wish = draw_adding(f"new_person_{session.adding_number()}", _queues())
    if wish is None:
        return
    try:
        session.services().people.add(
            session.current_user(), wish.access, email=wish.email, name=wish.name
        )
    except PartylineError as error:
        st.error(plain(error.user_message))
        return
    session.finish_adding()
    session.notify("Added. They may come in when they sign in.")
    st.rerun()


def _queues() -> list[str]:
    """Return the queues of the calls that the person has to do with: nobody gives more."""
    return list(session.services().browsing.queues(session.current_user()))
