"""The form by which somebody is given access before they have signed in."""

from collections.abc import Iterable
from dataclasses import dataclass

import streamlit as st

from components.people.access_form import MOST_NAME_CHARS, draw_access
from services.access.people import GivenAccess
from services.domain.people import EVERY_CALL, Role


@dataclass(frozen=True, kw_only=True)
class NewPerson:
    """Somebody who is to be given access."""

    email: str
    name: str
    access: GivenAccess


def draw_adding(key: str, queues: Iterable[str]) -> NewPerson | None:
    """Draw the form; return who is to be added once that was asked for."""
    with st.form(key, border=True):
        left, right = st.columns(2)
        email = left.text_input(
            "E-mail address",
            max_chars=MOST_NAME_CHARS,
            key=f"{key}_email",
            placeholder="nora@example.com",
            help="As the sign-in service has it, and has verified it.",
        )
        name = right.text_input("Name", max_chars=MOST_NAME_CHARS, key=f"{key}_name")
        access = draw_access(key, GivenAccess(role=Role.VIEWER, reach=EVERY_CALL), queues)
        if not st.form_submit_button("Add", type="primary"):
            return None
    return NewPerson(email=email, name=name, access=access)
