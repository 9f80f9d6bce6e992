"""What the Account page and the People page do with signing out and with tokens."""

from collections.abc import Callable

import streamlit as st

from app import session
from components._compat import time_zone
from components.heading import draw_empty
from components.people.account import Leaving
from components.people.tokens import TokenWish, draw_secret, draw_token_form, draw_tokens
from components.wording import moment, plain
from services.domain.api_tokens import ApiToken, NewToken
from services.domain.errors import PartylineError
from services.domain.people import Role

NONE_YET = "There is no token yet. A program needs one to use the HTTP API."


def leave(how: Leaving) -> None:
    """Sign out of this browser, or of all."""
    user = session.current_user()
    if how is Leaving.EVERYWHERE:
        session.services().people.sign_out_everywhere(user, user.id)
        session.leave()
    else:
        session.sign_out()


def draw_my_tokens() -> None:
    """Draw one's own tokens, and the form for another."""
    user, desk = session.current_user(), session.services().token_desk
    _draw_made("mine")
    _draw_list(desk.mine(user), key="mine")
    if session.has_login():
        until = moment(session.services().sign_ins.programs_until, time_zone())
        st.caption(
            f"If you don't come here again, your tokens count until {until} at most. "
            "Each sign-in, and whatever you do here, puts that off."
        )
    roles = [role for role in Role if len(role.rights) <= len(user.role.rights)]
    wish = draw_token_form("new_mine", roles, None)
    if wish is not None:
        _make("mine", lambda: desk.add_mine(user, wish.name, wish.role, wish.days))


def draw_service_tokens() -> None:
    """Draw all other tokens of the organisation, and the form for one of a service."""
    user, desk = session.current_user(), session.services().token_desk
    _draw_made("services")
    _draw_list(desk.others(user), key="services")
    wish = draw_token_form("new_service", list(Role), ())
    if wish is not None:
        _make("services", lambda: _for_service(wish))


def _for_service(wish: TokenWish) -> NewToken:
    user, desk = session.current_user(), session.services().token_desk
    return desk.add_service(user, wish.name, wish.role, wish.reach, wish.days)


def _draw_list(tokens: list[ApiToken], *, key: str) -> None:
    if not tokens:
        draw_empty(NONE_YET, icon=":material/key:")
        return
    revoked = draw_tokens(tokens, key=key, zone=time_zone())
    if revoked is None or revoked.revoked_at is not None:
        return
    try:
        session.services().token_desk.revoke(session.current_user(), revoked.id)
    except PartylineError as error:
        st.error(plain(error.user_message))
        return
    session.notify("The token was revoked.")
    st.rerun()


def _make(place: str, make: Callable[[], NewToken]) -> None:
    try:
        made = make()
    except PartylineError as error:
        st.error(plain(error.user_message))
        return
    session.keep_new_token(place, made)
    st.rerun()


def _draw_made(place: str) -> None:
    made = session.new_token(place)
    if made is not None and draw_secret(made):
        session.keep_new_token(place, None)
        st.rerun()
