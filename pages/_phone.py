"""A phone call while it is held: what can be done with it, and what its service calls it."""

import streamlit as st

from app import session
from components._compat import polling
from components.phone_controls import (
    AskSummary,
    HangUp,
    PhoneAct,
    StartWords,
    StopWords,
    SwitchLocale,
    ask_hang_up,
    draw_controls,
    draw_phone_facts,
)
from components.running_calls import ask_stop
from components.wording import plain
from pages._acts import carry_out_each
from services.access.rights import may_stop_live
from services.domain.errors import NotFound, PartylineError
from services.domain.live_calls import RunningCall
from services.domain.phone import PhoneFacts

LOOK_EVERY_S = 2.0
NOTHING_YET = "Nothing has been heard yet: the call is being connected, or nobody has picked up."
SUMMARY_ASKED = "The telephone service writes a summary; it appears among what is told of the call."


def is_controlled(call: RunningCall) -> bool:
    """Say whether a call is held by a telephone service that does what it is told."""
    return call.phone is not None and call.phone.sends_words


def draw_phone(call: RunningCall) -> None:
    """Draw what can be done with a phone call, and its ids; nothing for other calls."""
    facts = call.phone
    if facts is None:
        return
    may_change = may_stop_live(session.current_user(), call.owner)
    if is_controlled(call) and call.goes_on and may_change:
        polling(lambda: _draw_controls(call.id, call.name, facts), every_s=LOOK_EVERY_S)
    draw_phone_facts(facts)


def ask_what_was_begun() -> None:
    """Ask whether to end the call that somebody wants to end, if anybody does."""
    asked = session.stop_question()
    if asked is None:
        return
    call_id, name = asked
    user, services = session.current_user(), session.services()

    def stop() -> None:
        session.answer_stop_question()
        carry_out_each([call_id], lambda c: services.live.stop(user, c), done=_ending)

    def hang_up(for_everyone: bool) -> None:
        session.answer_stop_question()
        carry_out_each(
            [call_id],
            lambda c: services.phone.hang_up(user, c, for_everyone=for_everyone),
            done=_ending,
        )

    if _is_controlled_still(call_id):
        ask_hang_up(name, hang_up, session.answer_stop_question)
    else:
        ask_stop(name, stop, session.answer_stop_question)


def _ending(_count: int) -> str:
    return "The call is ending."


def _is_controlled_still(call_id: str) -> bool:
    try:
        return is_controlled(session.services().live.get(session.current_user(), call_id))
    except PartylineError:
        return False


def _draw_controls(call_id: str, name: str, facts: PhoneFacts) -> None:
    """Draw what can be done; a fragment, for what the service does comes of itself."""
    user, services = session.current_user(), session.services()
    try:
        call = services.live.get(user, call_id)
        if not call.goes_on:
            return
        standing = services.phone.standing(user, call_id)
    except NotFound:
        # It has ended; the view below says so.
        return
    except PartylineError as error:
        st.caption(f":material/lan: {plain(error.user_message)}")
        return
    if call.received_ms == 0 and standing.is_transcribed:
        st.caption(f":material/ring_volume: {NOTHING_YET}")
    act = draw_controls(call_id, facts.way, standing)
    trouble = session.phone_trouble(call_id)
    if trouble is not None:
        st.error(plain(trouble), icon=":material/error:")
    if act is not None:
        _do(call_id, name, act)
        st.rerun()


def _do(call_id: str, name: str, act: PhoneAct) -> None:
    """Do what is wanted, or keep the sentence why it could not be done."""
    if isinstance(act, HangUp):
        session.ask_to_stop(call_id, name)
        return
    user, services = session.current_user(), session.services()
    session.keep_phone_trouble(call_id, None)
    try:
        match act:
            case SwitchLocale():
                services.live.speak(user, call_id, act.locale)
            case StartWords():
                services.phone.start_words(user, call_id, act.wish)
            case StopWords():
                services.phone.stop_words(user, call_id)
            case AskSummary():
                services.phone.service_summary(user, call_id)
                session.notify(SUMMARY_ASKED)
    except PartylineError as error:
        session.keep_phone_trouble(call_id, error.user_message)
