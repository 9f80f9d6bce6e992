"""``partyline emulator twilio`` and ``audiohook`` play a recording and say how it went."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.commands.stream_emulators import line_sounds
from emulators.phone_lines import encode
from services.telephony.streaming.sound import from_mulaw
from tests.unit.app.phone_doubles import (
    KEY,
    SECRET,
    TOKEN,
    decoded,
    serving,
    settings,
    stored_sound,
    the_call,
)
from tests.unit.app.test_commands import ROOT

CALLS = sorted((ROOT / "demo").glob("*.ogg"))
TWO_SIDES = next(path for path in CALLS if "C-3310" in path.name)
ONE_SIDE = next((ROOT / "demo").glob("*.wav"))
VARIABLES = {
    "TWILIO_AUTH_TOKEN": TOKEN,
    "AUDIOHOOK_API_KEY": KEY,
    "AUDIOHOOK_CLIENT_SECRET": SECRET,
}


def run(tmp_path: Path, *arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
    kept = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG"}}
    environment = {**kept, "PYTHONPATH": str(ROOT), "PARTYLINE_DATA_DIR": str(tmp_path / "data")}
    return subprocess.run(
        [sys.executable, "-m", "app.cli", "emulator", *arguments],
        env=environment | more, cwd=tmp_path,
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def test_a_line_has_both_sides_of_a_recording() -> None:
    lines = line_sounds(TWO_SIDES, seconds=3)
    assert lines.agent is not None
    assert len(lines.customer) == len(lines.agent) == 24_000
    swapped = line_sounds(TWO_SIDES, seconds=3, agent_channel=1)
    assert (swapped.customer, swapped.agent) == (lines.agent, lines.customer)
    assert line_sounds(ONE_SIDE, seconds=3).agent is None


def test_mulaw_goes_there_and_back() -> None:
    codes = bytes(range(256))
    # There are two zeros; what is encoded is the positive one.
    assert encode(from_mulaw(codes)) == codes.replace(b"\x7f", b"\xff")


@pytest.mark.parametrize("service", ["twilio", "audiohook"])
def test_a_recording_becomes_a_call_here(tmp_path: Path, service: str) -> None:
    with serving(settings(tmp_path / "here")) as (services, address):
        done = run(
            tmp_path, service, "--to", f"{address}/{service}", "--call", str(TWO_SIDES),
            "--seconds", "2", "--speed", "0", **VARIABLES,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert done.stdout == "1 calls, 2.0 s of sound, 0 connections refused, 0 lost\n"
        expected = decoded(line_sounds(TWO_SIDES, seconds=2))
        assert stored_sound(services, the_call(services)) == expected


def test_the_address_that_is_public_is_signed(tmp_path: Path) -> None:
    public = "https://calls.example.org"
    with serving(settings(tmp_path / "here", public_url=public)) as (_services, address):
        done = run(
            tmp_path, "twilio", "--to", f"{address}/twilio", "--call", str(TWO_SIDES),
            "--seconds", "1", "--speed", "0", **VARIABLES, PARTYLINE_PUBLIC_URL=public,
        )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "variables", "status", "told"),
    [
        (("twilio", "--to", "ws://127.0.0.1:9/twilio"), VARIABLES, 1, "1 lost"),
        (("twilio", "--to", "wss://example.org/twilio"), VARIABLES, 2, "this machine only"),
        (("audiohook", "--to", "ws://example.org/"), VARIABLES, 2, "this machine only"),
        (("twilio", "--to", "ws://127.0.0.1:9/"), {}, 2, "TWILIO_AUTH_TOKEN"),
        (("audiohook", "--to", "ws://127.0.0.1:9/"), {}, 2, "AUDIOHOOK_CLIENT_SECRET"),
        (
            ("twilio", "--to", "ws://127.0.0.1:9/", "--parameter", "agent"),
            VARIABLES, 2, "NAME=VALUE",
        ),
        (("twilio", "--to", "ws://127.0.0.1:9/", "--call", "gone.wav"), VARIABLES, 2, "file"),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_said(
    tmp_path: Path,
    arguments: tuple[str, ...],
    variables: dict[str, str],
    status: int,
    told: str,
) -> None:
    call = () if "--call" in arguments else ("--call", str(TWO_SIDES), "--seconds", "1")
    done = run(tmp_path, *arguments, *call, **variables)
    assert done.returncode == status, json.dumps([done.stdout, done.stderr])
    assert told in done.stdout + done.stderr
