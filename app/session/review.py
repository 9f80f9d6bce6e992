"""The call a person reviews: which it is, the moment to jump to, and what sound they hear."""

import secrets
from dataclasses import dataclass
from typing import cast

import streamlit as st

_OPEN_CALL = "open_call"
_SEEK = "seek"
_ORIGINAL = "hears_original"
_FOLLOWED = "followed_link"
_RELOADS = "reloads"


def open_call() -> str | None:
    """Return the call the person opened last."""
    return cast("str | None", st.session_state.get(_OPEN_CALL))


def set_open_call(call_id: str | None) -> None:
    """Remember the call that is open; the next one begins with what everybody hears."""
    if call_id != open_call():
        st.session_state[_ORIGINAL] = None
    st.session_state[_OPEN_CALL] = call_id


def hears_original(call_id: str) -> bool:
    """Say whether the person asked for this call's original sound since it was opened."""
    return st.session_state.get(_ORIGINAL) == call_id


def hear_original(call_id: str, wanted: bool) -> None:
    """Remember whether the person wants a call's original sound; opening another call forgets."""
    st.session_state[_ORIGINAL] = call_id if wanted else None


@dataclass(frozen=True, kw_only=True)
class Jump:
    """A place in a call to jump to, once for every ``nonce``."""

    call_id: str
    ms: int
    nonce: str
    play: bool


def seek(call_id: str) -> Jump | None:
    """Return where in this call the player was asked to jump to last."""
    jump = cast("Jump | None", st.session_state.get(_SEEK))
    return jump if jump and jump.call_id == call_id else None


def request_seek(call_id: str, ms: int, *, play: bool = True) -> None:
    """Ask the player of a call to jump to a place."""
    nonce = secrets.token_hex(4)
    st.session_state[_SEEK] = Jump(call_id=call_id, ms=ms, nonce=nonce, play=play)


def follow_link(call_id: str, at: str | None) -> None:
    """Open the call that an address names and jump to its moment, when it is a new address."""
    if st.session_state.get(_FOLLOWED) == (call_id, at):
        return
    st.session_state[_FOLLOWED] = (call_id, at)
    set_open_call(call_id)
    if at and at.isdecimal():
        request_seek(call_id, int(at), play=False)


def reloads(call_id: str) -> int:
    """Return how often the browser had to take back what it showed of a call too early."""
    counts: dict[str, int] = st.session_state.setdefault(_RELOADS, {})
    return counts.get(call_id, 0)


def request_reload(call_id: str) -> None:
    """Make the browser fetch the call's transcript again, as after a refused change."""
    counts: dict[str, int] = st.session_state.setdefault(_RELOADS, {})
    counts[call_id] = counts.get(call_id, 0) + 1
