"""``partyline live`` as a real process, with the scripted provider."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.commands import live
from app.settings import Settings
from app.wiring import build_services
from services.domain.calls import CallState, ProcessingOptions
from services.domain.errors import InvalidRequest
from services.domain.people import LOCAL_USER
from tests.unit.app.test_commands import ROOT, sound
from tests.unit.audio.test_microphone import FakeAudio
from tests.unit.live.stand_ins import TextModels

COMMAND = [sys.executable, "-m", "app.cli", "live"]
TIMEOUT_S = 120


def environment(tmp_path: Path) -> dict[str, str]:
    return {
        **{k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG"}},
        "PYTHONPATH": str(ROOT),
        "PARTYLINE_DATA_DIR": str(tmp_path / "data"),
        "PARTYLINE_SCRIPTED_PROVIDER": "1",
    }


def started(tmp_path: Path, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        env=environment(tmp_path), cwd=tmp_path, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def run(tmp_path: Path, *arguments: object) -> tuple[int, list[dict], str]:
    with started(tmp_path, *arguments) as process:
        out, err = process.communicate(timeout=TIMEOUT_S)
    return process.returncode, [json.loads(line) for line in out.splitlines()], err


def long_sound(path: Path, seconds: int) -> Path:
    import wave

    with wave.open(str(sound(path)), "rb") as file:
        second = file.readframes(file.getnframes())
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", "none"))
        file.writeframes(second * seconds)
    return path


def test_a_recording_is_told_event_by_event_and_nothing_is_stored(tmp_path):
    path = long_sound(tmp_path / "a.wav", 9)
    code, events, err = run(tmp_path, path, "--provider", "scripted", "--speed", "max")
    assert (code, err) == (0, "")
    kinds = [event["type"] for event in events]
    assert kinds[0] == "speaker"
    told = {"speaker", "partial", "final", "sentiment", "warning", "summary", "ended"}
    assert set(kinds) == told, "figures are not printed"
    (warning,) = [event for event in events if event["type"] == "warning"]
    assert (warning["kind"], warning["alert"]) == ("rule", True)
    assert warning["rule"]["id"] == "recording_disclosure_missing", "what only the end shows"
    assert kinds[-2:] == ["summary", "ended"]
    assert events[-1]["at_ms"] == 9_000
    assert [e["text"].split()[0] for e in events if e["type"] == "final"] == ["Good", "Hello,", "I"]
    moments = [event["emitted_ms"] for event in events]
    assert moments == sorted(moments)
    assert not (tmp_path / "data" / "partyline.db").exists()


def test_ctrl_c_ends_the_call_with_its_last_words(tmp_path):
    path = long_sound(tmp_path / "a.wav", 60)
    with started(tmp_path, path, "--provider", "scripted") as process:
        events = [json.loads(process.stdout.readline())]
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=TIMEOUT_S)
    events += [json.loads(line) for line in out.splitlines()]
    assert (process.returncode, err) == (0, "")
    assert events[-1]["type"] == "ended"
    assert events[-1]["at_ms"] < 50_000
    (final,) = [e for e in events if e["type"] == "final"]
    assert final["text"].startswith("Good morning")


@pytest.mark.slow
def test_when_nobody_reads_on_the_call_ends(tmp_path):
    path = long_sound(tmp_path / "a.wav", 400)
    with started(tmp_path, path, "--provider", "scripted", "--speed", "4") as process:
        process.stdout.readline()
        process.stdout.close()
        began = time.monotonic()
        assert process.wait(TIMEOUT_S) == 1
        assert process.stderr.read() == ""
    assert time.monotonic() - began < 60, "long before its 100 s are over"


@pytest.mark.slow
def test_a_saved_call_is_processed_like_any_other(tmp_path):
    path = long_sound(tmp_path / "a.wav", 5)
    code, events, err = run(
        tmp_path, path, "--provider", "scripted", "--speed", "max", "--save", "--no-redact"
    )
    assert code == 0, err
    assert events[-1]["type"] == "ended"
    assert err.splitlines()[-1].endswith(": ready")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["a.wav", "--provider", "scripted", "--option", "pace=quick"], "no options for live"),
        (["b.wav", "--provider", "scripted"], "There is no file of this name."),
    ],
)
def test_what_cannot_be_is_one_line(tmp_path, arguments, sentence):
    sound(tmp_path / "a.wav")
    code, events, err = run(tmp_path, *arguments)
    assert (code, events) == (2, [])
    (line,) = err.splitlines()
    assert sentence in line


@pytest.mark.parametrize("text", ["-1", "nan", "inf", "", "x"])
def test_a_speed_is_a_number(text):
    with pytest.raises(InvalidRequest):
        live.read_speed(text)


def test_max_is_as_fast_as_it_is_taken():
    assert live.read_speed("max") == live.read_speed("0") == 0
    assert live.read_speed("1.5") == 1.5


# --- in this process --------------------------------------------------------------------------


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    models = TextModels()
    models.warm_up = lambda: None
    monkeypatch.setattr(live, "build_models", lambda settings: models)
    return Settings(data_dir=tmp_path / "data", scripted_provider=True, partyline_key=None)


@pytest.fixture
def kept(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    """Store calls without processing them; return what was stored."""
    stored: list[tuple[str, int]] = []

    def save(services, source, name, options, details):
        content = source.read()
        stored.append((name, len(content)))
        with services.intake.begin(LOCAL_USER, name) as incoming:
            incoming.write(content)
            incoming.commit(options, details)
        return 0

    monkeypatch.setattr(live, "save_recording", save)
    return stored


def hold(settings, source, *, save=False, **options):
    options = ProcessingOptions(provider="scripted", **options)
    return live.stream_live(settings, str(source), options, speed=0.0, save=save)


def test_the_recording_is_stored_as_an_ordinary_call(settings, tmp_path, kept, capsysbinary):
    path = long_sound(tmp_path / "2026-11-12 AGENT_Nora.wav", 2)
    assert hold(settings, path, save=True, language="en") == 0
    assert kept == [(path.name, path.stat().st_size)]
    services = build_services(settings)
    (row,) = services.calls.list(LOCAL_USER.org_id)
    services.close()
    assert row.call.state is CallState.WAITING
    assert row.options == ProcessingOptions(provider="scripted", language="en")
    assert b'"ended"' in capsysbinary.readouterr().out


def test_the_microphone_is_heard_until_it_stops_and_stored(
    settings, kept, monkeypatch, capfdbinary
):
    audio = FakeAudio([bytes(1_600)] * 40)
    module = SimpleNamespace(PyAudio=lambda: audio, paInt16=8)
    monkeypatch.setitem(sys.modules, "pyaudio", module)
    assert hold(settings, "mic", save=True) == 2, "it was unplugged"
    told = capfdbinary.readouterr()
    events = [json.loads(line) for line in told.out.splitlines()]
    assert events[-1]["at_ms"] == 2_000
    assert [e["text"].split()[0] for e in events if e["type"] == "final"] == ["Good"]
    said = told.err.decode().splitlines()
    assert said[0] == "partyline: listening; Ctrl-C ends the call."
    assert "doesn't give any sound any more" in said[1]
    ((name, size),) = kept
    assert name.startswith("Microphone 20")
    assert size == 44 + 40 * 1_600
