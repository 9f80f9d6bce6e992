"""How a phone call is begun: whom to call, which room to join, who rings, how it is transcribed."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from components._compat import Keep
from components.heading import draw_panel_title
from components.phone_wish import draw_wish
from components.phone_words import caller_words, set_up_words
from components.wording import plain
from components.words_form import understood
from services.providers.capabilities import Readiness
from services.telephony.acs.orders import RingingCall
from services.telephony.acs.wire.wishes import PhoneWish, check_number

SPACE_IN_NUMBERS = str.maketrans("", "", " \t\u00a0().-/")
MOST_NUMBER_CHARS = 32
MOST_ROOM_CHARS = 256
NO_CALLER = "No number can be called from here: ACS_CALLER_NUMBER is not set."
NO_PREFIXES = "No number may be called from here: PARTYLINE_PHONE_PREFIXES is not set."
NO_RIGHT_TO_PLACE = "You don't have the right to call phone numbers."
NOBODY_CAN_CALL = "Nobody can call here: ACS_EVENT_SECRET is not set."
BY_RULE = "Calls that come in are answered at once by this server; they are among the running ones."
EMPTY_ROOM = "The id of a room is needed, as Azure gave it when the room was made."


@dataclass(frozen=True, kw_only=True)
class PhoneChoice:
    """What is asked of the telephone service, and whether personal data is taken out here."""

    wish: PhoneWish
    redact: bool


@dataclass(frozen=True, kw_only=True)
class CallNumber:
    """Call this number, which is in its international form."""

    number: str


@dataclass(frozen=True, kw_only=True)
class JoinRoom:
    """Join the call that is held in this room."""

    room_id: str


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Answer the call of this id, which rings."""

    incoming_id: str


PhoneBeginning = CallNumber | JoinRoom | Answer


def draw_not_set_up(readiness: Readiness) -> None:
    """Say in one sentence what phone calls need that is not set."""
    st.info(plain(set_up_words(readiness)), icon=":material/phone_disabled:")


def draw_phone_options(
    *, key: str, usual: PhoneChoice, keep: Keep = "session"
) -> PhoneChoice | None:
    """Draw how a phone call is transcribed; return the choice.

    None when something typed can't be used; which it is, stands there.
    """
    out = st.toggle(
        "Take personal data out of the text",
        value=usual.redact,
        key=f"{key}_redact",
        persist_state=keep,
        help="Names, numbers and addresses are replaced by their kind before a line is shown, such "
        "as [PHONE]. The unredacted text is never stored.",
    )
    wish = draw_wish(key=key, now=usual.wish, keep=keep)
    st.caption(
        ":material/cloud: The telephone service hears and transcribes the call; what comes here "
        "is words, no sound."
    )
    return None if wish is None else PhoneChoice(wish=wish, redact=out)


def draw_ringing(ringing: Sequence[RingingCall]) -> Answer | None:
    """Draw who calls and isn't answered yet; return whom to answer, if anybody."""
    if not ringing:
        st.caption(":material/phone_in_talk: Nobody is calling at the moment.")
        return None
    answered = None
    for call in ringing:
        with st.container(horizontal=True, vertical_alignment="center"):
            who = caller_words(call)
            st.markdown(f":material/ring_volume: **{plain(who)}** is calling", width="stretch")
            if st.button(
                f"Answer :gray[{plain(who)}]",
                icon=":material/call:",
                type="primary",
                key=f"phone_answer_{call.id}",
            ):
                answered = Answer(incoming_id=call.id)
    return answered


def draw_placing(*, why_not: str | None) -> CallNumber | JoinRoom | None:
    """Draw whom to call and which room to join; return what is wanted, once it makes sense.

    ``why_not`` says why no number can be called, if none can.
    """
    number = None
    if why_not is None:
        number = _draw_number()
    else:
        st.caption(f":material/phone_disabled: {plain(why_not)}")
    return _draw_room() or number


def _draw_number() -> CallNumber | None:
    with st.form("phone_number_form", border=True):
        draw_panel_title("Call a number")
        typed = st.text_input(
            "Phone number",
            placeholder="+14255550123",
            key="phone_number",
            max_chars=MOST_NUMBER_CHARS,
            help="In its international form: a plus sign, the country's code, the number. Spaces, "
            "brackets and dashes are left out.",
        )
        if not st.form_submit_button("Call", icon=":material/call:", type="primary"):
            return None
        number = (typed or "").translate(SPACE_IN_NUMBERS)
        return understood(lambda: _checked(number))


def _checked(number: str) -> CallNumber:
    check_number(number)
    return CallNumber(number=number)


def _draw_room() -> JoinRoom | None:
    with st.form("phone_room_form", border=True):
        draw_panel_title("Join the call in a room")
        typed = st.text_input(
            "Room id",
            key="phone_room",
            max_chars=MOST_ROOM_CHARS,
            help="The id that Azure gave the room when it was made. The service doesn't change "
            "the language of such a call once it is held.",
        )
        if not st.form_submit_button("Join", icon=":material/group_add:"):
            return None
        room_id = (typed or "").strip()
        if not room_id:
            st.error(EMPTY_ROOM)
            return None
        return JoinRoom(room_id=room_id)
