"""What people can ask for about known voices."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import BinaryIO

from services import telemetry
from services.access.authority import Authority
from services.analysis.edits import apply_edits
from services.analysis.own_speech import own_spans
from services.domain.acts import Act
from services.domain.errors import (
    EditConflict,
    InvalidRequest,
    NoRecording,
    NotFound,
    OriginalDropped,
    VoiceNameTaken,
    VoiceNotFound,
)
from services.domain.ids import new_id
from services.domain.people import User
from services.domain.reviewed import ShownSpeaker, version_of
from services.domain.speech import SpeakerRole, Transcript
from services.domain.voices import Enrolment, EnrolmentRemark, KnownVoice
from services.engine.speakers.matching import ACCEPT_FROM, likeness
from services.storage.audio_vault import AudioVault, Rendition
from services.storage.calls import CallStore
from services.storage.known_voices import KnownVoiceStore
from services.storage.transcripts import TranscriptStore
from services.voices.enrolling import Enrolling, VoiceSource

MAX_NAME_CHARS = 80


class VoiceDesk:
    """Carries out what a person asks about the known voices of their organisation.

    Whoever may see calls may see whose voices are known. Learning, changing and deleting is a
    right of its own: anybody else gets AccessDenied. A voice or call of another organisation is not
    found.
    """

    def __init__(
        self,
        voices: KnownVoiceStore,
        calls: CallStore,
        transcripts: TranscriptStore,
        vault: AudioVault,
        enrolling: Enrolling,
        *,
        authority: Authority,
    ) -> None:
        """Work on these stores; learn voices with ``enrolling``."""
        self._voices = voices
        self._calls = calls
        self._transcripts = transcripts
        self._vault = vault
        self._enrolling = enrolling
        self._authority = authority

    def voices(self, user: User) -> list[KnownVoice]:
        """Return the known voices by name. Raises AccessDenied."""
        self._authority.allow(user, Act.VOICES_SEEN)
        return self._voices.list(user.org_id)

    def find(self, user: User, id_or_name: str) -> KnownVoice:
        """Return the voice of this id, else of this name. Raises VoiceNotFound."""
        voices, name = self.voices(user), _tidy(id_or_name)
        for voice in (*(v for v in voices if v.id == id_or_name), *voices):
            if id_or_name == voice.id or name == voice.name:
                return voice
        raise VoiceNotFound

    def listen(self, user: User, recording: BinaryIO, file_name: str) -> Enrolment:
        """Return what a recording of one person teaches about their voice; nothing is stored.

        Raises BadAudio, TooLittleSpeech, SeveralVoices.
        """
        self._authority.check(user, Act.VOICES_CHANGED)
        suffix = PurePosixPath(file_name).suffix.lower()
        return self._learn(user, recording, VoiceSource(suffix=suffix))

    def listen_to_speaker(self, user: User, shown: ShownSpeaker) -> Enrolment:
        """Return what a call teaches about the voice of one of its speakers; nothing is stored.

        Only what the speaker says alone counts. Raises NotFound, NotReady, EditConflict when the
        call has changed since the speaker was shown, InvalidRequest for a speaker the call doesn't
        have, TooLittleSpeech, SeveralVoices, OriginalDropped, NoRecording.
        """
        call_id = shown.call_id
        self._authority.check(user, Act.VOICES_CHANGED)
        call = self._authority.call(user, call_id, Act.CALL_PLAYED)
        transcript = self._as_shown(user, shown)
        if not call.has_recording:
            raise NoRecording
        speaker = transcript.speaker(shown.id)
        if speaker is None:
            raise InvalidRequest("This speaker is not part of the call.")
        source = VoiceSource(
            suffix=PurePosixPath(call.source_name).suffix.lower(),
            channel=speaker.channel,
            spans=tuple(own_spans(transcript, speaker.id)),
        )
        key = self._calls.key(user.org_id, call_id)
        try:
            recording = self._vault.open(call_id, Rendition.ORIGINAL, key)
        except NotFound:
            raise OriginalDropped from None
        with recording:
            return self._learn(user, recording, source)

    def free_name(self, user: User, name: str) -> str:
        """Return the name as it would be stored, before a voice is learnt in vain.

        Raises InvalidRequest without a name, VoiceNameTaken.
        """
        self._authority.check(user, Act.VOICES_CHANGED)
        checked = _checked(name)
        if any(voice.name == checked for voice in self.voices(user)):
            raise VoiceNameTaken
        return checked

    def remember(
        self,
        user: User,
        name: str,
        role: SpeakerRole,
        learnt: Enrolment,
        *,
        shown: ShownSpeaker | None = None,
    ) -> KnownVoice:
        """Store a voice under a person's name; ``shown`` is the speaker it was learnt from, if any.

        Calls that are processed from now on recognise it. Raises InvalidRequest without a name,
        VoiceNameTaken, EditConflict when the call has changed since the speaker was shown.
        """
        self._authority.check(user, Act.VOICES_CHANGED)
        if shown is not None:
            self._authority.reached(user, shown.call_id)
            self._as_shown(user, shown)
        voice = KnownVoice(
            id=new_id(),
            org_id=user.org_id,
            name=self.free_name(user, name),
            role=role,
            created_at=datetime.now(UTC),
            speech_ms=learnt.speech_ms,
            quality=learnt.quality,
        )
        self._authority.note(user, Act.VOICES_CHANGED, voice.id)
        self._voices.add(voice, learnt.voiceprint)
        telemetry.event("voice.remembered", voice=voice.id, quality=voice.quality)
        return voice

    def rename(self, user: User, voice_id: str, name: str) -> None:
        """Give a voice another name, in all calls at once. Raises VoiceNotFound, VoiceNameTaken."""
        self._authority.allow(user, Act.VOICES_CHANGED, voice_id)
        self._voices.rename(user.org_id, voice_id, _checked(name))

    def set_role(self, user: User, voice_id: str, role: SpeakerRole) -> None:
        """Set the role the person usually plays; it counts in calls processed from now on."""
        self._authority.allow(user, Act.VOICES_CHANGED, voice_id)
        self._voices.set_role(user.org_id, voice_id, role)

    def delete(self, user: User, voice_id: str) -> None:
        """Delete a voice with its voiceprint; its name leaves all calls. Raises VoiceNotFound."""
        self._authority.allow(user, Act.VOICES_CHANGED, voice_id)
        self._voices.delete(user.org_id, voice_id)
        telemetry.event("voice.deleted", voice=voice_id)

    def _as_shown(self, user: User, speaker: ShownSpeaker) -> Transcript:
        """Return the transcript with its edits; raise EditConflict when they are other ones now."""
        transcript = self._transcripts.active(user.org_id, speaker.call_id)
        edits = self._transcripts.edits(user.org_id, speaker.call_id)
        if version_of(transcript, edits) != speaker.version:
            raise EditConflict
        return apply_edits(transcript, edits)

    def _learn(self, user: User, recording: BinaryIO, source: VoiceSource) -> Enrolment:
        learnt = self._enrolling.learn(recording, source)
        telemetry.event("voice.learnt", quality=learnt.quality, speech_ms=learnt.speech_ms)
        known = self._voices.enrolled(user.org_id)
        if likeness(learnt.voiceprint, (one.voiceprint for one in known)) < ACCEPT_FROM:
            return learnt
        return replace(learnt, remarks=(*learnt.remarks, EnrolmentRemark.LIKE_ANOTHER))


def _tidy(name: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in name).split())


def _checked(name: str) -> str:
    tidy = _tidy(name)[:MAX_NAME_CHARS]
    if not tidy:
        raise InvalidRequest("A known voice needs the person's name.")
    return tidy
