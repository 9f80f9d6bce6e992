"""The live call of this session: which it is, and what came of beginning it."""

from dataclasses import dataclass, replace
from typing import cast

import streamlit as st

_LIVE = "live"
_WARMED = "live_warmed"
_MICROPHONE = "live_microphone"


@dataclass(frozen=True, kw_only=True)
class LiveHere:
    """The call this session looks at, and the last attempt to begin one.

    ``attempt`` is the recorder's own name of it, ``refusal`` the sentence why it came to nothing.
    ``no_socket`` says that sound can't be sent while it is recorded.
    """

    call_id: str | None = None
    attempt: str | None = None
    refusal: str | None = None
    no_socket: bool = False


def live_here() -> LiveHere:
    """Return what is known."""
    return cast(LiveHere, st.session_state.get(_LIVE, LiveHere()))


def change_live_here(**changes: str | bool | None) -> None:
    """Remember what has changed."""
    st.session_state[_LIVE] = replace(live_here(), **changes)  # type: ignore[arg-type]


def forget_live_call() -> None:
    """Look at no call any more."""
    st.session_state[_LIVE] = LiveHere()


def take_warming() -> bool:
    """Tell, once, that what live calls take may be loaded now."""
    first = _WARMED not in st.session_state
    st.session_state[_WARMED] = True
    return first


def set_microphone(on: bool) -> None:
    """Put the button that switches the server's microphone into this position."""
    st.session_state[_MICROPHONE] = on


def knows_microphone() -> bool:
    """Say whether that button has a position yet; after a reload it has none."""
    return _MICROPHONE in st.session_state
