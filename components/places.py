"""A place in a call that a click listens to, alone or in front of the words it belongs to."""

import streamlit as st

from components.wording import clock

LISTEN = "Listen"


def draw_place(
    start_ms: int, *, key: str, words: str | None = None, explanation: str = LISTEN
) -> bool:
    """Draw a button that listens from a place; ``words`` stand for its time; tell of a click."""
    return st.button(
        clock(start_ms) if words is None else words,
        key=key,
        type="tertiary",
        icon=":material/play_arrow:",
        help=explanation,
        width="content",
    )


def draw_words_at(
    start_ms: int | None, text: str, *, key: str, words: str | None = None, listen: bool = True
) -> bool:
    """Draw words (Markdown) behind the place they rest on; tell whether that was clicked.

    Without a place only the words; without ``listen`` the place is there to read only.
    """
    pressed = False
    with st.container(
        horizontal=True, wrap=False, gap="small", vertical_alignment="top", key=f"place_{key}"
    ):
        if start_ms is not None and listen:
            pressed = draw_place(start_ms, key=key, words=words)
        elif start_ms is not None:
            st.markdown(clock(start_ms) if words is None else words, width="content")
        st.markdown(text, width="stretch")
    return pressed
