"""A worker whose steps only write, or wait as for a provider; it writes down who works when.

A job writes what every job of the product writes at least: it is claimed, two steps leave a
checkpoint each, the third ends the run.

Run as ``python -m bench.scale.job_worker WORKER_ID LOG PAUSE_MS``, with the database's address in
BENCH_DATABASE_URL; it ends when its standard input does.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Engine

from services.domain.calls import CALLS_QUEUE, Stage
from services.domain.ids import new_id
from services.jobs.engine import JobEngine, Outcome, open_jobs_engine
from services.jobs.job_rows import is_held
from services.jobs.progress_board import ProgressBoard
from services.storage.checkpoints import RunCheckpoints
from services.storage.database import open_engine, writing
from services.storage.keys import DataKey
from services.storage.runs import ProgressReport, RunStore

# About what the words of a window take.
CHECKPOINT_BYTES = 4_096


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the steps write, and how long they wait."""

    engine: Engine
    board: ProgressBoard
    worker_id: str
    log: int
    pause_ms: int


class WritingSteps:
    """Writes for good with each step, and waits in the second."""

    def __init__(self, place: Place, call_id: str, number: int, job: str) -> None:
        """Work on this run."""
        self._place, self._runs = place, RunStore(place.engine)
        self._call_id, self._number, self._job = call_id, number, job
        self._claim: int | None = None

    def begin(self) -> Outcome:
        """Claim the run."""
        with writing(self._place.engine) as connection:
            assert is_held(connection, self._job, self._place.worker_id)
            taken = self._runs.take(self._call_id, self._number, connection=connection)
        assert taken is not None
        self._claim = taken.claim
        self._checkpoints = RunCheckpoints(
            self._place.engine, self._call_id, self._number, DataKey.random(), claim=taken.claim
        )
        return Outcome.GO_ON

    def prepare(self) -> Outcome:
        """Write."""
        return self._write(Stage.DECODE, 0.3)

    def transcribe(self) -> Outcome:
        """Wait, and write."""
        time.sleep(self._place.pause_ms / 1000)
        return self._write(Stage.RECOGNISE, 0.8)

    def finish(self) -> Outcome:
        """End the run."""
        assert self._runs.finish(self._call_id, self._number, new_id(), claim=self._claim)
        return Outcome.READY

    def _write(self, stage: Stage, fraction: float) -> Outcome:
        self._checkpoints[stage.value] = bytes(CHECKPOINT_BYTES)
        self._place.board.report(
            ProgressReport(
                call_id=self._call_id,
                number=self._number,
                claim=self._claim,
                stage=stage,
                stage_fraction=1.0,
                fraction=fraction,
                left_ms=0,
            )
        )
        return Outcome.GO_ON


@contextmanager
def open_run(place: Place, call_id: str, number: int, job: str) -> Iterator[WritingSteps]:
    """Open a run, noting when it begins and ends."""
    _note(place.log, "+")
    yield WritingSteps(place, call_id, number, job)
    _note(place.log, "-")


def _note(log: int, change: str) -> None:
    os.write(log, f"{time.monotonic():.6f} {change}\n".encode())


def main() -> None:
    """Work until standard input ends."""
    worker_id, log_file, pause_ms = sys.argv[1:]
    log = os.open(log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    address = os.environ["BENCH_DATABASE_URL"]
    own = open_engine(address)
    place = Place(
        engine=own,
        board=ProgressBoard(RunStore(own).report),
        worker_id=worker_id,
        log=log,
        pause_ms=int(pause_ms),
    )
    engine = JobEngine(
        open_jobs_engine(address),
        worker_id=worker_id,
        queues=(CALLS_QUEUE,),
        open_run=partial(open_run, place),
    )
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    with engine.running():
        sys.stdin.read()
        engine.wait_until_idle(20.0)


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    os._exit(0)
