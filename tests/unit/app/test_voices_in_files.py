"""Known voices in commands over files, which store nothing."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from app.commands import relabel, transcribe
from app.settings import Settings
from app.wiring import build_known_voices, build_services
from services.domain.calls import ProcessingOptions, SpeakerCount
from services.domain.people import LOCAL_USER
from services.domain.speech import Span, Speaker, SpeakerRole
from services.engine.speakers.recognition import VoiceListener
from services.exports import ExportFormat
from services.one_file import KnownVoices
from services.storage.database import open_engine
from services.storage.schema import migrate
from tests.unit.app.test_commands import sound
from tests.unit.test_pipeline import Models
from tests.unit.test_recognising_voices import NORA, Listener
from tests.unit.voices.test_desk import learnt


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", scripted_provider=True, partyline_key=None)


def remember(settings: Settings, name: str) -> None:
    services = build_services(settings)
    services.voices.remember(LOCAL_USER, name, SpeakerRole.AGENT, learnt())
    services.close()


def test_the_voices_of_this_installation_are_recognised(settings: Settings) -> None:
    remember(settings, "Nora Fields")
    found = build_known_voices(settings)
    assert found is not None
    assert [one.voice.name for one in found.enrolled] == ["Nora Fields"]
    assert isinstance(found.listener, VoiceListener)


def test_looking_for_voices_makes_neither_database_nor_key(settings: Settings) -> None:
    assert build_known_voices(settings) is None
    assert not settings.data_dir.exists()
    migrate(open_engine(settings.database_url))
    assert build_known_voices(settings) is None
    assert not settings.key_file.exists()


def test_without_enrolled_voices_there_is_nobody_to_listen_for(settings: Settings) -> None:
    build_services(settings).close()
    assert build_known_voices(settings) is None


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Listener:
    """Nora's voice is known, and heard in whoever speaks first."""
    listener = Listener()
    for command in (transcribe, relabel):
        voices = KnownVoices(enrolled=(NORA,), listener=listener)  # type: ignore[arg-type]
        monkeypatch.setattr(command, "build_known_voices", lambda _, found=voices: found)
        monkeypatch.setattr(command, "build_models", lambda _: Models())
    return listener


def speakers_in(folder: Path) -> list[tuple[str, str, float | None]]:
    [file] = folder.iterdir()
    document = json.loads(file.read_text())
    assert document["stages"]["known_voices"] == "local voiceprints"
    return [(s["label"], s["role"], s["voice_confidence"]) for s in document["speakers"]]


def test_a_transcribed_file_shows_who_is_known(
    settings: Settings, known: Listener, tmp_path: Path
) -> None:
    options, out = ProcessingOptions(provider="scripted"), tmp_path / "out"
    file = sound(tmp_path / "a.wav")
    assert transcribe.transcribe_files(settings, [file], options, ExportFormat.JSON, out) == 0
    assert speakers_in(out)[0] == ("Nora Fields", "agent", 0.99)
    assert all(label != "Nora Fields" for label, _, _ in speakers_in(out)[1:])
    assert known.asked
    assert not (settings.data_dir / "partyline.db").exists()


class OneSpeaker:
    """Finds the same person throughout."""

    def relabel(self, recording, transcript, options, context):
        return replace(
            transcript,
            speakers=(Speaker(id="s1", label="Speaker 1"),),
            utterances=tuple(replace(u, speaker="s1") for u in transcript.utterances),
            spans=(Span(speaker="s1", start_ms=0, end_ms=900),),
            stages={**transcript.stages, "speakers": "local voices"},
        )


def test_a_relabelled_file_shows_who_is_known(
    settings: Settings, known: Listener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relabel, "build_labeller", lambda _: OneSpeaker())
    document = {
        "schema": "partyline.call/1",
        "call": {"id": "c1", "provider": "example", "redacted": True},
        "utterances": [{"start_ms": 100, "end_ms": 900, "text": "Hello there.", "speaker": "x"}],
        "stages": {"recognition": "example v2"},
    }
    (tmp_path / "t.json").write_text(json.dumps(document))
    file, out = sound(tmp_path / "a.wav"), tmp_path / "out"
    count = SpeakerCount()
    assert relabel.relabel_beside(settings, file, tmp_path / "t.json", count, out) == 0
    assert speakers_in(out) == [("Nora Fields", "agent", 0.99)]
    assert known.asked == [(None, ((0, 900),))]
