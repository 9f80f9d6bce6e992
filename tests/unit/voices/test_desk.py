"""What people can ask about known voices: rights, names, and learning from stored calls."""

import io
from dataclasses import replace

import numpy as np
import pytest

from services.domain.errors import (
    AccessDenied,
    EditConflict,
    InvalidRequest,
    NotFound,
    VoiceNameTaken,
    VoiceNotFound,
)
from services.domain.people import LOCAL_USER, Role
from services.domain.reviewed import ShownSpeaker, version_of
from services.domain.speech import Span, SpeakerRole
from services.domain.voices import Enrolment, EnrolmentRemark, Voiceprint, VoiceQuality
from services.storage.audio_vault import AudioVault, Rendition
from services.storage.calls import CallStore
from services.storage.database import open_engine
from services.storage.keys import MasterKey
from services.storage.known_voices import KnownVoiceStore
from services.storage.objects import ObjectStore
from services.storage.runs import RunStore
from services.storage.schema import migrate
from services.storage.transcripts import TranscriptStore
from services.voices.desk import VoiceDesk
from services.voices.enrolling import VoiceSource
from tests import builders
from tests.authorities import authority_over
from tests.contract.stores import analysed

MASTER_KEY = MasterKey(bytes(range(32)))
VIEWER = replace(LOCAL_USER, role=Role.VIEWER)
NOBODY = ShownSpeaker(call_id="c", version="t.0", id="s1")
STRANGER = replace(LOCAL_USER, org_id="elsewhere")


def learnt(seed: int = 1) -> Enrolment:
    values = np.random.default_rng(seed).normal(size=256)
    return Enrolment(
        voiceprint=Voiceprint(packed=(values / np.linalg.norm(values)).astype("<f4").tobytes()),
        quality=VoiceQuality.GOOD,
        speech_ms=40_000,
    )


class Learns:
    """Notes what it is to learn from."""

    def __init__(self) -> None:
        self.outcome = learnt()

    def learn(self, recording, source: VoiceSource) -> Enrolment:
        self.sound, self.source = recording.read(), source
        return self.outcome


class Installation:
    """A desk on real stores."""

    def __init__(self, folder) -> None:
        self.engine = open_engine(f"sqlite:///{folder / 'voices.db'}")
        migrate(self.engine)
        self.calls, self.runs = CallStore(self.engine), RunStore(self.engine)
        self.transcripts = TranscriptStore(self.engine)
        self.vault = AudioVault(ObjectStore((folder / "audio").as_uri()), MASTER_KEY)
        self.learns = Learns()
        self.voices = KnownVoiceStore(self.engine, MASTER_KEY)
        self.desk = VoiceDesk(
            self.voices,
            self.calls,
            self.transcripts,
            self.vault,
            self.learns,
            authority=authority_over(self.calls),
        )

    def add_call(self, transcript) -> str:
        call = builders.call(source_name="Call of Nora.WAV")
        key = self.vault.new_key(call.id)
        self.calls.add(call, builders.first_run(call), key)
        with self.vault.write(call.id, Rendition.ORIGINAL, key) as sink:
            sink.write(b"the sound")
        self.runs.begin(call.id, 1)
        self.transcripts.save(call.org_id, call.id, 1, analysed(transcript))
        self.runs.finish(call.id, 1, transcript.id)
        return call.id

    def shown(self, call_id: str, speaker_id: str = "s1") -> ShownSpeaker:
        """Return a speaker as the call shows it now."""
        transcript = self.transcripts.active("local", call_id)
        version = version_of(transcript, self.transcripts.edits("local", call_id))
        return ShownSpeaker(call_id=call_id, version=version, id=speaker_id)


@pytest.fixture
def installation(tmp_path):
    made = Installation(tmp_path)
    yield made
    made.engine.dispose()


@pytest.fixture
def desk(installation) -> VoiceDesk:
    return installation.desk


def test_a_voice_is_learnt_remembered_and_found(desk, installation):
    taught = desk.listen(LOCAL_USER, io.BytesIO(b"sound"), "Nora's voice.MP3")
    assert installation.learns.source == VoiceSource(suffix=".mp3")
    assert installation.learns.sound == b"sound"
    voice = desk.remember(LOCAL_USER, "  Nora \x1b\n Fields ", SpeakerRole.AGENT, taught)
    assert (voice.name, voice.role, voice.speech_ms) == ("Nora Fields", "agent", 40_000)
    assert desk.voices(LOCAL_USER) == [voice]
    assert desk.find(LOCAL_USER, voice.id) == desk.find(LOCAL_USER, "Nora Fields") == voice


def test_names_are_needed_bounded_and_taken_once(desk):
    with pytest.raises(InvalidRequest, match="name"):
        desk.remember(LOCAL_USER, " \n ", SpeakerRole.AGENT, learnt())
    desk.remember(LOCAL_USER, "Nora", SpeakerRole.AGENT, learnt())
    with pytest.raises(VoiceNameTaken):
        desk.free_name(LOCAL_USER, " Nora ")
    with pytest.raises(VoiceNameTaken):
        desk.remember(LOCAL_USER, "Nora", SpeakerRole.AGENT, learnt(2))
    assert len(desk.remember(LOCAL_USER, "x" * 500, SpeakerRole.AGENT, learnt(3)).name) == 80


