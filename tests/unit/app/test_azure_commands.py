"""``partyline transcribe`` and ``live`` with Azure, the emulator being a process of its own."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from emulators.azure_speech.websocket import AzureSpeechEmulator
from tests.unit.app.test_emulators import environment
from tests.unit.app.test_live_command import long_sound

COMMAND = [sys.executable, "-m", "app.cli"]
TIMEOUT_S = 120
ESTABLISHED = "01"


@contextmanager
def emulator(tmp_path: Path, port: str = "0") -> Iterator[tuple[subprocess.Popen, dict[str, str]]]:
    """Serve Azure Speech in another process; give it and the settings it prints."""
    with subprocess.Popen(
        [*COMMAND, "emulator", "azure", "--port", port],
        env=environment(tmp_path), cwd=tmp_path, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            told = dict(part.split("=", 1) for part in process.stdout.readline().split())
            yield process, told
        finally:
            process.kill()


def streaming(told: dict[str, str]) -> dict[str, str]:
    """Return the settings with which sound is streamed."""
    return {name: told[name] for name in ("AZURE_SPEECH_KEY", "AZURE_SPEECH_HOST")}


def transcribing(tmp_path: Path, file: Path, settings: dict[str, str]) -> subprocess.Popen:
    return subprocess.Popen(
        [*COMMAND, "transcribe", str(file), "--provider", "azure", "--language", "en"],
        env=environment(tmp_path, **settings), cwd=tmp_path, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def transcript_of(process: subprocess.Popen) -> dict:
    with process:
        out, err = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 0, err
    document = json.loads(out)
    assert document["schema"] == "partyline.call/1"
    return document


def is_connected(port: int) -> bool:
    """Return whether anybody holds a connection to the port."""
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return any(int(r[1].split(":")[1], 16) == port and r[3] == ESTABLISHED for r in rows)


def test_a_call_is_transcribed_by_the_settings_that_are_printed(tmp_path):
    file = long_sound(tmp_path / "a.wav", 6)
    with emulator(tmp_path) as (_, told):
        assert told.keys() == {"AZURE_SPEECH_KEY", "AZURE_SPEECH_HOST", "AZURE_SPEECH_ENDPOINT"}
        streamed = transcript_of(transcribing(tmp_path, file, streaming(told)))
        posted = transcript_of(transcribing(tmp_path, file, told))
    for document, kind in ((streamed, "conversation"), (posted, "fast")):
        assert kind in document["stages"]["recognition"]
        assert len(document["speakers"]) == 2
        assert all(u["start_ms"] < u["end_ms"] for u in document["utterances"])


def test_a_refused_key_is_one_line_and_no_second_try(tmp_path):
    file = long_sound(tmp_path / "a.wav", 3)
    with AzureSpeechEmulator(key="right") as server:
        wrong = {"AZURE_SPEECH_KEY": "wrong-key-1", "AZURE_SPEECH_HOST": server.host}
        with transcribing(tmp_path, file, wrong) as process:
            out, err = process.communicate(timeout=TIMEOUT_S)
        assert len(server.connections) == 1
    assert (process.returncode, out) == (2, "")
    assert err.splitlines()[-1].endswith("The speech service refused the key.")
    assert "wrong-key-1" not in err


@pytest.mark.slow
def test_a_service_that_dies_in_mid_call_and_comes_back_costs_nothing(tmp_path):
    file = long_sound(tmp_path / "a.wav", 24)
    with emulator(tmp_path) as (service, told):
        port = told["AZURE_SPEECH_HOST"].rpartition(":")[2]
        process = transcribing(tmp_path, file, streaming(told))
        deadline = time.monotonic() + 60
        while not is_connected(int(port)):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        time.sleep(3)
        service.kill()
        service.wait()
    assert process.poll() is None
    with emulator(tmp_path, port):
        document = transcript_of(process)
    lines = document["utterances"]
    assert (lines[0]["start_ms"], lines[-1]["end_ms"]) == (0, 23_500)
    for earlier, later in pairwise(lines):
        assert 0 <= later["start_ms"] - earlier["end_ms"] <= 1_000
    assert [u["speaker"] for u in lines] == ["s1", "s2"] * 3


def test_a_live_call_streams_partials_and_finals(tmp_path):
    file = long_sound(tmp_path / "a.wav", 8)
    with AzureSpeechEmulator() as server:
        settings = {"AZURE_SPEECH_KEY": "k", "AZURE_SPEECH_HOST": server.host}
        done = subprocess.run(
            [*COMMAND, "live", str(file), "--provider", "azure", "--speed", "max"],
            env=environment(tmp_path, **settings), cwd=tmp_path, text=True, timeout=TIMEOUT_S,
            capture_output=True, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    kinds = [event["type"] for event in events]
    assert kinds.count("final") == 2
    assert kinds.count("partial") >= 2
    assert kinds[-1] == "ended"
