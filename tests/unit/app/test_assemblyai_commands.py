"""``partyline emulator assemblyai`` and ``partyline assemblyai``, and a call through both."""

import io
import json
import subprocess
import sys
from contextlib import contextmanager

import pytest
from pydantic import SecretStr

from app.commands.assemblyai import (
    delete_transcript,
    fetch_sound,
    list_transcripts,
    read_transcript,
    search_words,
)
from app.settings import Settings
from app.wiring import build_assemblyai
from emulators.assemblyai.http import AssemblyAIEmulator
from emulators.assemblyai.http_requests import Place
from services.domain.calls import ProcessingOptions
from services.domain.errors import CopyGone, InvalidRequest, PartylineError, ProviderRejected
from services.domain.people import LOCAL_USER
from services.domain.running import RunContext
from services.storage.calls import CallStore
from services.storage.database import open_engine
from services.storage.provider_copies import ProviderCopyStore
from services.storage.schema import migrate
from tests.contract.stores import add
from tests.unit.app.test_commands import sound
from tests.unit.app.test_emulators import environment
from tests.unit.providers.assemblyai.sounds import provider, recording

COMMAND = [sys.executable, "-m", "app.cli"]


@pytest.fixture
def emulator():
    with AssemblyAIEmulator() as emulator:
        yield emulator


@pytest.fixture
def settings(emulator, tmp_path):
    return Settings(
        data_dir=tmp_path,
        assemblyai_api_key=SecretStr("a-key"),
        assemblyai_base_url=emulator.base_url,
    )


def kept(emulator, **extras):
    """Have a call transcribed and return its reference."""
    options = ProcessingOptions(language="en", provider_options=tuple(extras.items()))
    provider(emulator).transcribe(recording(20), options, RunContext())
    return list(emulator.jobs)[-1]


def test_what_is_kept_is_listed(emulator, settings, capsys):
    references = [kept(emulator), kept(emulator)]
    assert list_transcripts(settings, 10) == 0
    lines = [line.split("  ") for line in capsys.readouterr().out.splitlines()]
    assert [line[0] for line in lines] == references[::-1]
    assert {line[2] for line in lines} == {"completed"}


@pytest.mark.parametrize(
    ("wanted", "begins"),
    [
        ("sentences", "0:00  Good morning, Harbor Energy billing, this is Nora Fields.\n"),
        ("paragraphs", "0:00  Good morning, Harbor Energy billing, this is Nora Fields. How "),
        ("srt", "1\n00:00:00,000 --> "),
        ("vtt", "WEBVTT\n"),
    ],
)
def test_a_transcript_is_read_as_the_service_cuts_it(emulator, settings, capsys, wanted, begins):
    read_transcript(settings, kept(emulator), wanted)
    assert capsys.readouterr().out.startswith(begins)


def test_words_are_looked_for(emulator, settings, capsys):
    search_words(settings, kept(emulator), ["Harbor Energy", "zebra"])
    said, missing = capsys.readouterr().out.splitlines()
    assert said.startswith("Harbor Energy: 0:00.")
    assert missing == "zebra: not said"


@pytest.mark.parametrize("sought", [["one two three four five six"], ["a,b"], [" "]])
def test_odd_phrases_are_refused_here(emulator, settings, sought):
    with pytest.raises(InvalidRequest):
        search_words(settings, "x", sought)
    assert emulator.count() == 0


def test_covered_sound_is_fetched_into_a_new_file(emulator, settings, tmp_path):
    target = tmp_path / "covered.mp3"
    reference = kept(emulator, redaction="yes", covered_sound="beep")
    fetch_sound(settings, reference, target)
    assert target.read_bytes().startswith(b"ID3")
    with pytest.raises(InvalidRequest, match="already"):
        fetch_sound(settings, reference, target)
    assert target.exists()


def test_without_covered_sound_no_file_is_left(emulator, settings, tmp_path):
    target = tmp_path / "covered.mp3"
    with pytest.raises(ProviderRejected, match="no covered sound"):
        fetch_sound(settings, kept(emulator), target)
    assert not target.exists()


def test_covered_sound_comes_encrypted_and_has_an_end(emulator, settings, monkeypatch):
    reference = kept(emulator, redaction="yes", covered_sound="beep")
    with build_assemblyai(settings).service() as service:
        sink = io.BytesIO()

        def fetch():
            while not service.fetch_covered_sound(reference, sink, most_bytes=100):
                pass

        with pytest.raises(ProviderRejected, match="larger"):
            fetch()
        assert len(sink.getvalue()) <= 100
        for url in ("http://elsewhere.example/sound", "ftp://elsewhere.example/", "//[", ""):
            monkeypatch.setattr(service, "_covered_sound_url", lambda _reference, url=url: url)
            with pytest.raises(ProviderRejected, match="encrypted"):
                service.fetch_covered_sound(reference, sink)


