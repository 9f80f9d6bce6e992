"""The process that holds live calls is killed; the next start makes calls of all they had."""

import json
import os
import random
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import update

from services.audio.wav import wav_header
from services.domain.calls import CallState
from services.domain.findings import FindingKind
from services.domain.people import LOCAL_USER
from services.storage.audio_vault import Rendition
from services.storage.live_tables import LIVE_CALLS
from tests.faults.machine import Machine, gone
from tests.unit.storage import children

pytestmark = pytest.mark.slow

ORG = LOCAL_USER.org_id
LONG_AGO = datetime(2026, 11, 1, tzinfo=UTC)
CALLS = 3

HOLD = """
import json, os, random, sys, time
os.environ["PARTYLINE_SCRIPTED_PROVIDER"] = "1"
from pathlib import Path
from app.settings import Settings
from app.wiring import build_services
from services.domain.calls import CallDetails, ProcessingOptions
from services.domain.live_calls import LiveSource
from services.domain.people import LOCAL_USER
services = build_services(Settings(data_dir=Path(sys.argv[1]), scripted_provider=True))
services.live_keeper.start()
options = ProcessingOptions(provider="scripted", redact=False)

def sound(seed):
    chunk = 0
    while True:
        yield random.Random(seed * 100_000 + chunk).randbytes(3_200)
        chunk += 1

calls = [
    services.live.begin(
        LOCAL_USER, f"Call {n}", options, CallDetails(), channels=1, source=LiveSource.RECORDING
    ).id
    for n in range(int(sys.argv[2]))
]
for n, call_id in enumerate(calls):
    services.live.play(LOCAL_USER, call_id, sound(n), speed=1.0)
while True:
    print(json.dumps({c: services.live.get(LOCAL_USER, c).received_ms for c in calls}), flush=True)
    time.sleep(0.05)
"""


def sound_of(services, call_id: str) -> bytes:
    key = services.calls.key(ORG, call_id)
    with services.vault.open(call_id, Rendition.ORIGINAL, key) as file:
        return file.read()


def children_of(pid: int) -> list[int]:
    """Return the processes that any thread of a process has started."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def test_calls_of_a_killed_process_are_finished_by_the_next(machine: Machine) -> None:
    child = children.start(HOLD, machine.folder, CALLS)
    assert child.stdout is not None
    received: dict[str, int] = {}
    while min(received.values(), default=0) < 3_000:
        received = json.loads(child.stdout.readline())
    recognisers = children_of(child.pid)
    child.kill()
    last_lines = child.communicate(timeout=60)[0].split("\n")[:-1]
    received = json.loads(last_lines[-1]) if last_lines else received
    assert recognisers
    assert gone(recognisers), "the recogniser outlived its parent"
    services = machine.services
    with services.engine.begin() as connection:
        connection.execute(update(LIVE_CALLS).values(heartbeat_at=LONG_AGO))
    services.live_keeper.start()
    machine.settle(lambda: services.live.running(LOCAL_USER) == [])
    machine.start_worker()
    for number, (call_id, received_ms) in enumerate(received.items()):
        assert machine.ended(call_id) is CallState.READY
        call = services.calls.get(ORG, call_id)
        assert call.audio.duration_ms >= received_ms
        assert FindingKind.BROKEN_OFF in {found.kind for found in call.audio.findings}
        content = sound_of(services, call_id)
        chunks = range((len(content) - len(wav_header(1, 0))) // 3_200)
        spoken = (random.Random(number * 100_000 + chunk).randbytes(3_200) for chunk in chunks)
        assert content[len(wav_header(1, 0)) :] == b"".join(spoken)
    assert os.listdir(machine.folder / "live") == []
