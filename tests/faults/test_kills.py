"""Processes are killed at bad moments; every call ends, once, and nothing is left lying about."""

import random
import signal
import sqlite3
import time
from pathlib import Path

import pytest

from services.domain.calls import CallState, Stage
from services.domain.people import LOCAL_USER
from services.jobs.processing import MAX_ATTEMPTS
from tests.faults.machine import ORG, WITHIN_S, Machine, end, gone
from tests.faults.sounds import tone

pytestmark = pytest.mark.slow


def test_a_worker_killed_in_every_stage(machine: Machine) -> None:
    call_id = machine.take_in(tone(120))
    moments = (
        (Stage.DECODE, 0.1),
        (Stage.RECOGNISE, 0.3),
        (Stage.SPEAKERS, 0.3),
        (Stage.ANALYSE, 0.0),
    )
    for stage, fraction in moments:
        before = machine.progress(call_id).fraction
        worker = machine.start_dying_worker(stage, fraction)
        assert worker.wait(WITHIN_S) == -signal.SIGKILL
        progress = machine.progress(call_id)
        assert progress.stage is stage
        assert progress.fraction >= before
    machine.start_worker()
    assert machine.ended(call_id) is CallState.READY
    (run,) = machine.services.runs.list_for_call(ORG, call_id)
    assert run.transcript_id
    assert machine.leftovers() == []
    assert count(machine.folder, "transcripts") == 1
    assert count(machine.folder, "run_checkpoints") == 0


def test_a_storm_over_web_and_worker(machine: Machine) -> None:
    dice = random.Random(11)
    machine.pause_ms = 100
    calls: list[str] = []
    for storm in range(2):
        server = machine.start_server()
        for n in range(4):
            answer = server.upload(machine, tone(20 + n, 200 + 50 * storm))
            assert answer.status_code == 201, answer.text
            calls.append(answer.json()["call_id"])
        machine.settle(machine.services.desk.worker_alive)
        time.sleep(dice.uniform(0.0, 1.0))
        workers = server.worker_pids()
        end(server.process, signal.SIGKILL)
        assert gone(workers), "the worker outlived its parent"
    server = machine.start_server()
    assert {machine.ended(call_id) for call_id in calls} == {CallState.READY}
    assert len(set(calls)) == 8
    assert count(machine.folder, "transcripts") == 8
    assert count(machine.folder, "runs") == 8
    assert machine.leftovers() == []
    workers = server.worker_pids()
    end(server.process, signal.SIGTERM)
    assert gone(workers)


def test_a_call_that_kills_its_worker_is_given_up_and_the_next_one_done(machine: Machine) -> None:
    runs = machine.services.runs
    poison, good = machine.take_in(tone(60)), machine.take_in(tone(2))
    # As if it had killed all its workers but the last.
    for _ in range(MAX_ATTEMPTS - 1):
        runs.count_attempt(poison, 1)
    worker = machine.start_worker()
    machine.settle(lambda: runs.get(ORG, poison, 1).attempts == MAX_ATTEMPTS)
    end(worker, signal.SIGKILL)
    machine.start_worker()
    assert machine.ended(poison) is CallState.FAILED
    assert machine.ended(good) is CallState.READY
    assert machine.services.calls.get(ORG, poison).error_code == "GaveUp"
    machine.services.desk.retry(LOCAL_USER, poison)
    assert machine.ended(poison) is CallState.READY


def test_a_stopped_worker_ends_soon_and_loses_nothing(machine: Machine) -> None:
    machine.pause_ms = 200
    call_id = machine.take_in(tone(240))
    worker = machine.start_worker()
    machine.reached(call_id, Stage.RECOGNISE, 0.1)
    began = time.monotonic()
    assert end(worker, signal.SIGTERM) == 0
    assert time.monotonic() - began < 5
    assert machine.progress(call_id).state is CallState.PROCESSING
    assert machine.services.runs.get(ORG, call_id, 1).attempts == 0
    assert not machine.services.desk.worker_alive()
    machine.start_worker()
    assert machine.reached(call_id, Stage.SPEAKERS).state is CallState.PROCESSING


def count(folder: Path, table: str) -> int:
    connection = sqlite3.connect(folder / "partyline.db")
    try:
        found: int = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        return found
    finally:
        connection.close()
