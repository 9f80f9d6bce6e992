"""What the Voices page and the Call page do with known voices."""

from dataclasses import dataclass

import streamlit as st

from app import session
from components.known_voices.dialogs import ask_change
from components.known_voices.form import (
    Person,
    draw_feedback,
    draw_person,
    draw_recording,
    draw_step,
)
from components.wording import plain
from pages._acts import carry_out_each
from services.domain.errors import PartylineError
from services.domain.reviewed import ShownSpeaker
from services.domain.speech import Speaker, SpeakerRole
from services.domain.voices import Enrolment, KnownVoice


def change(voice: KnownVoice) -> None:
    """Ask what to change about a voice, and change it."""
    user, desk = session.current_user(), session.services().voices

    def save(name: str, role: SpeakerRole) -> None:
        try:
            if name != voice.name:
                desk.rename(user, voice.id, name)
            if role is not voice.role:
                desk.set_role(user, voice.id, role)
        except PartylineError as error:
            session.notify(error.user_message)

    def delete() -> None:
        try:
            desk.delete(user, voice.id)
        except PartylineError as error:
            session.notify(error.user_message)
        else:
            session.notify("The voice was deleted.")

    ask_change(voice, save, delete)


def draw_enrolment() -> None:
    """Draw the three steps in which a voice becomes known."""
    key = f"voice_{session.enrolment_number()}"
    with st.container(border=True):
        draw_step(1, "Whose voice is it?")
        person = draw_person(key=key)
    with st.container(border=True):
        draw_step(2, "A recording of this person alone")
        recording = draw_recording(key=key, enabled=person.agreed)
        if recording is None:
            return
        learnt = session.learnt(recording.id)
        if learnt is None and st.button(
            "Learn this voice", type="primary", disabled=not person.agreed
        ):
            user, desk = session.current_user(), session.services().voices
            with st.spinner("Listening to the voice…"):
                try:
                    learnt = desk.listen(user, recording.content, recording.name)
                except PartylineError as error:
                    st.error(plain(error.user_message), icon=":material/error:")
                    return
            session.keep_learnt(recording.id, learnt)
            st.rerun()
    if learnt is None:
        return
    with st.container(border=True):
        draw_step(3, "How good the recording is")
        draw_feedback(learnt)
        _draw_decision(person, learnt)


def _draw_decision(person: Person, learnt: Enrolment) -> None:
    with st.container(horizontal=True):
        ready = bool(person.name) and person.agreed
        pressed = st.button("Remember this voice", type="primary", disabled=not ready)
        if pressed and remember(person, learnt) is not None:
            st.rerun()
        if st.button("Start again"):
            session.finish_enrolment()
            st.rerun()
    if not person.name:
        st.caption(":material/info: The name in step 1 is still missing.")


def remember(
    person: Person, learnt: Enrolment, shown: ShownSpeaker | None = None
) -> KnownVoice | None:
    """Store a voice and return it; say why not when it can't be stored."""
    user, desk = session.current_user(), session.services().voices
    try:
        voice = desk.remember(user, person.name, person.role, learnt, shown=shown)
    except PartylineError as error:
        st.error(plain(error.user_message), icon=":material/error:")
        return None
    session.finish_enrolment()
    session.notify("The voice is known now. Calls processed from now on will show the name.")
    return voice


@dataclass(frozen=True, kw_only=True)
class LearningFromCall:
    """Learns the voices of a call's speakers as its review of this ``version`` shows them."""

    call_id: str
    version: str

    def learnt(self, speaker: Speaker) -> Enrolment | None:
        """Return what was learnt about this speaker already."""
        return session.learnt(self._source(speaker))

    def learn(self, speaker: Speaker) -> Enrolment | None:
        """Learn the speaker's voice, or tell why that can't be."""
        user, desk = session.current_user(), session.services().voices
        try:
            learnt = desk.listen_to_speaker(user, self._shown(speaker))
        except PartylineError as error:
            st.error(plain(error.user_message), icon=":material/error:")
            return None
        session.keep_learnt(self._source(speaker), learnt)
        return learnt

    def remember(self, speaker: Speaker, person: Person, learnt: Enrolment) -> bool:
        """Keep the voice and name the speaker by it; return whether it could be kept."""
        shown = self._shown(speaker)
        voice = remember(person, learnt, shown)
        if voice is None:
            return False
        user, review = session.current_user(), session.services().review
        carry_out_each([self.call_id], lambda _: review.set_voice(user, shown, voice.id))
        return True

    def _shown(self, speaker: Speaker) -> ShownSpeaker:
        return ShownSpeaker(call_id=self.call_id, version=self.version, id=speaker.id)

    def _source(self, speaker: Speaker) -> str:
        return f"{self.call_id}/{self.version}/{speaker.id}"
