"""``partyline voices sign``, and what becomes of the signatures it makes."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.commands import live
from app.commands.voices import sign_voice
from app.settings import Settings
from app.wiring import build_participants, build_services
from emulators.azure_speech.http_server import SIGN, AzureHttpEmulator
from emulators.azure_speech.websocket import AzureSpeechEmulator
from services.domain.calls import ProcessingOptions
from services.domain.errors import FileMissing, OtherVoice, ProviderNotConfigured, VoiceNotFound
from services.domain.people import LOCAL_USER
from services.domain.speech import SpeakerRole
from tests.unit.app.test_commands import sound
from tests.unit.app.test_live_command import long_sound
from tests.unit.live.stand_ins import TextModels
from tests.unit.voices.test_desk import Learns, learnt


@pytest.fixture
def azure() -> Iterator[AzureHttpEmulator]:
    with AzureHttpEmulator(key="secret") as emulator:
        yield emulator


@pytest.fixture
def learns(monkeypatch: pytest.MonkeyPatch) -> Learns:
    """What listens to recordings instead of a process with the models."""
    learns = Learns()
    monkeypatch.setattr("app.wiring.services.enrolling_in_child", lambda _: learns)
    return learns


@pytest.fixture
def settings(tmp_path: Path, azure: AzureHttpEmulator, learns: Learns) -> Settings:
    """An installation that knows Nora's voice."""
    settings = Settings(
        data_dir=tmp_path / "data",
        azure_speech_key="secret",
        azure_speech_endpoint=azure.endpoint,
        partyline_key=None,
    )
    services = build_services(settings)
    services.voices.remember(LOCAL_USER, "Nora Fields", SpeakerRole.AGENT, learnt())
    services.close()
    return settings


def test_a_signature_is_made_and_given_to_azure(
    settings: Settings, azure: AzureHttpEmulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = sound(tmp_path / "nora.wav")
    # The tone is a second long; the service wants more.
    file.write_bytes(_longer(file.read_bytes(), 40))
    assert build_participants(settings) == ()
    assert sign_voice(settings, "Nora Fields", file, "en-GB") == 0
    assert azure.count(SIGN) == 1
    [signature] = build_participants(settings)
    assert (signature.name, signature.language) == ("Nora Fields", "en-GB")
    said = "".join(capsys.readouterr())
    assert "signature is kept" in said
    assert signature.signature not in said
    services = build_services(settings)
    assert services.signatures.participants("local") == (signature,)
    services.close()


def test_who_is_signed_is_known_in_a_live_call(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = long_sound(tmp_path / "nora.wav", 40)
    assert sign_voice(settings, "Nora Fields", file, "en-GB") == 0
    models = TextModels()
    models.warm_up = lambda: None  # type: ignore[attr-defined]
    monkeypatch.setattr(live, "build_models", lambda _: models)
    options = ProcessingOptions(
        provider="azure", language="en", provider_options=(("participants", "yes"),)
    )
    with AzureSpeechEmulator(key="secret") as emulator:
        streaming = settings.model_copy(update={"azure_speech_host": emulator.host})
        assert live.stream_live(streaming, str(file), options, speed=0.0, save=False) == 0
        [start] = [one for one in emulator.connections[0].events if one["name"] == "start"]
    [signature] = build_participants(settings)
    assert [one["id"] for one in start["meeting"]["attendees"]] == [signature.voice_id]


def test_what_can_not_be_signed_is_said(
    settings: Settings, azure: AzureHttpEmulator, learns: Learns, tmp_path: Path
) -> None:
    file = sound(tmp_path / "nora.wav")
    with pytest.raises(FileMissing):
        sign_voice(settings, "Nora Fields", tmp_path / "nobody.wav", "en")
    with pytest.raises(VoiceNotFound):
        sign_voice(settings, "Nobody", file, "en")
    learns.outcome = learnt(seed=2)
    with pytest.raises(OtherVoice):
        sign_voice(settings, "Nora Fields", file, "en")
    elsewhere = settings.model_copy(update={"azure_speech_endpoint": None})
    with pytest.raises(ProviderNotConfigured, match="AZURE_SPEECH_REGION"):
        sign_voice(elsewhere, "Nora Fields", file, "en")
    assert azure.requests == []


def test_without_a_database_there_are_no_participants(tmp_path: Path) -> None:
    assert build_participants(Settings(data_dir=tmp_path / "none", partyline_key=None)) == ()
    assert not (tmp_path / "none").exists()


def _longer(wav: bytes, times: int) -> bytes:
    import wave

    sink = io.BytesIO()
    with wave.open(io.BytesIO(wav)) as second, wave.open(sink, "wb") as file:
        file.setparams(second.getparams())
        file.writeframes(second.readframes(second.getnframes()) * times)
    return sink.getvalue()
