"""Awkward corners of the framework, each with the reason why it is handled here."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Literal

import streamlit as st
from streamlit import runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.secrets import secrets_singleton
from streamlit.web.server.starlette import starlette_websocket
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

# How long an input keeps its value once it isn't drawn any more; None: not at all.
Keep = Literal["session"] | None


def use_secrets(secrets: Mapping[str, Any]) -> None:
    """Have the framework know secrets that must not lie in a file.

    ``st.App`` takes them too, but when it is imported: before any setting has been read.
    """
    if secrets:
        secrets_singleton.merge_programmatic_secrets(secrets)


def told_by_cookies(cookies: Mapping[str, str], origin: str) -> dict[str, Any]:
    """Return what ``st.user`` tells on a page of this origin for a browser with these cookies.

    Only pages have ``st.user``; requests that the framework answers beside them have not.
    """
    signed = starlette_websocket._get_signed_cookie_with_chunks(dict(cookies), USER_COOKIE_NAME)
    if signed is None:
        return {}
    return starlette_websocket._parse_decoded_user_cookie(signed, origin)


def files_in_memory() -> dict[str, tuple[int, int]]:
    """Return how many files of each open page lie in memory, and how many bytes they have."""
    files = _files()
    if files is None:
        return {}
    pages = [(page, list(of_page.values())) for page, of_page in list(files.file_storage.items())]
    return {page: (len(kept), sum(len(file.data) for file in kept)) for page, kept in pages}


def drop_file_of_closed_page(page: str, file: str) -> None:
    """Drop a file that came when its page had closed already; nothing else would ever do so."""
    files = _files()
    if files is not None and not runtime.get_instance().is_active_session(page):
        files.remove_file(page, file)


def _files() -> MemoryUploadedFileManager | None:
    found = runtime.get_instance().uploaded_file_mgr if runtime.exists() else None
    return found if isinstance(found, MemoryUploadedFileManager) else None


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
