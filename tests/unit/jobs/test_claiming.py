"""Claiming jobs of one SQLite file: who counts what runs is alone until they have claimed."""

import sqlite3
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from dbos import Queue
from dbos._sys_db import SystemDatabase
from sqlalchemy import Connection

from services.domain.calls import CALLS_QUEUE
from services.domain.errors import Cancelled
from services.jobs import job_rows
from services.jobs.engine import CLAIMING_THREADS, JobEngine
from services.jobs.slots import LocalSlots
from services.storage.database import open_engine
from tests.unit.jobs.conftest import Installation


@pytest.mark.parametrize(
    ("thread", "alone"), [(f"{CLAIMING_THREADS}calls-azure", True), ("another", False)]
)
def test_a_claiming_thread_keeps_others_from_writing(
    tmp_path: Path, thread: str, alone: bool
) -> None:
    file = tmp_path / "jobs.db"
    engine = open_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE jobs (id INTEGER)")
    JobEngine(engine, worker_id="w", queues=["calls"], open_run=lambda *_: None)  # type: ignore[arg-type, return-value]
    written: list[bool] = []

    def count() -> None:
        other = sqlite3.connect(file, timeout=0.05)
        with engine.connect() as connection, connection.begin():
            connection.exec_driver_sql("SELECT count(*) FROM jobs").scalar()
            try:
                other.execute("INSERT INTO jobs VALUES (1)")
                written.append(True)
            except sqlite3.OperationalError:
                written.append(False)
        other.close()

    counting = threading.Thread(target=count, name=thread)
    counting.start()
    counting.join()
    engine.dispose()
    assert written == [not alone]


def test_the_job_library_claims_in_threads_of_these_names(installation: Installation) -> None:
    wanted = {f"{CLAIMING_THREADS}{name}" for name in installation.services.queue.names}
    assert wanted == {
        "queue-worker-calls",
        "queue-worker-calls-azure",
        "queue-worker-calls-assemblyai",
    }
    call_id = installation.take_in().call_id
    with installation.working():
        installation.ended(call_id)
        assert wanted <= {thread.name for thread in threading.enumerate()}


def test_an_idle_worker_only_looks(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks, claims = Counter[str](), Counter[str]()
    looked = threading.Condition()
    claim = SystemDatabase.start_queued_workflows

    def look(connection: Connection, queue: str) -> bool:
        found = job_rows.is_any_waiting(connection, queue)
        with looked:
            looks[queue] += 1
            looked.notify_all()
        return found

    def counted(database: SystemDatabase, queue: Queue, *given: Any, **more: Any) -> Any:
        claims[queue.name] += 1
        return claim(database, queue, *given, **more)

    monkeypatch.setattr("services.jobs.engine.is_any_waiting", look)
    with installation.working():
        with looked:
            # The first time a thread may have been too early to be told to look first.
            assert looked.wait_for(lambda: len(looks) == len(installation.services.queue.names), 60)
            monkeypatch.setattr(SystemDatabase, "start_queued_workflows", counted)
            before = +looks
            assert looked.wait_for(lambda: all(looks[q] >= before[q] + 2 for q in before), 60)
        assert not claims
        installation.ended(installation.take_in().call_id)
        assert claims.keys() == {CALLS_QUEUE}


def test_slots_are_waited_for_and_given_back() -> None:
    slots, entered = LocalSlots(1), threading.Event()

    def second() -> None:
        with slots.one(lambda: False):
            entered.set()

    waiting = threading.Thread(target=second)
    with slots.one(lambda: False):
        waiting.start()
        assert not entered.wait(0.3)
        with pytest.raises(Cancelled), slots.one(lambda: True):
            pass
    assert entered.wait(5.0)
    waiting.join()
    with pytest.raises(ValueError, match="x"), slots.one(lambda: False):
        raise ValueError("x")
    with slots.one(lambda: True):
        pass
