"""The live calls that a person has seen running, to tell them what became of those."""

from typing import cast

import streamlit as st

_SEEN = "running_calls_seen"
_MOVED = "running_calls_moved"
_STOP = "running_call_to_stop"
MOST_MOVED = 5


def note_running(names: dict[str, str]) -> dict[str, str]:
    """Note the running calls by id and name; return those seen before that run no more."""
    seen = cast("dict[str, str]", st.session_state.get(_SEEN, {}))
    st.session_state[_SEEN] = names
    return {call_id: name for call_id, name in seen.items() if call_id not in names}


def note_moved(call_id: str, name: str) -> None:
    """Remember a call that has ended and stands among all calls now."""
    moved = {call_id: name, **moved_calls()}
    st.session_state[_MOVED] = dict(list(moved.items())[:MOST_MOVED])


def moved_calls() -> dict[str, str]:
    """Return the calls that ended while this person was watching, by id and name, latest first."""
    return cast("dict[str, str]", st.session_state.get(_MOVED, {}))


def ask_to_stop(call_id: str, name: str) -> None:
    """Remember that the person is to be asked whether to end this call."""
    st.session_state[_STOP] = (call_id, name)


def stop_question() -> tuple[str, str] | None:
    """Return id and name of the call that is to be asked about, until somebody has answered."""
    return cast("tuple[str, str] | None", st.session_state.get(_STOP))


def answer_stop_question() -> None:
    """Take that somebody has answered."""
    st.session_state.pop(_STOP, None)
