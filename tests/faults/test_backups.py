"""Backups of a running installation by the commands, as people and cron give them."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from services.domain.calls import CallState
from services.domain.people import LOCAL_USER
from services.storage.objects import ObjectStore
from services.upkeep.place import BackupPlace
from services.upkeep.restore import check_backup
from tests.faults.machine import ORG, ROOT, Machine, end
from tests.faults.sounds import tone

pytestmark = pytest.mark.slow

# More than the database needs, less than the recording that waits.
SPACE_BYTES = 5_000_000


def command(
    folder: Path, *arguments: object, max_file_bytes: int | None = None
) -> subprocess.CompletedProcess[str]:
    """Run ``partyline`` on a data folder."""

    def limit() -> None:
        if max_file_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (max_file_bytes, max_file_bytes))

    return subprocess.run(
        [sys.executable, "-m", *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | {"PARTYLINE_DATA_DIR": str(folder), "PARTYLINE_SCRIPTED_PROVIDER": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        preexec_fn=limit,
    )


def test_an_installation_moves_to_another_machine(machine: Machine, tmp_path: Path) -> None:
    """One call is done, one waits; the last good backup outlives kills and a full disk."""
    worker = machine.start_worker(supervised=False)
    done = machine.take_in(tone(3))
    assert machine.ended(done) is CallState.READY
    place = tmp_path / "backups"
    made = command(machine.folder, "app.cli", "backup", place, "--json")
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["copied"] == 2
    assert "Keep a copy of the key" in made.stderr
    end(worker, signal.SIGTERM)
    waits = machine.take_in(tone(400, 500.0))

    lies = BackupPlace(ObjectStore(str(place)))
    first = lies.get()
    for ended_by in ("sound", "full", "manifest"):
        if ended_by == "full":
            full = command(machine.folder, "app.cli", "backup", place, max_file_bytes=SPACE_BYTES)
            assert full.returncode == 2
            assert full.stderr.endswith("The disk is full; free some space and retry.\n")
        else:
            killed = command(machine.folder, "tests.faults.dying_backup", place, ended_by)
            assert killed.returncode == -signal.SIGKILL
        assert lies.get() == first
        assert check_backup(lies, first).damaged == ()
    again = command(machine.folder, "app.cli", "backup", place, "--json")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["calls"] == 2
    # Of what a killed one had copied nothing is copied again, and no copy of the database stays.
    assert json.loads(again.stdout)["copied"] == 0
    assert list((machine.folder / "upkeep").iterdir()) == []

    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(machine.folder / "partyline.key", other / "partyline.key")
    restored = command(other, "app.cli", "restore", place)
    assert restored.returncode == 0, restored.stderr
    assert "2 calls restored" in restored.stdout

    moved = Machine(folder=other, models=machine.models)
    try:
        moved.start_worker(supervised=False)
        assert moved.ended(waits) is CallState.READY, moved.log()
        assert {row.call.id for row in moved.services.calls.list(ORG)} == {done, waits}
        for call_id in (done, waits):
            assert moved.services.transcripts.active(ORG, call_id).utterances
            file, size = moved.services.desk.open_playback(LOCAL_USER, call_id)
            with file:
                assert len(file.read()) == size
    finally:
        moved.close()
