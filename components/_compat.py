"""Awkward corners of the framework, each with the reason why it is handled here."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Literal

import streamlit as st
from streamlit.runtime.secrets import secrets_singleton

# How long an input keeps its value once it isn't drawn any more; None: not at all.
Keep = Literal["session"] | None


def use_secrets(secrets: Mapping[str, Any]) -> None:
    """Have the framework know secrets that must not lie in a file.

    ``st.App`` takes them too, but when it is imported: before any setting has been read.
    """
    if secrets:
        secrets_singleton.merge_programmatic_secrets(secrets)


def draw_notice(text: str | None) -> None:
    """Show a short message; a toast, for it must outlive the page that caused it."""
    if text:
        st.toast(text, icon=":material/check:")


def polling(draw: Callable[[], None], *, every_s: float | None) -> None:
    """Draw as a fragment that reruns by itself; None draws it once.

    The interval is fixed when a fragment is defined, so one that may stop polling is defined
    anew by the run that draws it.
    """
    st.fragment(draw, run_every=every_s)()


def day_range(label: str, *, key: str, **look: Any) -> tuple[date | None, date | None]:
    """Draw a range of days; return its first and last, both None until both are chosen.

    The input hands out half a range while the person is choosing, and its types don't know that
    it may begin empty.
    """
    empty: Any = ()
    chosen: Any = st.date_input(label, value=empty, key=key, persist_state="session", **look)
    days = list(chosen) if isinstance(chosen, tuple | list) else [chosen]
    return (days[0], days[1]) if len(days) == 2 else (None, None)


def clicked_row(key: str) -> tuple[int, str] | None:
    """Return row and label of the table button that was clicked, if one was."""
    click: Any = st.session_state.get(key)
    if not click:
        return None
    return int(click["row"]), str(click["label"])


def time_zone() -> str | None:
    """Return the browser's time zone, None where it isn't known (as in tests)."""
    return st.context.timezone
