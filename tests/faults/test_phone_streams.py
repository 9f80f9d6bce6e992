"""A demo call comes by phone: real server, real recogniser, each telephone service emulated."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.commands.stream_emulators import line_sounds
from services.domain.calls import CallState
from services.domain.people import LOCAL_USER
from services.domain.speech import SpeakerRole, Transcript
from services.storage.audio_vault import Rendition
from tests.faults.machine import ROOT, Machine
from tests.unit.app.phone_doubles import KEY, SECRET, TOKEN, WAV_HEADER, decoded

pytestmark = pytest.mark.slow

ORG = LOCAL_USER.org_id
NAME = "Harbor-Energy_AGENT_Nora-Fields_CUST_C-1042_QUEUE_Billing_2026-11-12T09-30-00"
CALL = ROOT / "demo" / f"{NAME}.ogg"
TRUTH = ROOT / "demo" / f"{NAME}.truth.json"
SECONDS = 20
VARIABLES = {
    "TWILIO_AUTH_TOKEN": TOKEN,
    "AUDIOHOOK_API_KEY": KEY,
    "AUDIOHOOK_CLIENT_SECRET": SECRET,
}
FINISHED_WITHIN_S = 240.0
CUSTOMER, AGENT = SpeakerRole.CUSTOMER, SpeakerRole.AGENT


def play(service: str, server: str, folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """Play the demo call by ``partyline emulator`` to a server at an http address."""
    address = server.replace("http:", "ws:").replace("localhost", "127.0.0.1")
    command = [sys.executable, "-m", "app.cli", "emulator", service, "--to", f"{address}/{service}"]
    return subprocess.run(
        [*command, "--call", str(CALL), "--seconds", str(SECONDS), *more],
        env=os.environ | VARIABLES | {"PARTYLINE_DATA_DIR": str(folder), "PYTHONPATH": str(ROOT)},
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def finished(machine: Machine) -> str:
    """Return the one call there is once it has been finished from its recording."""
    deadline = time.monotonic() + FINISHED_WITHIN_S
    while True:
        rows = machine.services.calls.list(ORG)
        if rows and machine.services.runs.get(ORG, rows[0].call.id, 2).state is CallState.READY:
            assert len(rows) == 1
            return rows[0].call.id
        assert time.monotonic() < deadline, machine.log()
        time.sleep(0.5)


def words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]{3,}", text.casefold()))


def said(role: SpeakerRole) -> set[str]:
    """Return the words that somebody truly says in what is played."""
    lines = json.loads(TRUTH.read_text())["utterances"]
    inside = [u for u in lines if u["speaker"] == role.value and u["start_ms"] < SECONDS * 1_000]
    return words(" ".join(u["text"] for u in inside))


def heard(transcript: Transcript, role: SpeakerRole) -> set[str]:
    speakers = {s.id for s in transcript.speakers if s.role is role}
    return words(" ".join(u.text for u in transcript.utterances if u.speaker in speakers))


@pytest.mark.parametrize("service", ["twilio", "audiohook"])
def test_a_demo_call_comes_by_phone(machine: Machine, service: str) -> None:
    server = machine.start_server(**VARIABLES)
    played = play(service, server.address, machine.folder)
    assert played.stdout.splitlines()[-1:] == [
        f"1 calls, {SECONDS}.0 s of sound, 0 connections refused, 0 lost"
    ], played.stderr
    call_id = finished(machine)
    services = machine.services
    call = services.calls.get(ORG, call_id)
    assert call.audio is not None
    assert (call.audio.channels, call.audio.duration_ms) == (2, SECONDS * 1_000)
    key = services.calls.key(ORG, call_id)
    with services.vault.open(call_id, Rendition.ORIGINAL, key) as file:
        assert file.read()[WAV_HEADER:] == decoded(line_sounds(CALL, seconds=SECONDS))
    first, last = (services.runs.get(ORG, call_id, n).transcript_id for n in (1, 2))
    assert first is not None, "captions were told while the call was held"
    assert last is not None
    # Captions are poorer where the machine is too busy to refine them; they are on the right side.
    for transcript_id, least in ((first, 0.2), (last, 0.6)):
        transcript = services.transcripts.get(ORG, call_id, transcript_id)
        for role, other in ((CUSTOMER, AGENT), (AGENT, CUSTOMER)):
            only = said(role) - said(other)
            assert len(only) > 5
            assert len(only & heard(transcript, role)) >= least * len(only), role
            assert not only & heard(transcript, other), role
