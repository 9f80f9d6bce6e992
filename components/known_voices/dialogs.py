"""Questions about known voices: changing or deleting one, remembering a speaker of a call."""

from collections.abc import Callable
from typing import Protocol

import streamlit as st

from components.known_voices.form import MOST_NAME_CHARS, Person, draw_feedback, draw_person
from components.wording import ROLE_WORDS, plain
from services.domain.reviewed import ReviewedCall
from services.domain.speech import Speaker, SpeakerRole
from services.domain.voices import Enrolment, KnownVoice


@st.dialog("Known voice", icon=":material/record_voice_over:")
def ask_change(
    voice: KnownVoice,
    on_save: Callable[[str, SpeakerRole], None],
    on_delete: Callable[[], None],
) -> None:
    """Ask for another name or role, or whether to delete the voice."""
    with st.form(f"voice_{voice.id}", border=False):
        name = st.text_input("Name", voice.name, max_chars=MOST_NAME_CHARS)
        roles = list(ROLE_WORDS)
        role = st.selectbox(
            "Usual role in calls",
            roles,
            index=roles.index(voice.role),
            format_func=lambda r: ROLE_WORDS[r],
        )
        st.caption("A new name shows in all calls at once; a new role counts in calls from now on.")
        if st.form_submit_button("Save", type="primary"):
            on_save(name, role)
            st.rerun()
    with st.expander("Delete this voice…", icon=":material/delete:"):
        st.markdown(
            f"The voiceprint of {plain(voice.name)} is deleted for good, and the name disappears "
            "from all calls in which the voice was recognised. Names typed in by hand stay."
        )
        if st.button("Delete", key="voice_delete_yes"):
            on_delete()
            st.rerun()


class Learning(Protocol):
    """What the dialog of a call needs: learn a speaker's voice, and keep it."""

    def learnt(self, speaker: Speaker) -> Enrolment | None:
        """Return what was learnt about this speaker already."""

    def learn(self, speaker: Speaker) -> Enrolment | None:
        """Learn the speaker's voice, or tell why that can't be."""

    def remember(self, speaker: Speaker, person: Person, learnt: Enrolment) -> bool:
        """Keep the voice and name the speaker by it; return whether it could be kept."""


@st.dialog("Remember a voice", icon=":material/record_voice_over:")
def ask_remember(reviewed: ReviewedCall, learning: Learning) -> None:
    """Ask which speaker of a call is who, learn that voice and keep it."""
    st.caption("The voice is learnt from what the speaker says alone in this call.")
    speakers = [s for s in reviewed.transcript.speakers if s.voice_id is None]
    if not speakers:
        st.markdown("The voices of all speakers in this call are known already.")
        return
    speaker = st.selectbox("Speaker", speakers, format_func=lambda s: s.label, key="voice_speaker")
    named = reviewed.edits.names.get(speaker.id) or _agent_name(reviewed, speaker)
    key = f"voice_of_{reviewed.call.id}_{reviewed.version}_{speaker.id}"
    person = draw_person(key=key, name=named, role=speaker.role)
    learnt = learning.learnt(speaker)
    if learnt is None:
        place = st.empty()
        if not place.button("Learn this voice", type="primary", disabled=not person.agreed):
            return
        with st.spinner("Listening to the voice…"):
            learnt = learning.learn(speaker)
        if learnt is None:
            return
        place.empty()
    draw_feedback(learnt)
    ready = bool(person.name) and person.agreed
    if st.button("Remember this voice", type="primary", disabled=not ready) and learning.remember(
        speaker, person, learnt
    ):
        st.rerun()


def _agent_name(reviewed: ReviewedCall, speaker: Speaker) -> str:
    known = reviewed.call.details.agent_name
    return known if known and speaker.role is SpeakerRole.AGENT else ""
