"""The services of this process, who uses them, and what to tell that person once."""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any, NoReturn, cast

import streamlit as st

from app.settings import load_settings
from app.wiring import Services, process_services
from services.access.claims import sign_in_id
from services.access.sign_in_service import sign_in_answers
from services.domain.errors import AccessDenied, NotSignedIn
from services.domain.people import User

_SESSION = "session_id"
_NOTICE = "notice"
_HERE = "this machine"


def services() -> Services:
    """Return the services of this process; they are built once."""
    return process_services()


@cache
def has_login() -> bool:
    """Say whether people sign in here; where they don't there is one local person."""
    return load_settings().has_login


@cache
def local_person() -> User:
    """Return the one person there is where nobody signs in."""
    return load_settings().local_user


def admit() -> User:
    """Let whoever is signed in use the app; that counts as something they do.

    The frame asks before it draws a page. Raises NotSignedIn, NoAccessYet, AccessEnded.
    """
    if not has_login():
        return replace(local_person(), address=_address())
    told = claims()
    return services().sign_ins.admit(told, _address())


def current_user() -> User:
    """Return who is using the app; once they are signed out the page gives way to the entrance."""
    if not has_login():
        return replace(local_person(), address=_address())
    try:
        told = claims()
        return services().sign_ins.current(told, _address())
    except AccessDenied:
        # Parts of a page that run by themselves have no frame around them.
        st.rerun()


def _address() -> str:
    """Return from where the page was asked for; of this machine the framework tells nothing.

    Where it only pretends to have a browser, as in tests, what it tells is no text.
    """
    told: object = st.context.ip_address
    return told if isinstance(told, str) else _HERE


def claims() -> Mapping[str, Any]:
    """Return what the sign-in service says about whoever is here. Raises NotSignedIn."""
    told = st.user.to_dict()
    if told.get("is_logged_in") is not True:
        raise NotSignedIn
    return told


def sign_in() -> str:
    """Return what stands for this sign-in in signed links, nothing where nobody signs in."""
    return sign_in_id(claims()) if has_login() else ""


def can_sign_in() -> bool:
    """Say whether the sign-in service answers; the framework only says that it failed."""
    return sign_in_answers(services().settings.metadata_url or "")


def go_to_sign_in() -> None:
    """Lead the browser to the sign-in service."""
    st.login()


def sign_out() -> NoReturn:
    """End this sign-in, here and in the browser."""
    services().sign_ins.sign_out(claims(), current_user())
    leave()


def leave() -> NoReturn:
    """Have the browser forget who is signed in, whether they were let in or not.

    The run ends here: one more would take the place of what the browser is told.
    """
    st.logout()
    st.stop()


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
