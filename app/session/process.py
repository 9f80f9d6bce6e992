"""The services of this process, who uses them, and what to tell that person once."""

import secrets
from typing import cast

import streamlit as st

from app.wiring import Services, process_services
from services.domain.people import LOCAL_USER, User

_SESSION = "session_id"
_NOTICE = "notice"


def services() -> Services:
    """Return the services of this process; they are built once."""
    return process_services()


def current_user() -> User:
    """Return who is using the app."""
    return LOCAL_USER


def session_id() -> str:
    """Return this browser session's own random name."""
    if _SESSION not in st.session_state:
        st.session_state[_SESSION] = secrets.token_hex(12)
    return cast(str, st.session_state[_SESSION])


def notify(text: str) -> None:
    """Keep a short message for the next run of the page."""
    st.session_state[_NOTICE] = text


def take_notice() -> str | None:
    """Return the kept message, once."""
    return cast("str | None", st.session_state.pop(_NOTICE, None))
