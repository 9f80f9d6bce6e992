"""Learning a voice: who it is, the recording, and how good the recording turned out to be."""

from dataclasses import dataclass
from typing import BinaryIO, cast

import streamlit as st

from components.heading import draw_panel_title
from components.wording import ROLE_WORDS, duration
from services.domain.speech import SpeakerRole
from services.domain.voices import REMARKS, Enrolment, EnrolmentRemark, VoiceQuality

MOST_NAME_CHARS = 80
MOST_UPLOAD_MB = 50
CONSENT = "This person knows that their voice will be recognised in calls, and agrees to it."
PRIVACY = (
    "A voiceprint is kept: numbers that describe the voice. It is personal data: encrypted, never "
    "exported, and gone when you delete the voice. The recording itself is not kept."
)
READ_ALOUD = (
    "Good morning, you are through to customer service. Before we begin, may I take your name and "
    "the number on your last letter? Thank you. I can see two orders from this spring: a lamp with "
    "a green shade, and a pair of walking boots. The boots left our warehouse on Thursday and "
    "should reach you early next week. The lamp is a different matter. The maker has found a fault "
    "in the switch, so we would rather send you a new one than have the old one repaired. It costs "
    "you nothing, and you may keep the shade. Would Tuesday or Wednesday suit you better? I will "
    "write it all down and send it to you, and if anything is unclear, just call us again."
)
RECORD, UPLOAD = "Record here", "Upload a recording"
QUALITY_SENTENCES = {
    VoiceQuality.GOOD: "Good: this voice can be recognised in calls.",
    VoiceQuality.USABLE: "Usable: the voice can be recognised, a better recording makes it surer.",
    VoiceQuality.POOR: "Poor: the voice may often not be recognised. Recording again is better.",
}


@dataclass(frozen=True, kw_only=True)
class Person:
    """Whose voice it is, as far as the form is filled in; ``agreed`` to its being learnt."""

    name: str
    role: SpeakerRole
    agreed: bool


@dataclass(frozen=True, kw_only=True)
class VoiceRecording:
    """A recording handed in on the page; ``id`` tells it from others of this session."""

    id: str
    name: str
    content: BinaryIO


def draw_person(*, key: str, name: str = "", role: SpeakerRole = SpeakerRole.AGENT) -> Person:
    """Draw the questions about the person, with these answers to begin with."""
    typed = st.text_input("Name", name, max_chars=MOST_NAME_CHARS, key=f"{key}_name")
    roles = list(ROLE_WORDS)
    chosen = st.radio(
        "Usual role in calls",
        roles,
        index=roles.index(role),
        format_func=lambda r: ROLE_WORDS[r],
        key=f"{key}_role",
        horizontal=True,
        help="Helps to tell who is the agent in calls in which the voice is recognised.",
    )
    agreed = st.checkbox(CONSENT, key=f"{key}_consent")
    st.caption(PRIVACY)
    return Person(name=typed.strip(), role=chosen, agreed=agreed)


def draw_recording(*, key: str, enabled: bool) -> VoiceRecording | None:
    """Draw the ways to hand a recording in, once ``enabled``; return it when it is there."""
    way = st.radio(
        "Where the recording comes from",
        [RECORD, UPLOAD],
        key=f"{key}_way",
        horizontal=True,
        label_visibility="collapsed",
    )
    if way == UPLOAD:
        st.caption(
            "Any sound or video file with this one voice, up to "
            f"{MOST_UPLOAD_MB} MB: 30 seconds to 2 minutes of speech are best, 10 are the least."
        )
    else:
        st.caption("Read this aloud at your usual pace, in a quiet room (about 45 seconds):")
        st.markdown(f"> {READ_ALOUD}")
    if not enabled:
        st.markdown(":material/info: The recording comes here once the box above is ticked.")
        return None
    if way == UPLOAD:
        label = "Recording of this person"
        file = st.file_uploader(label, max_upload_size=MOST_UPLOAD_MB, key=f"{key}_file")
    else:
        file = st.audio_input("Recording", key=f"{key}_microphone")
    if file is None:
        return None
    return VoiceRecording(id=file.file_id, name=file.name, content=cast(BinaryIO, file))


def draw_feedback(learnt: Enrolment) -> None:
    """Draw how good a recording is for recognising the voice, and what would make it better."""
    sentence = QUALITY_SENTENCES[learnt.quality]
    said = f"{sentence} {duration(learnt.speech_ms)} of speech were used."
    match learnt.quality:
        case VoiceQuality.GOOD:
            st.success(said, icon=":material/check_circle:")
        case VoiceQuality.USABLE:
            st.info(said, icon=":material/info:")
        case VoiceQuality.POOR:
            st.warning(said, icon=":material/warning:")
    for remark in learnt.remarks:
        st.markdown(f"- {REMARKS[EnrolmentRemark(remark)]}")


def draw_step(number: int, title: str) -> None:
    """Draw the title of a step."""
    draw_panel_title(f"{number}. {title}")
