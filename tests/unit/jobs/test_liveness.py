"""Workers: one process per id, heartbeats, ids of the dead."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from services.domain.errors import WorkerRunning
from services.jobs.liveness import DEAD_AFTER_S, WorkerPresence, is_any_worker_alive, is_gone

HOLD = """
import sys, time
from pathlib import Path
from services.jobs.liveness import WorkerPresence
with WorkerPresence(Path(sys.argv[1]), "w1").hold():
    print("held", flush=True)
    time.sleep(60)
"""


def test_one_process_per_id(tmp_path: Path) -> None:
    with WorkerPresence(tmp_path, "w1").hold():
        with pytest.raises(WorkerRunning), WorkerPresence(tmp_path, "w1").hold():
            pass
        with WorkerPresence(tmp_path, "w2").hold():
            pass
    with WorkerPresence(tmp_path, "w1").hold():
        pass


def test_alive_while_it_holds(tmp_path: Path) -> None:
    assert not is_any_worker_alive(tmp_path)
    with WorkerPresence(tmp_path, "w1").hold():
        deadline = time.monotonic() + 2
        while not is_any_worker_alive(tmp_path) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert is_any_worker_alive(tmp_path)
    assert not is_any_worker_alive(tmp_path)


def test_an_old_heartbeat_is_none(tmp_path: Path) -> None:
    beat = tmp_path / "w1.beat"
    beat.touch()
    long_ago = time.time() - DEAD_AFTER_S - 1
    os.utime(beat, (long_ago, long_ago))
    assert not is_any_worker_alive(tmp_path)


def test_ids_make_safe_file_names(tmp_path: Path) -> None:
    with WorkerPresence(tmp_path / "in", "../../x/y").hold():
        assert all(p.parent == tmp_path / "in" for p in tmp_path.rglob("*.*"))


def test_a_killed_worker_is_gone_and_its_id_free(tmp_path: Path) -> None:
    root = Path(__file__).parents[3]
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], cwd=root, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        assert not is_gone(tmp_path, "w1")
        process.kill()
        process.wait()
        assert is_gone(tmp_path, "w1")
        with WorkerPresence(tmp_path, "w1").hold(wait_s=1):
            assert not is_gone(tmp_path, "w1")


def test_an_id_never_seen_here_may_live_elsewhere(tmp_path: Path) -> None:
    assert not is_gone(tmp_path, "other-host-1")
