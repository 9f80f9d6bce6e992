"""What came of the last thing that was asked for a phone call."""

from typing import cast

import streamlit as st

_TROUBLE = "phone_trouble"


def phone_trouble(call_id: str) -> str | None:
    """Return the sentence why the last thing asked for this call could not be done."""
    kept = cast("tuple[str, str] | None", st.session_state.get(_TROUBLE))
    return kept[1] if kept is not None and kept[0] == call_id else None


def keep_phone_trouble(call_id: str, sentence: str | None) -> None:
    """Keep that sentence, None once something else was asked for and could be done."""
    st.session_state[_TROUBLE] = None if sentence is None else (call_id, sentence)
