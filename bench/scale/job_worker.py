"""A worker whose steps only write, or wait as for a provider; it writes down who works when.

Run as ``python -m bench.scale.job_worker WORKER_ID LOG PAUSE_MS``, with the database's address in
BENCH_DATABASE_URL; it ends when its standard input does.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from services.domain.calls import CALLS_QUEUE, Stage
from services.jobs.engine import JobEngine, Outcome, open_jobs_engine
from services.jobs.progress_board import ProgressBoard
from services.storage.database import open_engine
from services.storage.runs import ProgressReport, RunStore


class WritingSteps:
    """Writes how far it is with each step, and waits in the second."""

    def __init__(
        self, runs: RunStore, board: ProgressBoard, call_id: str, number: int, pause_ms: int
    ) -> None:
        """Work on this run."""
        self._runs, self._board = runs, board
        self._call_id, self._number = call_id, number
        self._pause_ms = pause_ms

    def begin(self) -> Outcome:
        """Take the run."""
        self._runs.begin(self._call_id, self._number)
        return Outcome.GO_ON

    def prepare(self) -> Outcome:
        """Write."""
        return self._write(Stage.DECODE, 0.3)

    def transcribe(self) -> Outcome:
        """Wait, and write."""
        time.sleep(self._pause_ms / 1000)
        return self._write(Stage.RECOGNISE, 0.8)

    def finish(self) -> Outcome:
        """Write for the last time."""
        self._write(Stage.ANALYSE, 1.0)
        return Outcome.READY

    def _write(self, stage: Stage, fraction: float) -> Outcome:
        self._board.report(
            ProgressReport(
                call_id=self._call_id,
                number=self._number,
                stage=stage,
                stage_fraction=1.0,
                fraction=fraction,
                left_ms=0,
            )
        )
        return Outcome.GO_ON


@contextmanager
def open_run(
    runs: RunStore,
    board: ProgressBoard,
    log: int,
    pause_ms: int,
    call_id: str,
    number: int,
    job: str,
) -> Iterator[WritingSteps]:
    """Open a run, noting when it begins and ends."""
    _note(log, "+")
    yield WritingSteps(runs, board, call_id, number, pause_ms)
    _note(log, "-")


def _note(log: int, change: str) -> None:
    os.write(log, f"{time.monotonic():.6f} {change}\n".encode())


def main() -> None:
    """Work until standard input ends."""
    worker_id, log_file, pause_ms = sys.argv[1:]
    log = os.open(log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    address = os.environ["BENCH_DATABASE_URL"]
    runs = RunStore(open_engine(address))
    engine = JobEngine(
        open_jobs_engine(address),
        worker_id=worker_id,
        queues=(CALLS_QUEUE,),
        open_run=partial(open_run, runs, ProgressBoard(runs.report), log, int(pause_ms)),
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
