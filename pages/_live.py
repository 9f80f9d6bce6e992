"""The Live page while a call is held, and when it has ended."""

import streamlit as st

from app import session
from components.heading import draw_empty
from components.languages import offered_languages
from components.live_form import draw_microphone_toggle
from components.live_recorder import (
    Discarded,
    FreshLink,
    NoSocket,
    RecorderIntent,
    RecorderOrder,
    Rest,
    Stopped,
    draw_live_recorder,
)
from components.live_view import LiveViewOrder, draw_live_view
from components.live_view.intents import (
    FreshLinks,
    Landed,
    LiveViewIntent,
    OpenCall,
    Speak,
    Stop,
    Summarise,
)
from pages._calls import open_call
from pages._phone import draw_phone, is_controlled
from services.access.rights import may_stop_live
from services.domain.calls import Call
from services.domain.errors import NotFound, PartylineError
from services.domain.live_calls import FROM_BROWSER, LiveSource, LiveState, RunningCall

ENDED = (
    "The call has ended. Its last words are taken in; then its recording is processed once more, "
    "which has the last word."
)
ENDED_BY_PHONE = "The call has ended. Its last words are taken in; there is no recording of it."
LANDED = "The call has ended. It is among the calls now."
INTERRUPTED = "The process that held this call has stopped. What had arrived is being made a call."


def held_call(call_id: str | None) -> RunningCall | None:
    """Return a call that is held, or has ended and isn't among the calls yet."""
    if call_id is None:
        return None
    try:
        return session.services().live.get(session.current_user(), call_id)
    except NotFound:
        return None


def landed_call(call_id: str | None) -> Call | None:
    """Return the call that a live call has become."""
    if call_id is None:
        return None
    try:
        return session.services().browsing.get(session.current_user(), call_id)
    except NotFound:
        return None


def look_at(call_id: str | None) -> None:
    """Remember the call, here and in the address, so that it is found after a reload."""
    if call_id is None:
        session.forget_live_call()
        st.query_params.pop("live", None)
        return
    if session.live_here().call_id != call_id:
        session.change_live_here(call_id=call_id, refusal=None)
    if st.query_params.get("live") != call_id:
        st.query_params["live"] = call_id


def draw_call(call: RunningCall) -> None:
    """Draw a call that has not landed: what its owner can do, and what is said."""
    mine = call.owner == session.current_user().id
    if not call.goes_on:
        st.info(_why_over(call), icon=":material/call_end:")
        _draw_another()
        if mine and call.source in FROM_BROWSER:
            _look_for_rest(call.id)
    elif mine and call.source in FROM_BROWSER:
        _draw_recorder(call)
    elif mine and call.source is LiveSource.MICROPHONE:
        _draw_microphone(call)
    draw_phone(call)
    _draw_view(call)


def _why_over(call: RunningCall) -> str:
    if call.state is LiveState.INTERRUPTED:
        return INTERRUPTED
    return ENDED_BY_PHONE if is_controlled(call) else ENDED


def draw_landed(call: Call) -> None:
    """Draw the end of a live call, which is among the calls now.

    Whoever has read along goes on seeing what was said; their browser has it still.
    """
    draw_empty(LANDED, icon=":material/call_end:")
    seen = session.live_here().call_id == call.id
    with st.container(horizontal=True, horizontal_alignment="center"):
        # Below, the view has the same button.
        if not seen and st.button("Open the call", icon=":material/graphic_eq:", type="primary"):
            _open(call.id)
        _draw_another()
    if seen:
        _look_for_rest(call.id)
        shown = LiveViewOrder(
            call_id=call.id, events_url=session.live_events_url(call.id), read_only=True
        )
        if isinstance(draw_live_view(shown), OpenCall):
            _open(call.id)


def _open(call_id: str) -> None:
    look_at(None)
    open_call(call_id)


def _draw_another() -> None:
    if st.button("Begin another call", icon=":material/add_call:", key="live_another"):
        look_at(None)
        st.rerun()


# --- where its sound comes from ---------------------------------------------------------------


def _draw_recorder(call: RunningCall) -> None:
    here = session.live_here()
    intent = draw_live_recorder(
        RecorderOrder(
            call_id=call.id,
            sound_url=session.live_sound_url(call.id),
            channels=call.channels,
            attempt=here.attempt,
            pause_ms=session.services().settings.live_pause_ms,
        )
    )
    if intent is not None:
        _take_from_recorder(call, intent)


def _take_from_recorder(call: RunningCall, intent: RecorderIntent) -> None:
    match intent:
        case Stopped() | Discarded():
            _end(call, complete=True)
        case Rest():
            if not intent.goes_on:
                _end(call, complete=True)
            look_at(None)
        case NoSocket():
            _end(call, complete=True)
            look_at(None)
            session.change_live_here(no_socket=True)
        case FreshLink():
            session.renew_tokens()
    st.rerun()


def _look_for_rest(call_id: str) -> None:
    """Have this window's recorder tell whether some of a call that is over could not be sent.

    It shows nothing here; what is left is offered where calls are begun.
    """
    if isinstance(draw_live_recorder(RecorderOrder(call_id=call_id, over=True)), Rest):
        look_at(None)
        st.rerun()


def _draw_microphone(call: RunningCall) -> None:
    """Draw the button that is on while the server's microphone is listened to."""
    if not session.knows_microphone():
        session.set_microphone(True)
    if not draw_microphone_toggle():
        _end(call, complete=True)
        st.rerun()


def _end(call: RunningCall, *, complete: bool = False) -> None:
    """End a call, which may have ended already; ``complete``: no more sound of it is to come."""
    session.set_microphone(False)
    try:
        session.services().live.stop(session.current_user(), call.id, complete=complete)
    except NotFound:
        return
    except PartylineError as error:
        session.notify(error.user_message)


# --- what is said -----------------------------------------------------------------------------


def _draw_view(call: RunningCall) -> None:
    user = session.current_user()
    # Whoever records here stops where they have begun; a phone call is hung up above.
    elsewhere = call.owner != user.id or call.source in {LiveSource.RECORDING, LiveSource.PHONE}
    intent = draw_live_view(
        LiveViewOrder(
            call_id=call.id,
            events_url=session.live_events_url(call.id),
            read_only=not may_stop_live(user, call.owner),
            can_stop=elsewhere and call.goes_on and not is_controlled(call),
            languages=_languages(call),
            language=call.options.language,
        )
    )
    if intent is not None:
        _take_from_view(call, intent)


def _languages(call: RunningCall) -> list[str]:
    """Return what can be switched to; none where the provider stays with what it began with."""
    if is_controlled(call):
        # What its service can switch to is offered beside what else it can be told.
        return []
    capabilities = session.services().providers.capabilities(call.options.provider)
    if not (capabilities.live_language_switch and call.goes_on):
        return []
    return offered_languages(capabilities.languages)


def _take_from_view(call: RunningCall, intent: LiveViewIntent) -> None:
    user, live = session.current_user(), session.services().live
    try:
        match intent:
            case Summarise():
                live.summarise(user, call.id)
            case Speak():
                live.speak(user, call.id, intent.language)
            case Stop():
                _end(call)
            case FreshLinks():
                session.renew_tokens()
            case OpenCall():
                _open(intent.call_id)
            case Landed():
                pass
    except PartylineError as error:
        session.notify(error.user_message)
    st.rerun()
