"""The supervisor: starts, starts again, stops."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app import supervisor as module
from app.settings import Settings
from app.supervisor import WorkerSupervisor, worker_running

NOTES_AND_WAITS = """
import os, sys, time
with open(os.environ["NOTES"], "a") as notes:
    notes.write(f"{os.getpid()} {os.environ['PARTYLINE_DATA_DIR']}\\n")
if "crash" in sys.argv: os.kill(os.getpid(), 11)
if "stubborn" in sys.argv:
    import signal
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
time.sleep(60)
"""


@pytest.fixture
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "notes"
    monkeypatch.setenv("NOTES", str(file))
    monkeypatch.setattr(module, "FIRST_PAUSE_S", 0.05)
    return file


@pytest.fixture
def supervise(tmp_path: Path, notes: Path) -> Iterator[Callable[..., WorkerSupervisor]]:
    made: list[WorkerSupervisor] = []

    def start(*arguments: str) -> WorkerSupervisor:
        command = (sys.executable, "-c", NOTES_AND_WAITS, *arguments)
        made.append(WorkerSupervisor(Settings(data_dir=tmp_path), command=command))
        made[-1].start()
        return made[-1]

    yield start
    for one in made:
        one.stop()


def started(notes: Path, times: int) -> list[str]:
    """Wait until workers were started so often; return what each noted."""
    deadline = time.monotonic() + 20
    while True:
        lines = notes.read_text().splitlines() if notes.exists() else []
        if len(lines) >= times:
            return lines
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_one_worker_on_the_same_data(
    supervise: Callable[..., WorkerSupervisor], notes: Path, tmp_path: Path
) -> None:
    supervisor = supervise()
    (line,) = started(notes, 1)
    pid, folder = line.split()
    assert folder == str(tmp_path)
    assert supervisor.worker_pid == int(pid)
    supervisor.stop()
    assert not is_alive(int(pid))
    assert supervisor.worker_pid is None


def test_a_crashed_worker_is_started_again(
    supervise: Callable[..., WorkerSupervisor], notes: Path
) -> None:
    supervisor = supervise("crash")
    lines = started(notes, 3)
    assert len(set(lines)) == len(lines)
    supervisor.stop()


def test_pauses_grow(supervise: Callable[..., WorkerSupervisor], notes: Path) -> None:
    began = time.monotonic()
    supervise("crash")
    started(notes, 4)
    assert time.monotonic() - began >= 0.05 + 0.1 + 0.2


def test_a_stubborn_worker_is_killed(
    supervise: Callable[..., WorkerSupervisor], notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STOP_WITHIN_S", 0.2)
    supervisor = supervise("stubborn")
    (line,) = started(notes, 1)
    time.sleep(0.3)
    supervisor.stop()
    assert not is_alive(int(line.split()[0]))


def test_a_command_that_can_not_be_run_does_not_end_the_server(tmp_path: Path) -> None:
    supervisor = WorkerSupervisor(Settings(data_dir=tmp_path), command=("/does/not/exist",))
    supervisor.start()
    time.sleep(0.1)
    supervisor.stop()


def test_stopping_what_never_started(tmp_path: Path) -> None:
    WorkerSupervisor(Settings(data_dir=tmp_path)).stop()


def test_a_worker_that_runs_already_is_used(tmp_path: Path, notes: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    settings.workers_dir.mkdir()
    (settings.workers_dir / "another.beat").touch()
    with worker_running(settings):
        pass
    assert not notes.exists()
