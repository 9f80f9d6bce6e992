"""The entrance: what somebody sees who isn't signed in, or may not come in."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from components.heading import draw_page_title
from components.wording import plain
from services.domain.errors import NoAccessYet, PartylineError
from services.domain.persons import Identity

WIDTH = 480


def draw_sign_in(*, was_signed_in: bool) -> bool:
    """Draw the way in; return whether it was taken."""
    with _card():
        if was_signed_in:
            draw_page_title("Please sign in again", "You have been signed out.")
            st.markdown(
                "That happens after a while without doing anything, and at the latest after "
                "some hours. Nothing is lost: you come back to the page you were on."
            )
        else:
            draw_page_title("Partyline", "Calls of your team: who said what, and how it went.")
            st.markdown("You sign in with the account that your organisation gave you.")
        return st.button("Sign in", type="primary", icon=":material/login:", width="stretch")


def draw_no_access(why: PartylineError, identity: Identity) -> bool:
    """Draw why somebody may not come in, and as whom; return whether they want to leave."""
    with _card():
        is_new = isinstance(why, NoAccessYet)
        draw_page_title("No access yet" if is_new else "Access switched off")
        st.markdown(plain(why.user_message))
        named = f"**{plain(identity.name)}**"
        address = f", {plain(identity.email)}" if identity.email else ""
        st.markdown(f"You are signed in as {named}{address}.")
        st.markdown(
            "Whoever looks after Partyline in your organisation can change that. It helps "
            "them to know this:"
            if is_new
            else "Ask whoever looks after Partyline in your organisation."
        )
        if is_new:
            st.code(identity.key, language=None, wrap_lines=True)
        return st.button("Sign out", icon=":material/logout:", width="stretch")


def draw_no_service() -> None:
    """Draw that the sign-in service is out of reach."""
    st.error(
        "The service that people sign in with can't be reached at the moment. Please try again in "
        "a minute.",
        icon=":material/cloud_off:",
    )


def draw_other_address(address: str) -> None:
    """Draw that people sign in under another address than this one."""
    with _card():
        draw_page_title("Partyline", "Signing in works under another address.")
        st.link_button(f"Go to {address}", address, icon=":material/login:", width="stretch")


def draw_service_down(error: PartylineError) -> None:
    """Draw that it can't be looked up at the moment who may come in."""
    with _card():
        draw_page_title("Partyline")
        st.error(plain(error.user_message), icon=":material/error:")
        st.button("Try again", width="stretch")


@contextmanager
def _card() -> Iterator[None]:
    with (
        st.container(horizontal_alignment="center"),
        st.container(border=True, width=WIDTH, key="entrance"),
    ):
        yield
