"""What a telephone service is asked for with a call: languages, masking, sentiment, summary."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from components._compat import Keep
from components.languages import language_name
from components.words_form import understood
from services.telephony.acs.wire.wishes import (
    MOST_LOCALES,
    Masking,
    PhoneWish,
    check_locale,
    masking_of,
)

LOCALES = (
    "en-US", "en-GB", "en-AU", "en-CA", "en-IN", "en-IE", "en-NZ", "ar-AE", "ar-EG", "ar-SA",
    "bg-BG", "ca-ES", "zh-CN", "zh-HK", "zh-TW", "hr-HR", "cs-CZ", "da-DK", "nl-NL", "nl-BE",
    "fi-FI", "fr-FR", "fr-CA", "fr-BE", "fr-CH", "de-DE", "de-AT", "de-CH", "el-GR", "he-IL",
    "hi-IN", "hu-HU", "id-ID", "it-IT", "ja-JP", "ko-KR", "pl-PL", "pt-PT", "pt-BR", "ro-RO",
    "ru-RU", "sk-SK", "es-ES", "es-MX", "es-US", "sv-SE", "tr-TR", "uk-UA", "vi-VN",
)  # fmt: skip
MOST_MODEL_CHARS = 128
THAT_OF_THE_CALL = "That of the call"
AS_SAID = "as said"
MASKING_WORDS = {
    AS_SAID: "As it was said",
    Masking.CHARACTER.value: "Masked: each character becomes *",
}


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
    summary, summary_locale = _draw_summary(key, now, keep)
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


def _draw_summary(key: str, now: PhoneWish, keep: Keep) -> tuple[bool, str | None]:
    """Draw whether the service sums the call up, and in which language; None: that of the call."""
    if not st.toggle(
        "Summary by the service at the end",
        value=now.summary,
        key=f"{key}_summary",
        persist_state=keep,
    ):
        return False, None
    offered: list[str | None] = [None, *LOCALES]
    locale = st.selectbox(
        "Language of the summary",
        offered,
        index=offered.index(now.summary_locale) if now.summary_locale in offered else 0,
        format_func=lambda one: THAT_OF_THE_CALL if one is None else language_name(one),
        placeholder=THAT_OF_THE_CALL,
        key=f"{key}_summary_locale",
        persist_state=keep,
    )
    return True, locale
