"""Voice signatures as people ask for them: rights, checks before anything is sent, samples."""

import io
import wave
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from emulators.azure_speech.http_script import Behaviour
from emulators.azure_speech.http_server import AzureHttpEmulator
from services.audio.pcm import ArrayPcm
from services.domain.errors import (
    AccessDenied,
    InvalidRequest,
    NotAudio,
    OtherVoice,
    ProviderNotConfigured,
    ProviderRejected,
    SeveralVoices,
    TooLittleSpeech,
    VoiceNotFound,
)
from services.domain.part import Part
from services.domain.people import LOCAL_USER, Role
from services.domain.speech import SpeakerRole
from services.domain.voices import EnrolmentRemark
from services.providers.azure_speech.access import AzureAccess
from services.providers.azure_speech.signatures import AzureSignatures
from services.storage.voice_signatures import VoiceSignatureStore
from services.voices.enrolling import VoiceSource
from services.voices.signing import SignatureDesk, fullest_part
from tests.authorities import authority
from tests.unit.voices.test_desk import MASTER_KEY, STRANGER, VIEWER, Installation, learnt

RATE = 44_100


def recording(seconds: float = 40, *, quiet_s: float = 0) -> io.BytesIO:
    """Return a stereo WAV of 44.1 kHz: silence first, then a tone."""
    at = np.arange(round(seconds * RATE)) / RATE
    tone = (10_000 * np.sin(2 * np.pi * 250 * at) * (at >= quiet_s)).astype("<i2")
    sink = io.BytesIO()
    with wave.open(sink, "wb") as file:
        file.setparams((2, 2, RATE, 0, "NONE", "none"))
        file.writeframes(np.repeat(tone, 2).tobytes())
    sink.seek(0)
    return sink


class Refuses:
    def __init__(self, error) -> None:
        self.error = error

    def learn(self, recording, source):
        raise self.error


class Signatures(Installation):
    """The desk on real stores, asking an emulator."""

    def __init__(self, folder: Path, endpoint: str | None, learns=None) -> None:
        super().__init__(folder)
        self.kept = VoiceSignatureStore(self.engine, MASTER_KEY)
        access = AzureAccess(key="k", endpoint=endpoint)
        self.signing = SignatureDesk(
            AzureSignatures(access),
            self.kept,
            self.voices,
            learns or self.learns,
            authority=authority(),
            working_folder=folder / "working",
        )
        self.nora = self.desk.remember(LOCAL_USER, "Nora", SpeakerRole.AGENT, learnt()).id

    def sign(self, user=LOCAL_USER, *, sound=None, name="nora.wav", language="en"):
        return self.signing.sign(user, self.nora, sound or recording(), name, language)


@pytest.fixture
def azure():
    with AzureHttpEmulator() as emulator:
        yield emulator


def samples_of(wav: bytes) -> np.ndarray:
    with wave.open(io.BytesIO(wav)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 16_000)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")


def sent(installation, sound) -> np.ndarray:
    """Return the samples that would be sent of a sound."""
    return samples_of(installation.signing._sample(sound, ".wav"))


def test_a_signature_is_made_and_kept(tmp_path, azure):
    installation = Signatures(tmp_path, azure.endpoint)
    assert installation.sign() == ()
    [kept] = installation.signing.participants("local")
    assert (kept.voice_id, kept.name, kept.language) == (installation.nora, "Nora", "en-US")
    assert '"Data"' in kept.signature
    assert set(installation.signing.made(LOCAL_USER)) == {installation.nora}
    assert installation.learns.source == VoiceSource(suffix=".wav")
    assert azure.requests[0].sent_bytes == pytest.approx(40 * 32_000, abs=2_000)


def test_any_recording_becomes_the_wav_file_that_is_wanted(tmp_path, azure):
    samples = sent(Signatures(tmp_path, azure.endpoint), recording(5))
    assert len(samples) / 16_000 == pytest.approx(5, abs=0.01)
    assert np.abs(samples).max() == pytest.approx(10_000, rel=0.02)


def test_of_a_long_recording_the_two_fullest_minutes_are_sent(tmp_path, azure):
    samples = sent(Signatures(tmp_path, azure.endpoint), recording(200, quiet_s=60))
    assert len(samples) == 120 * 16_000
    assert np.abs(samples[:1_600]).max() > 5_000


def test_where_the_fullest_part_lies():
    loud = np.zeros((10 * 16_000, 1), np.float32)
    loud[3 * 16_000 : 5 * 16_000] = 0.5
    assert fullest_part(ArrayPcm(loud), 2_000) == Part(start_ms=3_000, end_ms=5_000)
    assert fullest_part(ArrayPcm(loud), 20_000) == Part(start_ms=0, end_ms=10_000)


@pytest.mark.parametrize(
    "error", [TooLittleSpeech("There are 4.0 seconds."), SeveralVoices(), NotAudio()]
)
def test_what_holds_no_usable_voice_is_not_sent(tmp_path, azure, error):
    installation = Signatures(tmp_path, azure.endpoint, Refuses(error))
    with pytest.raises(type(error)):
        installation.sign()
    assert not azure.requests
    assert installation.signing.made(LOCAL_USER) == {}


def test_another_persons_voice_is_not_sent(tmp_path, azure):
    installation = Signatures(tmp_path, azure.endpoint)
    installation.learns.outcome = learnt(seed=2)
    with pytest.raises(OtherVoice):
        installation.sign()
    assert not azure.requests


def test_what_could_be_better_is_told_if_it_matters_there(tmp_path, azure):
    installation = Signatures(tmp_path, azure.endpoint)
    remarks = (EnrolmentRemark.SHORT, EnrolmentRemark.LONG, EnrolmentRemark.LIKE_ANOTHER)
    installation.learns.outcome = replace(learnt(), remarks=remarks)
    assert installation.sign() == (EnrolmentRemark.SHORT,)


def test_viewers_and_strangers_are_refused(tmp_path, azure):
    installation = Signatures(tmp_path, azure.endpoint)
    installation.sign()
    for act in (
        lambda: installation.sign(VIEWER),
        lambda: installation.signing.delete(VIEWER, installation.nora),
    ):
        with pytest.raises(AccessDenied):
            act()
    for act in (
        lambda: installation.sign(STRANGER),
        lambda: installation.signing.delete(STRANGER, installation.nora),
    ):
        with pytest.raises(VoiceNotFound):
            act()
    assert installation.signing.made(STRANGER) == {}
    assert VIEWER.role is Role.VIEWER
    assert len(azure.requests) == 1


def test_it_needs_an_address_and_a_language(tmp_path, azure):
    with pytest.raises(ProviderNotConfigured):
        Signatures(tmp_path, None).sign()
    folder = tmp_path / "other"
    folder.mkdir()
    with pytest.raises(InvalidRequest):
        Signatures(folder, azure.endpoint).sign(language="English, please")


def test_a_refusal_leaves_the_signature_there_was(tmp_path):
    with AzureHttpEmulator(Behaviour.GOOD, Behaviour.RETIRED) as azure:
        installation = Signatures(tmp_path, azure.endpoint)
        installation.sign()
        with pytest.raises(ProviderRejected, match="28 March 2025"):
            installation.sign()
        assert set(installation.signing.made(LOCAL_USER)) == {installation.nora}


def test_deleting_the_known_voice_deletes_the_signature(tmp_path, azure):
    installation = Signatures(tmp_path, azure.endpoint)
    installation.sign()
    installation.desk.delete(LOCAL_USER, installation.nora)
    assert installation.signing.participants("local") == ()
    with pytest.raises(VoiceNotFound):
        installation.sign()
