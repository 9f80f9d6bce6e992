"""How a phone call is begun: whom to call, which room to join, who rings, what the service does."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import streamlit as st

from components._compat import Keep
from components.heading import draw_panel_title
from components.languages import language_name
from components.phone_words import caller_words, set_up_words
from components.wording import plain
from components.words_form import understood
from services.providers.capabilities import Readiness
from services.telephony.acs.wishes import (
    MOST_LOCALES,
    Masking,
    PhoneWish,
    check_locale,
    check_number,
    masking_of,
)
from services.telephony.orders import RingingCall

LOCALES = (
    "en-US", "en-GB", "en-AU", "en-CA", "en-IN", "en-IE", "en-NZ", "ar-AE", "ar-EG", "ar-SA",
    "bg-BG", "ca-ES", "zh-CN", "zh-HK", "zh-TW", "hr-HR", "cs-CZ", "da-DK", "nl-NL", "nl-BE",
    "fi-FI", "fr-FR", "fr-CA", "fr-BE", "fr-CH", "de-DE", "de-AT", "de-CH", "el-GR", "he-IL",
    "hi-IN", "hu-HU", "id-ID", "it-IT", "ja-JP", "ko-KR", "pl-PL", "pt-PT", "pt-BR", "ro-RO",
    "ru-RU", "sk-SK", "es-ES", "es-MX", "es-US", "sv-SE", "tr-TR", "uk-UA", "vi-VN",
)  # fmt: skip
SPACE_IN_NUMBERS = str.maketrans("", "", " \t\u00a0().-/")
MOST_NUMBER_CHARS = 32
MOST_ROOM_CHARS = 256
MOST_MODEL_CHARS = 128
AS_SAID = "as said"
MASKING_WORDS = {
    AS_SAID: "As it was said",
    Masking.CHARACTER.value: "Masked: each character becomes *",
}
CONSENT = "Everybody in the call is told that it is transcribed"
NO_CALLER = "No number can be called from here: ACS_CALLER_NUMBER is not set."
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


def draw_wish(
    *, key: str, now: PhoneWish, keep: Keep = "session", settled: bool = False
) -> PhoneWish | None:
    """Draw what the telephone service is asked for; None when something typed can't be used.

    ``now`` is what is usual. With ``settled`` the call is held already: what could only be asked
    for with it stays as it was.
    """
    locales = _draw_locales(key, now, keep)
    shows_unfinished, at_once = now.intermediate, True
    if not settled:
        shows_unfinished = st.toggle(
            "Unfinished lines",
            value=now.intermediate,
            key=f"{key}_intermediate",
            persist_state=keep,
            help="Lines appear while they are being said. This can't be changed once the call is "
            "held.",
        )
        at_once = st.toggle(
            "Transcribe from the beginning",
            value=now.starts_at_once,
            key=f"{key}_at_once",
            persist_state=keep,
            help="Without it the call is only connected; the transcription is started later.",
        )
    with st.expander("More from the telephone service", icon=":material/settings_phone:"):
        more = _draw_more(key, now, keep)
    if locales is None or more is None:
        return None
    return understood(
        lambda: replace(
            more, locales=locales, intermediate=shows_unfinished, starts_at_once=at_once
        )
    )


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


def draw_consent() -> bool:
    """Draw the box that says that everybody is told first; whether it is ticked."""
    return st.checkbox(CONSENT, key="phone_consent")


def draw_placing(*, has_caller: bool) -> CallNumber | JoinRoom | None:
    """Draw whom to call and which room to join; return what is wanted, once it makes sense.

    ``has_caller``: there is a number to call from.
    """
    number = None
    if has_caller:
        number = _draw_number()
    else:
        st.caption(f":material/phone_disabled: {plain(NO_CALLER)}")
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


def _draw_locales(key: str, now: PhoneWish, keep: Keep) -> tuple[str, ...] | None:
    chosen = st.multiselect(
        "Languages that are spoken",
        list(dict.fromkeys([*now.locales, *LOCALES])),
        default=list(now.locales),
        format_func=language_name,
        accept_new_options=True,
        max_selections=MOST_LOCALES,
        key=f"{key}_locales",
        persist_state=keep,
        help=f"Of several, {MOST_LOCALES} at most, the service finds out which is spoken. One that "
        "isn't in the list is typed with its region, as in nb-NO.",
    )
    if not chosen:
        st.error("A phone call needs the language that is spoken.")
        return None
    return understood(lambda: _all_checked(chosen))


def _all_checked(locales: Sequence[str]) -> tuple[str, ...]:
    for locale in locales:
        check_locale(locale)
    return tuple(locales)


def _draw_more(key: str, now: PhoneWish, keep: Keep) -> PhoneWish | None:
    """Draw what most calls go without; return ``now`` with it."""
    maskings = list(MASKING_WORDS)
    masking = st.selectbox(
        "Personal data",
        maskings,
        index=maskings.index(now.masking or AS_SAID),
        format_func=MASKING_WORDS.__getitem__,
        key=f"{key}_masking",
        persist_state=keep,
        help="What the service itself does with it, before the words come here.",
    )
    sentiment = st.toggle(
        "Sentiment by the service",
        value=now.sentiment,
        key=f"{key}_sentiment",
        persist_state=keep,
        help="Stands beside the sentiment that is found here.",
    )
    summary = st.toggle(
        "Summary by the service at the end",
        value=now.summary,
        key=f"{key}_summary",
        persist_state=keep,
    )
    summary_locale = None
    if summary:
        offered: list[str | None] = [None, *LOCALES]
        summary_locale = st.selectbox(
            "Language of the summary",
            offered,
            index=offered.index(now.summary_locale) if now.summary_locale in offered else 0,
            format_func=lambda one: "That of the call" if one is None else language_name(one),
            key=f"{key}_summary_locale",
            persist_state=keep,
        )
    model = st.text_input(
        "Own speech model",
        value=now.model or "",
        placeholder="Endpoint id of a custom speech model",
        key=f"{key}_model",
        max_chars=MOST_MODEL_CHARS,
        persist_state=keep,
    )
    return understood(
        lambda: replace(
            now,
            masking=None if masking == AS_SAID else masking_of(masking),
            sentiment=sentiment,
            summary=summary,
            summary_locale=summary_locale,
            model=(model or "").strip() or None,
        )
    )
