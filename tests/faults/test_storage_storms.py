"""Storms over what calls are stored in: a bucket that misbehaves, a disk that fills up.

``PARTYLINE_STORM_CALLS`` is how many calls other storms have, 300 unless set; here it is a fifth.
"""

import resource
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from emulators.s3 import S3Server
from services.domain.errors import DiskFull
from services.domain.people import LOCAL_USER
from tests.faults.machine import Machine, end
from tests.faults.sounds import tone
from tests.faults.storm import (
    CALLS_WITHOUT_STORE as CALLS,
)
from tests.faults.storm import (
    each_ended_once,
    fates,
    is_over,
    persistently,
    sound_is_whole,
    tidied,
)

pytestmark = pytest.mark.slow

BUCKET = "recordings"
FULL_BYTES = 8192
AWAY_S = 3.0


@pytest.fixture(autouse=True)
def many_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARTYLINE_JOBS_AT_ONCE", "4")


@pytest.fixture
def s3() -> Iterator[S3Server]:
    with S3Server() as server:
        yield server


@pytest.fixture
def machine_on_s3(
    s3: S3Server, tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Machine]:
    """A machine whose recordings lie in a bucket."""
    for name, value in s3.environment(BUCKET).items():
        monkeypatch.setenv(name, value)
    made = Machine(folder=tmp_path, models=models)
    yield made
    made.close()


def asking(machine: Machine) -> Callable[[str], list[Any]]:
    def ask(query: str) -> list[Any]:
        connection = sqlite3.connect(machine.folder / "partyline.db", timeout=30)
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()

    return ask


def taking_in(machine: Machine, taken: list[str]) -> threading.Thread:
    """Take calls in, each until it works, in a thread of its own."""

    def take() -> None:
        for n in range(CALLS):
            sound = tone(1, 200 + n)
            taken.append(persistently(lambda sound=sound: machine.take_in(sound)))

    thread = threading.Thread(target=take)
    thread.start()
    return thread


def wait(until: Callable[[], bool], within_s: float = 240.0) -> None:
    deadline = time.monotonic() + within_s
    while not until():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_bucket_that_fails_for_a_while(machine_on_s3: Machine, s3: S3Server) -> None:
    machine, ask, taken = machine_on_s3, asking(machine_on_s3), []
    worker = machine.start_worker(supervised=False)
    coming = taking_in(machine, taken)
    for n, misbehave in enumerate(
        (
            lambda: s3.fail(500, for_s=AWAY_S),
            lambda: s3.stall(AWAY_S, for_s=AWAY_S),
            lambda: s3.fail(503, for_s=AWAY_S),
        )
    ):
        wait(lambda n=n: fates(ask).get("ready", 0) >= (n + 1) * CALLS // 5)
        misbehave()
        if n == 1:
            end(worker, signal.SIGKILL)
            worker = machine.start_worker(supervised=False)
    coming.join()
    wait(lambda: is_over(ask, CALLS))
    assert end(worker, signal.SIGTERM) == 0
    assert len(set(taken)) == CALLS
    each_ended_once(ask, CALLS)
    tidied(machine.services)
    sound_is_whole(machine.services, ask)
    assert len(s3.keys(BUCKET)) == 2 * CALLS
    assert s3.uploads() == []


def test_a_disk_that_fills_up_in_the_middle(machine: Machine) -> None:
    ask, taken = asking(machine), []
    worker = machine.start_worker(supervised=False)
    coming = taking_in(machine, taken)
    wait(lambda: fates(ask).get("ready", 0) >= CALLS // 5)
    _, most = resource.prlimit(worker.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(worker.pid, resource.RLIMIT_FSIZE, (FULL_BYTES, most))
    time.sleep(AWAY_S)
    assert worker.poll() is None
    resource.prlimit(worker.pid, resource.RLIMIT_FSIZE, (most, most))
    coming.join()
    wait(lambda: is_over(ask, CALLS))
    failed, count = machine.services.jobs.failed(LOCAL_USER, limit=CALLS)
    assert {run.reason for run in failed} <= {DiskFull().user_message}
    assert machine.services.jobs.retry(LOCAL_USER, [run.call_id for run in failed]).count == count
    wait(lambda: fates(ask) == {"ready": CALLS})
    assert end(worker, signal.SIGTERM) == 0
    assert len(set(taken)) == CALLS
    # Those that failed have a run that failed, and one that went well.
    assert ask("SELECT count(*) FROM runs WHERE state = 'failed'") == [(count,)]
    with sqlite3.connect(machine.folder / "partyline.db") as connection:
        connection.execute("DELETE FROM runs WHERE state = 'failed'")
    connection.close()
    each_ended_once(ask, CALLS)
    tidied(machine.services)
    sound_is_whole(machine.services, ask)
    assert machine.leftovers() == []
