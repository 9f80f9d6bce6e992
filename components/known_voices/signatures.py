"""Voice signatures on screen: what Azure makes of a known voice, and what became of that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import streamlit as st

from components.known_voices.form import VoiceRecording, draw_recording
from components.languages import LANGUAGES
from components.wording import moment
from services.domain.voices import KnownVoice

RETIRED = (
    "**Microsoft retired this feature of Azure Speech on 28 March 2025.** Azure resources may "
    "refuse, new ones above all. You don't need it to see people's names: known voices are "
    "recognised on this machine, also in calls that Azure transcribes."
)
SENT_AND_AGREED = (
    "This person agrees that up to 2 minutes of their voice are sent to Microsoft, which makes a "
    "signature of it."
)
KEPT = (
    "The signature is personal data: encrypted, never exported, and gone when you delete it or the "
    "known voice. The recording itself is not kept here."
)
MAKE, DELETE = "Make an Azure voice signature", "Delete the signature"


@dataclass(frozen=True, kw_only=True)
class SignatureWish:
    """What was pressed: with a recording a signature is to be made, without one deleted."""

    voice: KnownVoice
    language: str
    recording: VoiceRecording | None = None


def draw_signatures(
    voices: Sequence[KnownVoice], made: Mapping[str, datetime], *, zone: str | None
) -> SignatureWish | None:
    """Draw the form for signatures of these voices; ``made`` says which have one since when."""
    st.info(RETIRED, icon=":material/info:")

    def named(voice: KnownVoice) -> str:
        at = made.get(voice.id)
        return f"{voice.name} (signature made {moment(at, zone)})" if at else voice.name

    with st.expander("Make or delete a signature…", icon=":material/signature:"):
        voice = st.selectbox("Known voice", voices, format_func=named, key="sign_voice")
        at = made.get(voice.id)
        key = f"sign_{voice.id}_{at.timestamp() if at else 0:.0f}"
        if at is not None and st.button(DELETE, key=f"{key}_delete"):
            return SignatureWish(voice=voice, language="")
        language = st.selectbox(
            "Language this person speaks in calls",
            list(LANGUAGES),
            format_func=lambda code: LANGUAGES[code],
            key=f"{key}_language",
        )
        agreed = st.checkbox(SENT_AND_AGREED, key=f"{key}_consent")
        st.caption(KEPT)
        recording = draw_recording(key=key, enabled=agreed)
        if st.button(MAKE, type="primary", disabled=recording is None, key=f"{key}_make"):
            return SignatureWish(voice=voice, language=language, recording=recording)
    return None
