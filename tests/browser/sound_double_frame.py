"""Two pages: the recorder with nothing around it, and another one to go to and fro."""

import sys
from pathlib import Path

import streamlit as st

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from components.live_recorder import (  # noqa: E402
    Discarded,
    Here,
    NoSocket,
    RecorderOrder,
    Rest,
    Start,
    Stopped,
    draw_live_recorder,
)
from services.domain.ids import new_id  # noqa: E402
from tests.browser import sound_double  # noqa: E402


def recorder() -> None:
    """Open every call that is asked for, unless ``?refuse`` is in the address."""
    now = st.session_state
    call_id = now.get("call") or st.query_params.get("live")
    intent = draw_live_recorder(
        RecorderOrder(
            call_id=call_id,
            sound_url=f"/-/live/sound/{call_id}?token=x" if call_id else None,
            channels=now.get("channels", 1),
            attempt=now.get("attempt"),
            refused=now.get("refused", False),
            can_share_tab=True,
            consent_notice="Everybody on the call is told that it is recorded.",
            kept_ms=int(st.query_params.get("room", 150_000)),
            pause_ms=7_200_000,
            consent_required="consent" in st.query_params,
        )
    )
    st.write(f"Last intent: {type(now.get('intent')).__name__}")
    st.button("Rerun")
    if st.button("Lose the session"):
        now.clear()
        st.query_params.clear()
        st.rerun()
    if intent is None:
        return
    now.intent = intent
    match intent:
        case Start():
            now.attempt, now.channels = intent.attempt, intent.channels
            refuse = st.query_params.get("refuse")
            # "rest": only what is left of a call, which has no microphone.
            now.refused = not intent.device if refuse == "rest" else refuse is not None
            if not now.refused:
                now.call = st.query_params["live"] = new_id()
                sound_double.begin(now.call, intent.channels)
        case Here():
            now.call = intent.call_id
        case Stopped() | NoSocket() | Discarded() | Rest():
            now.call, now.attempt = None, None
            st.query_params.pop("live", None)
    st.rerun()


def other() -> None:
    """Nothing of interest."""
    st.write("Another page")


st.set_page_config(page_title="Recorder")
page = st.navigation(
    [
        st.Page(recorder, title="Live call", url_path="live_call"),
        st.Page(other, title="Other", url_path="other", default=True),
    ],
    position="top",
)
page.run()
