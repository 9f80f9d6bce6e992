"""How much of what a search finds a person has asked to see."""

from typing import cast

import streamlit as st

_SEEN = "search_pages_seen"


def pages_seen(wish: object) -> int:
    """Return how many pages of what this finds are to be shown: one, unless more was asked for."""
    seen = cast("tuple[object, int] | None", st.session_state.get(_SEEN))
    return seen[1] if seen and seen[0] == wish else 1


def see_more(wish: object) -> None:
    """Show one page more of what this finds."""
    st.session_state[_SEEN] = (wish, pages_seen(wish) + 1)
