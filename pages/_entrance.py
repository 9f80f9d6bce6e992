"""What stands before all pages: who may come in, and what is told to those who may not."""

from urllib.parse import urlsplit

import streamlit as st

from app import session
from components.people.entrance import (
    draw_no_access,
    draw_no_service,
    draw_other_address,
    draw_service_down,
    draw_sign_in,
)
from services.access.claims import identity_of
from services.domain.errors import AccessDenied, AccessEnded, NoAccessYet, StorageError
from services.domain.people import User


def entered() -> User | None:
    """Return who may use the app; None for whom the entrance is to be drawn."""
    try:
        return session.admit()
    except (AccessDenied, StorageError):
        return None


def draw_entrance() -> None:
    """Draw what somebody is told who may not use the app, or not yet."""
    try:
        session.admit()
    except (NoAccessYet, AccessEnded) as error:
        if draw_no_access(error, identity_of(session.claims())):
            session.leave()
    except AccessDenied:
        _draw_sign_in()
    except StorageError as error:
        draw_service_down(error)
    else:
        st.rerun()


def _draw_sign_in() -> None:
    wanted, here = session.services().settings.sign_in_url, st.context.url
    # Cookies of one address don't count under another.
    if wanted and here and urlsplit(here)[:2] != urlsplit(wanted)[:2]:
        draw_other_address(wanted)
    elif draw_sign_in(was_signed_in=bool(st.user.to_dict().get("is_logged_in"))):
        if session.can_sign_in():
            session.go_to_sign_in()
        else:
            draw_no_service()
