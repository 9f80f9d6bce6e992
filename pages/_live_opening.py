"""How the Live page begins any call, and what it is called that has no other name."""

from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import streamlit as st

from app import session
from components._compat import time_zone
from pages._live import look_at
from services.domain.errors import PartylineError
from services.domain.live_calls import RunningCall

OPENING = "Opening the call…"
NO_CONSENT = "Tick the box that everybody is told first; this installation asks for it."


def begin_call(begin: Callable[[], RunningCall]) -> None:
    """Begin a call and look at it, or keep the sentence why there is none."""
    with st.spinner(OPENING):
        try:
            call = begin()
        except PartylineError as error:
            session.change_live_here(refusal=error.user_message)
            return
        session.change_live_here(call_id=call.id, refusal=None)
    look_at(call.id)


def name_by_time(kind: str = "Live call") -> str:
    """Return what a call is called that has no other name: when it began, where the person is."""
    zone = time_zone()
    now = datetime.now(ZoneInfo(zone) if zone else UTC)
    return f"{kind} {now:%Y-%m-%d %H.%M}"
