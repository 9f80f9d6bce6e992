"""The recordings handed in on the Transcribe page, and which of them is open there."""

from collections.abc import Iterable
from typing import cast

import streamlit as st

from app.session.review import open_call, set_open_call

_BATCH = "transcribe_batch"
_SHOWN = "transcribe_shown"
_SEEN = "transcribe_seen"


def batch() -> list[str]:
    """Return the calls handed in on the Transcribe page, oldest first."""
    return list(st.session_state.get(_BATCH, []))


def add_to_batch(call_ids: Iterable[str]) -> bool:
    """Add calls to the batch; tell whether any was new."""
    known = batch()
    fresh = [c for c in dict.fromkeys(call_ids) if c not in known]
    st.session_state[_BATCH] = known + fresh
    return bool(fresh)


def remove_from_batch(call_id: str) -> None:
    """Take a call off the batch; the call itself stays."""
    st.session_state[_BATCH] = [c for c in batch() if c != call_id]
    if shown_in_place() == call_id:
        show_in_place(None)


def forget_call(call_id: str) -> None:
    """Forget a call that has been deleted."""
    remove_from_batch(call_id)
    if open_call() == call_id:
        set_open_call(None)


def take_fresh(call_ids: Iterable[str]) -> list[str]:
    """Return those of the calls that were not asked about before, in order."""
    seen: set[str] = st.session_state.setdefault(_SEEN, set())
    fresh = [c for c in call_ids if c not in seen]
    seen.update(fresh)
    return fresh


def shown_in_place() -> str | None:
    """Return the finished call that is open on the Transcribe page."""
    return cast("str | None", st.session_state.get(_SHOWN))


def show_in_place(call_id: str | None) -> None:
    """Open a call on the Transcribe page; it is the open call of the Call page too."""
    st.session_state[_SHOWN] = call_id
    if call_id is not None:
        set_open_call(call_id)
