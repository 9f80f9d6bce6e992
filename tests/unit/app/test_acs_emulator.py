"""``partyline emulator acs`` calls an address of this machine and says how it went."""

import json
import os
import subprocess
import sys
from contextlib import suppress

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import serve

from emulators.serving import WebSocketEmulator
from tests.unit.app.test_commands import ROOT

COMMAND = [sys.executable, "-m", "app.cli", "emulator", "acs"]


class Listener(WebSocketEmulator):
    """Keeps the frames of each connection."""

    def __init__(self):
        self.connections = []
        super().__init__(serve(self._serve, "127.0.0.1", 0, compression=None))

    def _serve(self, connection):
        frames = []
        self.connections.append((connection.request.headers, frames))
        with suppress(ConnectionClosed):
            for frame in connection:
                frames.append(frame)


def run(tmp_path, *arguments):
    kept = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG"}}
    environment = {**kept, "PYTHONPATH": str(ROOT), "PARTYLINE_DATA_DIR": str(tmp_path / "data")}
    return subprocess.run(
        [*COMMAND, *arguments],
        env=environment, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def test_calls_are_dialled_played_and_counted(tmp_path):
    with Listener() as listener:
        done = run(tmp_path, "--to", listener.host, "--calls", "3", "--speed", "0")
    assert done.returncode == 0, done.stderr
    settings, counted = done.stdout.splitlines()
    told = dict(part.split("=", 1) for part in settings.split())
    assert told.keys() == {
        "ACS_ENDPOINT",
        "ACS_ACCESS_KEY",
        "ACS_RESOURCE_ID",
        "ACS_TOKEN_ISSUER",
        "ACS_SPEECH_ENDPOINT",
        "ACS_CALLER_NUMBER",
        "PARTYLINE_PHONE_PREFIXES",
    }
    assert counted == "3 calls, 99 frames, 0 connections refused, 0 lost"
    assert [len(frames) for _, frames in listener.connections] == [33, 33, 33]
    headers, frames = listener.connections[0]
    assert headers["Authorization"].startswith("Bearer ey")
    assert json.loads(frames[0])["kind"] == "TranscriptionMetadata"


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (("--to", "ws://127.0.0.1:9/"), 1, "1 connections refused"),
        (("--to", "wss://elsewhere.example.org/"), 2, "this machine only"),
        (("--to", "ws://127.0.0.1:9/", "--tokens", "stolen"), 2, "wrong-audience"),
    ],
)
def test_what_goes_wrong_is_said(tmp_path, arguments, status, told):
    done = run(tmp_path, *arguments)
    assert done.returncode == status
    assert told in done.stdout + done.stderr
