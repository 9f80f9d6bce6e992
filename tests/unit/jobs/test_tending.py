"""What a worker tends beside its jobs: nothing that takes long keeps jobs from being taken over."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Event, Thread

import pytest

from app.wiring import Worker, build_worker
from app.wiring import worker as wiring
from services.domain.calls import CallState
from services.jobs import janitor as janitors
from services.jobs.queue import JobQueue
from services.jobs.workers import Workers
from tests.unit.jobs.conftest import WITHIN_S, Installation
from tests.unit.jobs.test_janitor import janitor

LONG_AGO = datetime.now(UTC) - timedelta(days=1)


@pytest.fixture
def worker(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    monkeypatch.setattr(wiring, "LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(wiring, "TIDY_EVERY_S", 0.01)
    monkeypatch.setattr(wiring, "BUCKET_FIRST_AFTER_S", 0.0)
    built = build_worker(installation.settings, "local", stopping=lambda: False)
    built.services.switches.set_up(at_once=1)
    yield built
    built.services.close()


@contextmanager
def tending(worker: Worker) -> Iterator[Thread]:
    stop = Event()
    thread = Thread(target=worker.tend, args=(stop,), daemon=True)
    thread.start()
    try:
        yield thread
    finally:
        stop.set()
        thread.join(WITHIN_S)
        assert not thread.is_alive()


def calling(done: Event, so_often: int = 1) -> Callable[[], None]:
    left = iter(range(so_often - 1))

    def call() -> None:
        if next(left, None) is None:
            done.set()

    return call


@pytest.mark.parametrize("part", ["tidy", "tidy_bucket"])
def test_taking_over_and_the_end_wait_for_no_upkeep(
    worker: Worker, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    busy, goes_on, taken_over = Event(), Event(), Event()

    def takes_long() -> None:
        busy.set()
        goes_on.wait(WITHIN_S)

    monkeypatch.setattr(worker.janitor, part, takes_long)
    with tending(worker):
        assert busy.wait(WITHIN_S)
        monkeypatch.setattr(worker.janitor, "take_over", calling(taken_over, 3))
        assert taken_over.wait(WITHIN_S)
    assert not goes_on.is_set()
    goes_on.set()


def test_the_bucket_is_gone_through_by_one_worker_at_a_time(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    tidied, went_round, bucket = Event(), Event(), Event()
    monkeypatch.setattr(worker.janitor, "tidy", tidied.set)
    monkeypatch.setattr(worker.janitor, "begin", calling(went_round, 3))
    monkeypatch.setattr(worker.janitor, "tidy_bucket", bucket.set)
    monkeypatch.setattr(wiring, "BUCKET_EVERY_S", 0.0)
    with worker.services.workers.alone("upkeep"), tending(worker):
        assert tidied.wait(WITHIN_S)
        assert went_round.wait(WITHIN_S)
        assert not bucket.is_set()
    with tending(worker):
        assert bucket.wait(WITHIN_S)


def test_leaves_off_between_pages_once_it_is_to_end(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed: list[str] = []
    vault = installation.services.vault

    def stored_calls() -> Iterator[tuple[str, datetime]]:
        for n in range(10):
            listed.append(f"orphan{n}")
            yield listed[-1], LONG_AGO

    deleted: list[str] = []
    monkeypatch.setattr(janitors, "IDS_AT_ONCE", 3)
    monkeypatch.setattr(vault, "stored_calls", stored_calls)
    monkeypatch.setattr(vault, "delete", deleted.append)
    tidier = janitor(installation)
    monkeypatch.setattr(tidier, "_stopping", lambda: len(listed) > 3)
    tidier.tidy_bucket()
    assert sorted(deleted) == listed[:3]
    assert len(listed) == 6


def test_lost_runs_are_looked_for_by_one_worker_and_not_among_new_ones(
    installation: Installation,
) -> None:
    call_id = installation.take_in().call_id
    installation.services.queue.forget([f"{call_id}.1"])
    janitor(installation, lost_after_s=60.0).look_after_jobs()
    with installation.services.workers.alone("looking for lost runs"):
        janitor(installation).look_after_jobs()
    assert installation.progress(call_id).state is CallState.WAITING
    janitor(installation).look_after_jobs()
    assert installation.progress(call_id).state is CallState.FAILED


def test_older_jobs_are_listed_by_one_worker_only(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unasked(_: JobQueue) -> list[object]:
        raise AssertionError

    monkeypatch.setattr(JobQueue, "jobs_of_nobody", unasked)
    workers: Workers = installation.services.workers
    with workers.alone("adopting older jobs"):
        assert janitor(installation)._older_jobs.adopt_of_nobody() == 0