def test_a_voice_like_a_known_one_is_told(desk, installation):
    desk.remember(LOCAL_USER, "Nora", SpeakerRole.AGENT, learnt(1))
    again = desk.listen(LOCAL_USER, io.BytesIO(b""), "a.wav")
    assert again.remarks == (EnrolmentRemark.LIKE_ANOTHER,)
    assert desk.listen(STRANGER, io.BytesIO(b""), "a.wav").remarks == ()
    installation.learns.outcome = learnt(2)
    assert desk.listen(LOCAL_USER, io.BytesIO(b""), "a.wav").remarks == ()


def test_a_viewer_sees_but_changes_nothing(desk):
    voice = desk.remember(LOCAL_USER, "Nora", SpeakerRole.AGENT, learnt())
    for act in (
        lambda: desk.listen(VIEWER, io.BytesIO(b""), "a.wav"),
        lambda: desk.listen_to_speaker(VIEWER, NOBODY),
        lambda: desk.remember(VIEWER, "Eve", SpeakerRole.AGENT, learnt()),
        lambda: desk.free_name(VIEWER, "Eve"),
        lambda: desk.rename(VIEWER, voice.id, "Eve"),
        lambda: desk.set_role(VIEWER, voice.id, SpeakerRole.CUSTOMER),
        lambda: desk.delete(VIEWER, voice.id),
    ):
        with pytest.raises(AccessDenied):
            act()
    assert desk.voices(VIEWER) == [voice]


def test_another_organisation_finds_nothing(desk, installation):
    voice = desk.remember(LOCAL_USER, "Nora", SpeakerRole.AGENT, learnt())
    call_id = installation.add_call(builders.transcript())
    assert desk.voices(STRANGER) == []
    for act in (
        lambda: desk.find(STRANGER, voice.id),
        lambda: desk.rename(STRANGER, voice.id, "Eve"),
        lambda: desk.delete(STRANGER, voice.id),
    ):
        with pytest.raises(VoiceNotFound):
            act()
    with pytest.raises(NotFound):
        desk.listen_to_speaker(STRANGER, installation.shown(call_id))


def test_name_and_role_change_and_a_voice_goes(desk):
    voice = desk.remember(LOCAL_USER, "Nora", SpeakerRole.AGENT, learnt())
    desk.rename(LOCAL_USER, voice.id, "Nora Price")
    desk.set_role(LOCAL_USER, voice.id, SpeakerRole.CUSTOMER)
    assert desk.find(LOCAL_USER, "Nora Price").role is SpeakerRole.CUSTOMER
    desk.delete(LOCAL_USER, voice.id)
    assert desk.voices(LOCAL_USER) == []


def test_of_a_call_only_what_the_speaker_says_alone_is_heard(desk, installation):
    #  seconds   0    5    10
    #  s1        ######....##
    #  s2        ....###.....
    spans = [("s1", 0, 6_000), ("s2", 4_000, 7_000), ("s1", 10_000, 12_000)]
    spoken = builders.transcript()
    one, other = spoken.speakers
    spoken = replace(
        spoken,
        speakers=(replace(one, channel=0), replace(other, channel=1)),
        spans=tuple(Span(speaker=s, start_ms=a, end_ms=b) for s, a, b in spans),
    )
    call_id = installation.add_call(spoken)
    desk.listen_to_speaker(LOCAL_USER, installation.shown(call_id))
    assert installation.learns.sound == b"the sound"
    alone = ((0, 4_000), (10_000, 12_000))
    assert installation.learns.source == VoiceSource(suffix=".wav", channel=0, spans=alone)
    with pytest.raises(InvalidRequest):
        desk.listen_to_speaker(LOCAL_USER, installation.shown(call_id, "s9"))


def test_a_speaker_of_a_call_that_has_changed_is_neither_learnt_nor_remembered(desk, installation):
    """The same id may be another person by then, whose name the voice must not get."""
    first = builders.transcript()
    call_id = installation.add_call(first)
    before = installation.shown(call_id)
    taught = desk.listen_to_speaker(LOCAL_USER, before)
    edits = replace(
        installation.transcripts.edits("local", call_id),
        transcript_id=first.id,
        merges={"s2": "s1"},
    )
    installation.transcripts.save_edits("local", call_id, edits, shown=analysed(first))
    for act in (
        lambda: desk.listen_to_speaker(LOCAL_USER, before),
        lambda: desk.remember(LOCAL_USER, "Nora", SpeakerRole.AGENT, taught, shown=before),
    ):
        with pytest.raises(EditConflict):
            act()
    assert desk.voices(LOCAL_USER) == []
    now = installation.shown(call_id)
    desk.remember(LOCAL_USER, "Nora", SpeakerRole.AGENT, taught, shown=now)
    with pytest.raises(NotFound):
        desk.remember(STRANGER, "Nora", SpeakerRole.AGENT, taught, shown=now)