def test_what_is_deleted_there_can_not_be_read(emulator, settings, capsys):
    reference = kept(emulator)
    delete_transcript(settings, reference)
    list_transcripts(settings, 10)
    assert capsys.readouterr().out.rstrip().endswith("  deleted")
    with pytest.raises(PartylineError, match="no such transcript"):
        read_transcript(settings, reference, "sentences")


@pytest.fixture
def stored(settings):
    """Have a call stored, and note of it what AssemblyAI keeps: a call's id and a way to note."""
    engine = open_engine(settings.database_url)
    migrate(engine)
    call_id = add(CallStore(engine)).id

    def note(reference, org_id=LOCAL_USER.org_id):
        ProviderCopyStore(engine).note(org_id, call_id, 1, "assemblyai", reference)

    yield call_id, note
    engine.dispose()


def test_a_stored_call_is_read_by_its_own_id(emulator, settings, stored, capsys, tmp_path):
    call_id, note = stored
    note("0000-gone-there")
    note(kept(emulator, redaction="yes", covered_sound="beep"))
    read_transcript(settings, call_id, "srt")
    search_words(settings, call_id, ["Harbor Energy"])
    told = capsys.readouterr().out
    assert told.startswith("1\n00:00:00,000 --> ")
    assert "Harbor Energy: 0:00." in told
    fetch_sound(settings, call_id, tmp_path / "covered.mp3")
    assert (tmp_path / "covered.mp3").read_bytes().startswith(b"ID3")


def test_a_call_of_another_organisation_is_not_read(emulator, settings, stored):
    call_id, note = stored
    note(kept(emulator), org_id="another")
    with pytest.raises(CopyGone):
        read_transcript(settings, call_id, "sentences")


def test_a_call_of_which_nothing_is_left_there_is_told_so(emulator, settings, stored):
    call_id, note = stored
    reference = kept(emulator)
    note(reference)
    delete_transcript(settings, reference)
    with pytest.raises(CopyGone, match="no such transcript"):
        read_transcript(settings, call_id, "sentences")


def test_without_a_key_the_missing_setting_is_named(tmp_path):
    with pytest.raises(PartylineError, match="ASSEMBLYAI_API_KEY"):
        list_transcripts(Settings(data_dir=tmp_path), 10)


@contextmanager
def served(tmp_path, *arguments):
    """Run the emulator as a process and yield the settings that it prints."""
    with subprocess.Popen(
        [*COMMAND, "emulator", "assemblyai", *arguments],
        env=environment(tmp_path), cwd=tmp_path, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            told = process.stdout.readline().split()
            yield dict(part.split("=", 1) for part in told)
        finally:
            process.terminate()


def partyline(tmp_path, told, *arguments):
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        env=environment(tmp_path, **told), cwd=tmp_path, capture_output=True, text=True,
        check=False, timeout=180,
    )  # fmt: skip


@pytest.mark.slow
def test_a_file_goes_through_the_emulated_service(tmp_path):
    with served(tmp_path, "create=fault", "--seconds", "0.1") as told:
        call = sound(tmp_path / "a.wav")
        done = partyline(tmp_path, told, "transcribe", call, "--provider", "assemblyai")
        assert done.returncode == 0, done.stderr
        document = json.loads(done.stdout)
        assert document["schema"] == "partyline.call/1"
        assert document["call"]["provider"] == "assemblyai"
        assert document["stages"]["recognition"] == "assemblyai universal-3-pro"
        assert document["utterances"][0]["words"][0]["end_ms"] > 0


def test_a_refused_key_ends_the_command_with_its_sentence(tmp_path):
    with AssemblyAIEmulator(key="another") as emulator:
        told = {"ASSEMBLYAI_API_KEY": "wrong-key-1", "ASSEMBLYAI_BASE_URL": emulator.base_url}
        call = sound(tmp_path / "a.wav")
        done = partyline(tmp_path, told, "transcribe", call, "--provider", "assemblyai")
        assert done.returncode == 2
        assert "The speech service refused the key." in done.stderr
        assert "wrong-key-1" not in done.stdout + done.stderr
        assert emulator.counts() == {Place.UPLOAD: 1}


def test_failures_that_it_does_not_know_are_told(tmp_path):
    done = partyline(tmp_path, {}, "emulator", "assemblyai", "upload=sunny")
    assert done.returncode == 2
    assert "late-drop" in done.stderr
