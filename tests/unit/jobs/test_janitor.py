"""The janitor: what it takes away, what it puts back, and what it leaves alone."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from services.domain.calls import CallState, ProcessingOptions
from services.domain.people import LOCAL_USER
from services.domain.working import WorkerFacts
from services.jobs.janitor import IDLE_S, ORPHAN_AFTER_S, UPLOAD_GIVEN_UP_AFTER_S, Janitor
from services.jobs.liveness import WorkerPresence
from services.jobs.queue import JobState
from services.jobs.workers import Workers
from services.storage.audio_vault import Rendition
from services.storage.workers import WorkerStore
from tests.unit.jobs.conftest import SCRIPTED, Installation

ORG = LOCAL_USER.org_id


def janitor(
    installation: Installation,
    *,
    worker_id: str = "local",
    own: frozenset[str] = frozenset(),
    idle_s: float = IDLE_S,
    lost_after_s: float = 0.0,
    **upkeep: Callable[[], int],
) -> Janitor:
    services, settings = installation.services, installation.settings
    return Janitor(
        services.calls,
        services.runs,
        services.vault,
        services.queue,
        worker_id=worker_id,
        own_jobs=lambda: own,
        workers=services.workers,
        working_folder=settings.working_folder,
        upkeep=upkeep,
        idle_s=idle_s,
        lost_after_s=lost_after_s,
    )


def age(folder: Path, seconds: float) -> None:
    then = time.time() - seconds
    for path in folder.rglob("*"):
        if path.is_file():
            os.utime(path, (then, then))


def orphan(installation: Installation) -> None:
    vault = installation.services.vault
    with vault.write("nobody", Rendition.ORIGINAL, vault.new_key("nobody")) as sink:
        sink.write(b"sound")


@pytest.mark.parametrize(
    ("seconds", "stays"), [(ORPHAN_AFTER_S - 60, True), (ORPHAN_AFTER_S + 60, False)]
)
def test_sound_without_a_call(installation: Installation, seconds: float, stays: bool) -> None:
    orphan(installation)
    kept = installation.take_in().call_id
    age(installation.settings.data_dir / "audio", seconds)
    janitor(installation).sweep()
    stored = {call_id for call_id, _ in installation.services.vault.stored_calls()}
    assert stored == ({"nobody", kept} if stays else {kept})


def test_uploads_that_broke_off_long_ago(installation: Installation) -> None:
    audio = installation.settings.data_dir / "audio"
    with installation.services.intake.begin(LOCAL_USER, "x") as incoming:
        incoming.write(b"x" * 12_000_000)
        time.sleep(0.2)
        janitor(installation).sweep()
        assert [p for p in audio.rglob("*") if p.is_file()]
        age(audio, UPLOAD_GIVEN_UP_AFTER_S + 60)
        janitor(installation).sweep()
        assert not [p for p in audio.rglob("*") if p.is_file()]


def test_a_run_whose_job_is_lost_fails_and_can_be_retried(installation: Installation) -> None:
    call_id = installation.take_in().call_id
    installation.services.queue.forget([f"{call_id}.1"])
    janitor(installation).sweep()
    progress = installation.progress(call_id)
    assert progress.state is CallState.FAILED
    assert progress.retryable


def test_a_waiting_run_is_left_alone(installation: Installation) -> None:
    call_id = installation.take_in().call_id
    janitor(installation).sweep()
    assert installation.progress(call_id).state is CallState.WAITING


def claim(installation: Installation, worker_id: str, options: ProcessingOptions = SCRIPTED) -> str:
    """Leave a job as a worker leaves it that is killed in the middle of it."""
    job = f"{installation.take_in(options=options).call_id}.1"
    from sqlalchemy import text

    with installation.services.calls.transaction() as connection:
        connection.execute(
            text("UPDATE workflow_status SET status = 'PENDING', executor_id = :worker"),
            {"worker": worker_id},
        )
    return job


def state(installation: Installation, job: str) -> JobState:
    return installation.services.queue.states([job])[job]


def test_a_dead_workers_job_is_put_back_at_once(installation: Installation) -> None:
    job = claim(installation, "dead")
    with WorkerPresence(installation.settings.workers_dir, "dead").hold():
        janitor(installation).sweep()
        assert state(installation, job) is JobState.RUNNING
    janitor(installation).sweep()
    assert state(installation, job) is JobState.WAITING


def test_a_worker_that_is_there_again_keeps_its_jobs_and_its_row(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = claim(installation, "back")
    presence = WorkerPresence(installation.settings.workers_dir, "back")
    with presence.hold():
        pass
    taking_over = Workers.alone

    @contextmanager
    def alone(self: Workers, what: str) -> Iterator[bool]:
        with presence.hold(), taking_over(self, what) as is_alone:
            yield is_alone

    monkeypatch.setattr(Workers, "alone", alone)
    janitor(installation).take_over()
    assert state(installation, job) is JobState.RUNNING


def test_only_the_row_that_was_seen_is_forgotten(installation: Installation) -> None:
    store, workers = WorkerStore(installation.services.engine), installation.services.workers
    before = WorkerFacts(
        id="w", token="a", host="h", pid=1, version="1", queues=("calls",), jobs_at_once=1
    )
    store.register(before)
    assert workers.row_of("w") == before
    store.register(replace(before, token="b"))
    workers.forget(before)
    assert workers.row_of("w") == replace(before, token="b")
    assert workers.row_of("nobody") is None


def test_a_worker_of_another_machine_is_not_taken_for_dead(installation: Installation) -> None:
    job = claim(installation, "another-host-7")
    janitor(installation).sweep()
    assert state(installation, job) is JobState.RUNNING


def test_an_own_job_that_nobody_has_run_for_a_while_is_put_back(
    installation: Installation,
) -> None:
    job = claim(installation, "me")
    busy, idle = (
        janitor(installation, worker_id="me", own=frozenset({job})),
        janitor(installation, worker_id="me", idle_s=0.2),
    )
    for _ in range(3):
        busy.sweep()
        assert state(installation, job) is JobState.RUNNING
    idle.sweep()
    assert state(installation, job) is JobState.RUNNING
    time.sleep(0.2)
    idle.sweep()
    assert state(installation, job) is JobState.WAITING


def test_one_broken_part_does_not_keep_the_others(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> int:
        raise OSError

    call_id = installation.take_in().call_id
    installation.services.queue.forget([f"{call_id}.1"])
    monkeypatch.setattr("services.storage.audio_vault.AudioVault.remove_leftovers", broken)
    janitor(installation).sweep()
    assert installation.progress(call_id).state is CallState.FAILED


def test_more_is_done_at_every_sweep_whatever_fails_before(installation: Installation) -> None:
    done: list[str] = []

    def fails() -> int:
        raise OSError

    def works() -> int:
        done.append("works")
        return 1

    sweeper = janitor(installation, fails=fails, works=works)
    sweeper.look_after_jobs()
    assert done == []
    sweeper.sweep()
    assert done == ["works"]
