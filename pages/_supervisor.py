"""What the Supervisor page does: looks at running calls, reads along in one, ends one."""

import streamlit as st

from app import session
from components._compat import polling
from components.heading import draw_empty, draw_part_title
from components.live_view import LiveViewOrder, draw_live_view
from components.live_view.intents import FreshLinks, Landed, OpenCall
from components.running_calls import (
    RunningAct,
    describe_running,
    draw_alerting,
    draw_moved_calls,
    draw_running_calls,
)
from components.wording import plain, running_title
from pages._calls import open_call
from pages._phone import draw_phone, is_controlled
from services.access.rights import may_stop_live
from services.domain.errors import AccessDenied, InvalidRequest, NotFound, PartylineError
from services.domain.live_calls import RunningCall

LOOK_EVERY_S = 1.0
FOLLOWED = "live"
ENDING = "The call is ending; it will be among your calls in a moment."
EVERYTHING = 2**53
"""No call is ever told so many events."""


def draw_board() -> None:
    """Draw all running calls, again every second."""
    polling(_draw_calls, every_s=LOOK_EVERY_S)
    alerts = session.services().alerts
    draw_alerting(alerts.deliveries(), [kind.value for kind in alerts.kinds])


def draw_followed(call_id: str) -> None:
    """Draw one running call as it goes on; of a phone call also what can be done with it."""
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("All running calls", icon=":material/arrow_back:", key="followed_back"):
            leave()
        call = _running(call_id)
        may_stop = call is not None and call.goes_on and _may_stop(call)
        # A call that its telephone service holds is hung up below.
        may_stop = may_stop and not (call is not None and is_controlled(call))
        if may_stop and st.button("End call", icon=":material/call_end:", key="followed_stop"):
            session.ask_to_stop(call_id, running_title(call) if call else "")
            st.rerun()
    if call is None:
        _draw_gone(call_id)
        return
    draw_part_title(plain(running_title(call)))
    draw_phone(call)
    refusal = _why_not_here(call_id)
    if refusal is not None:
        draw_empty(refusal, icon=":material/block:")
        return
    order = LiveViewOrder(
        call_id=call_id, events_url=session.live_events_url(call_id), read_only=True
    )
    match draw_live_view(order):
        case OpenCall(call_id=landed):
            open_call(landed)
        case Landed():
            session.note_moved(call.id, running_title(call))
        case FreshLinks():
            session.renew_tokens()
            st.rerun()


def leave() -> None:
    """Go back to all running calls."""
    st.query_params.clear()
    st.rerun()


def _running(call_id: str) -> RunningCall | None:
    try:
        return session.services().live.get(session.current_user(), call_id)
    except NotFound:
        return None


def _why_not_here(call_id: str) -> str | None:
    """Say why what is told of a call can't be read here; None when it can."""
    try:
        _, following = session.services().live.follow(
            session.current_user(), call_id, EVERYTHING, lambda told: None
        )
    except NotFound:
        return None
    except (InvalidRequest, AccessDenied) as error:
        return error.detail or error.user_message
    following.close()
    return None


def _draw_gone(call_id: str) -> None:
    """Say what became of a call that doesn't run any more."""
    if not is_stored(call_id):
        draw_empty("This call doesn't run any more, and nothing of it was kept.")
        return
    draw_empty("This call has ended and moved to Calls.", icon=":material/check_circle:")
    if st.button("Open call", icon=":material/graphic_eq:", type="primary"):
        open_call(call_id)


def _draw_calls() -> None:
    try:
        running = session.services().live.running(session.current_user())
    except PartylineError as error:
        st.error(error.user_message)
        return
    _note_ended(running)
    moved = draw_moved_calls(session.moved_calls())
    if moved is not None:
        open_call(moved)
    if not running:
        draw_empty("No call is being held at the moment.", icon=":material/headset_mic:")
        if st.button("Begin a live call", icon=":material/mic:"):
            st.switch_page("../pages/live_call.py")
        return
    st.caption(describe_running(running))
    intent = draw_running_calls(running, may_stop=_may_stop)
    if intent is None:
        return
    if intent.act is RunningAct.READ:
        st.query_params[FOLLOWED] = intent.call_id
    else:
        name = next(running_title(call) for call in running if call.id == intent.call_id)
        session.ask_to_stop(intent.call_id, name)
    st.rerun()


def _may_stop(call: RunningCall) -> bool:
    return may_stop_live(session.current_user(), call.owner)


def _note_ended(running: list[RunningCall]) -> None:
    """Keep those that have ended since the last look and are among all calls now."""
    gone = session.note_running({call.id: running_title(call) for call in running})
    for call_id, name in gone.items():
        if is_stored(call_id):
            session.note_moved(call_id, name)


def is_stored(call_id: str) -> bool:
    """Say whether a call is among all calls."""
    try:
        session.services().browsing.get(session.current_user(), call_id)
    except NotFound:
        return False
    return True
