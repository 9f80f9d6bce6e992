"""A watched folder whose watcher is killed at bad moments: nothing twice, nothing lost."""

import random
import signal
import sqlite3
from pathlib import Path

import pytest

from services.domain.people import LOCAL_USER
from tests.faults.machine import ORG, Machine, end
from tests.unit.ingest.recording import record

pytestmark = pytest.mark.slow

FILES = 60
KILLS = 4


def test_a_watcher_killed_again_and_again(machine: Machine) -> None:
    dice = random.Random(3)
    folder = machine.folder / "in"
    for n in range(FILES // 2):
        record(folder / f"{n}_crm-{n}.wav", n)
    for kill in range(KILLS):
        watcher = machine.start_watcher(folder)
        aim = (kill + 1) * FILES // (KILLS + 2)
        machine.settle(lambda aim=aim: machine.services.calls.count(ORG) >= aim)
        # Not at a moment when one file is done: it has been working on the next meanwhile.
        machine.settle(lambda: dice.random() < 0.2)
        end(watcher, signal.SIGKILL)
        for n in range(FILES // 2 + kill * 5, FILES // 2 + kill * 5 + 5):
            record(folder / f"{n}_crm-{n}.wav", n)
    for n in range(FILES // 2 + KILLS * 5, FILES):
        record(folder / f"{n}_crm-{n}.wav", n)
    watcher = machine.start_watcher(folder)
    machine.settle(lambda: machine.services.calls.count(ORG) == FILES)
    machine.settle(lambda: noted(machine.folder) == {"taken": FILES})
    assert end(watcher, signal.SIGTERM) == 0
    calls = [row.call for row in machine.services.calls.list(ORG)]
    assert sorted(call.details.external_ref or "" for call in calls) == sorted(
        f"crm-{n}" for n in range(FILES)
    )
    for call in calls:
        file, size, _ = machine.services.desk.open_original(LOCAL_USER, call.id)
        with file:
            assert file.read() == (folder / call.source_name).read_bytes()
        assert size == call.size_bytes
    jobs = machine.services.queue.states(f"{call.id}.1" for call in calls)
    assert len(jobs) == FILES


def noted(folder: Path) -> dict[str, int]:
    """Return how many files were noted, by what became of them."""
    with sqlite3.connect(folder / "partyline.db") as database:
        query = "SELECT fate, count(*) FROM ingested_files GROUP BY fate"
        return dict(database.execute(query).fetchall())
