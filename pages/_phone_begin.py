"""The Live page where a phone call is begun: placed, joined or answered."""

from dataclasses import dataclass, replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import session
from app.phone_settings import Answering
from app.settings import Settings
from components._compat import polling
from components.consent import draw_consent
from components.heading import draw_panel_title
from components.options_form import draw_details
from components.phone_form import (
    BY_RULE,
    NO_CALLER,
    NO_PREFIXES,
    NO_RIGHT_TO_PLACE,
    NOBODY_CAN_CALL,
    Answer,
    CallNumber,
    JoinRoom,
    PhoneBeginning,
    PhoneChoice,
    draw_not_set_up,
    draw_phone_options,
    draw_placing,
    draw_ringing,
)
from components.wording import plain
from pages._live_opening import NO_CONSENT, begin_call, name_by_time
from services.domain.calls import CallDetails, Direction, ProcessingOptions
from services.domain.errors import PartylineError
from services.domain.live_calls import RunningCall
from services.domain.people import Right
from services.telephony.acs.orders import PhoneOrder
from services.telephony.acs.source import CAPABILITIES
from services.telephony.acs.wire.wishes import PhoneWish

LOOK_EVERY_S = 1.0


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a call is begun with, whichever it is; ``agreed``: everybody is told first."""

    choice: PhoneChoice
    details: CallDetails
    agreed: bool


def draw_phone_beginning(at_left: DeltaGenerator, at_right: DeltaGenerator) -> None:
    """Draw what a phone call can be begun with, and begin it when that is asked for."""
    readiness = session.services().phone.readiness()
    if not readiness.ready:
        with at_left:
            draw_not_set_up(readiness)
        return
    with at_right, st.container(border=True):
        draw_panel_title("How it is transcribed")
        choice = draw_phone_options(key="phone", usual=_usual())
        with st.expander("About the call", icon=":material/badge:"):
            details = draw_details(key="live", from_name=False)
    with at_left:
        refusal = session.live_here().refusal
        if refusal:
            st.error(plain(refusal), icon=":material/error:")
        if choice is None:
            st.info("A call can be begun once the options are put right.")
            return
        settings = session.services().settings
        consent = draw_consent(settings.consent_notice, key="phone")
        asked = Asked(
            choice=choice,
            details=replace(details, consent=consent),
            agreed=consent is not None or not settings.consent_required,
        )
        _draw_incoming(asked)
        wanted = draw_placing(why_not=_why_no_number(settings))
    if wanted is not None:
        _begin(wanted, asked)


def _why_no_number(settings: Settings) -> str | None:
    """Return why this person can call no number from here."""
    if not session.current_user().may(Right.PLACE_CALLS):
        return NO_RIGHT_TO_PLACE
    if settings.acs_caller_number is None:
        return NO_CALLER
    return None if settings.phone_prefixes else NO_PREFIXES


def _usual() -> PhoneChoice:
    settings = session.services().settings
    wish = PhoneWish(locales=settings.acs_locale_names)
    return PhoneChoice(wish=wish, redact=settings.default_options.redact)


def _draw_incoming(asked: Asked) -> None:
    """Draw who rings, or why nobody does."""
    settings = session.services().settings
    if settings.acs_event_secret is None:
        st.caption(f":material/phone_disabled: {plain(NOBODY_CAN_CALL)}")
    elif settings.acs_answer is Answering.RULE:
        st.caption(f":material/rule: {plain(BY_RULE)}")
    else:
        polling(lambda: _draw_ringing(asked), every_s=LOOK_EVERY_S)


def _draw_ringing(asked: Asked) -> None:
    """Draw who rings; a fragment, looked at again every second."""
    with st.container(border=True):
        draw_panel_title("Calls that ring")
        try:
            ringing = session.services().phone.incoming(session.current_user())
        except PartylineError as error:
            st.error(plain(error.user_message))
            return
        answered = draw_ringing(ringing)
    if answered is not None:
        _begin(answered, asked)


def _begin(wanted: PhoneBeginning, asked: Asked) -> None:
    if asked.agreed:
        begin_call(lambda: _begun(wanted, asked))
    else:
        session.change_live_here(refusal=NO_CONSENT)
    st.rerun()


def _begun(wanted: PhoneBeginning, asked: Asked) -> RunningCall:
    user, phone = session.current_user(), session.services().phone
    match wanted:
        case CallNumber():
            return phone.place(user, wanted.number, _order(asked, Direction.OUTBOUND))
        case JoinRoom():
            return phone.join(user, wanted.room_id, _order(asked))
        case Answer():
            return phone.answer(user, wanted.incoming_id, _order(asked, Direction.INBOUND))


def _order(asked: Asked, direction: Direction | None = None) -> PhoneOrder:
    """Return what is ordered; a number is never part of its name."""
    wish = asked.choice.wish
    return PhoneOrder(
        name=name_by_time("Phone call"),
        options=ProcessingOptions(
            provider=CAPABILITIES.name, language=wish.locale, redact=asked.choice.redact
        ),
        details=replace(asked.details, direction=direction),
        wish=wish,
    )
