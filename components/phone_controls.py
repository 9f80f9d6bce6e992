"""What can be done with a phone call while it is held, and what its service calls it."""

from collections.abc import Callable
from dataclasses import dataclass
from zlib import crc32

import streamlit as st

from components.languages import language_name
from components.phone_wish import LOCALES, draw_wish
from components.phone_words import SERVICE_WORDS, WAY_WORDS
from components.wording import plain
from services.domain.phone import PhoneFacts, PhoneWay
from services.telephony.acs.orders import PhoneStanding
from services.telephony.acs.wire.wishes import PhoneWish

STAYS_IN_ITS_LANGUAGE = (
    "The service doesn't change the language of a call that was joined in a room. Stop the "
    "transcription and start it in another one."
)
LEAVE, END = "Leave it: the others go on talking", "End it for everyone"


@dataclass(frozen=True, kw_only=True)
class SwitchLocale:
    """Go on in this locale."""

    locale: str


@dataclass(frozen=True, kw_only=True)
class StartWords:
    """Have the call transcribed, again or for the first time."""

    wish: PhoneWish


@dataclass(frozen=True, kw_only=True)
class StopWords:
    """Have the call transcribed no longer; it goes on."""


@dataclass(frozen=True, kw_only=True)
class AskSummary:
    """Ask the telephone service for a summary so far."""


@dataclass(frozen=True, kw_only=True)
class HangUp:
    """Ask whether to hang up."""


PhoneAct = SwitchLocale | StartWords | StopWords | AskSummary | HangUp


def draw_controls(call_id: str, way: PhoneWay, standing: PhoneStanding) -> PhoneAct | None:
    """Draw what can be done with a phone call; return what is wanted, if anything."""
    act: PhoneAct | None = None
    key = f"phone_{call_id}"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if standing.is_transcribed:
            act = _draw_language(key, way, standing) or act
            if st.button("Service's summary so far", icon=":material/summarize:", key=f"{key}_sum"):
                act = AskSummary()
            if st.button("Stop transcription", icon=":material/speech_to_text:", key=f"{key}_off"):
                act = StopWords()
        else:
            st.markdown(
                ":material/speech_to_text: This call is not being transcribed at the moment.",
                width="stretch",
            )
        if st.button("Hang up", icon=":material/call_end:", type="primary", key=f"{key}_end"):
            act = HangUp()
    if not standing.is_transcribed:
        return _draw_start(key, standing.wish) or act
    if way is PhoneWay.JOINED:
        st.caption(STAYS_IN_ITS_LANGUAGE)
    return act


def _draw_language(key: str, way: PhoneWay, standing: PhoneStanding) -> SwitchLocale | None:
    """Draw in which language the call is heard, as a choice where the service has one."""
    wish = standing.wish
    heard = " or ".join(language_name(locale) for locale in wish.locales)
    if way is PhoneWay.JOINED:
        st.markdown(f"Heard: {plain(heard)}", width="stretch")
        return None
    offered = list(dict.fromkeys([*wish.locales, *LOCALES]))
    chosen = st.selectbox(
        f"Language (now {heard})",
        offered,
        format_func=language_name,
        key=f"{key}_locale",
        width=260,
        help="The service goes on in one language; it doesn't detect one in mid-call.",
    )
    changes = chosen is not None and chosen != wish.locale
    if st.button(
        "Change language", icon=":material/translate:", disabled=not changes, key=f"{key}_switch"
    ):
        return SwitchLocale(locale=chosen or offered[0])
    return None


def _draw_start(key: str, before: PhoneWish) -> StartWords | None:
    """Draw how the transcription is to be started."""
    with st.container(border=True):
        wish = draw_wish(key=f"{key}_again", now=before, keep=None, settled=True)
        shown = "appear" if before.intermediate else "don't appear"
        st.caption(f"Unfinished lines {shown}: that was settled when the call began.")
        started = st.button(
            "Start transcription",
            icon=":material/speech_to_text:",
            key=f"{key}_on",
            disabled=wish is None,
        )
    return StartWords(wish=wish) if started and wish is not None else None


def draw_phone_facts(facts: PhoneFacts) -> None:
    """Draw what the telephone service calls a call, to be copied, where it is out of the way."""
    # The key is that of the elements as well: no text of the service's own belongs into it.
    key = f"phone_ids_{crc32(facts.connection_id.encode()):08x}"
    with (
        st.expander(describe_phone(facts), icon=":material/call:"),
        st.container(gap="xxsmall", key=key),
    ):
        _draw_id("Connection id", facts.connection_id)
        _draw_id("Correlation id", facts.correlation_id)
        _draw_id("Server call id", facts.server_call_id)


def describe_phone(facts: PhoneFacts) -> str:
    """Return by which service a call is held, and how it came to be."""
    return f"{SERVICE_WORDS[facts.service]}, {WAY_WORDS[facts.way]}"


def _draw_id(title: str, value: str | None) -> None:
    if value is None:
        return
    st.caption(title)
    st.code(value, language=None, wrap_lines=True)


def ask_hang_up(name: str, on_yes: Callable[[bool], None], on_no: Callable[[], None]) -> None:
    """Ask whether to hang up, as long as nobody has answered.

    ``on_yes`` is told whether to end the call for everyone; ``on_no`` is called for everything
    else.
    """

    @st.dialog("Hang up", icon=":material/call_end:", on_dismiss=on_no)
    def ask() -> None:
        st.markdown(
            f"Hang up **{plain(name)}**? What was said so far is kept and becomes an ordinary "
            "call. There is no recording of it unless the telephone service makes one."
        )
        how = st.radio("The call", [LEAVE, END], key="hang_up_how")
        with st.container(horizontal=True):
            if st.button("Hang up", type="primary", key="hang_up_yes"):
                on_yes(how == END)
                st.rerun()
            if st.button("Let it go on", key="hang_up_no"):
                on_no()
                st.rerun()

    ask()
