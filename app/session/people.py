"""What is being given to people: the secret just made, and which form of several is open."""

from typing import cast

import streamlit as st

from services.domain.api_tokens import NewToken

_MADE = "new_token_{}"
_ADDING = "adding_number"


def new_token(place: str) -> NewToken | None:
    """Return the token made last in this part of the pages, until its secret is put away."""
    return cast("NewToken | None", st.session_state.get(_MADE.format(place)))


def keep_new_token(place: str, made: NewToken | None) -> None:
    """Keep a token that was just made; None puts its secret away."""
    st.session_state[_MADE.format(place)] = made


def adding_number() -> int:
    """Return the number of the form for somebody new; each begins empty."""
    return cast("int", st.session_state.get(_ADDING, 0))


def finish_adding() -> None:
    """Begin with an empty form."""
    st.session_state[_ADDING] = adding_number() + 1
