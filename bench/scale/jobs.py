"""Jobs of three steps through the queue: how many a second, and what more workers bring."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from bench.scale.ingest import KEY, finished
from services.domain.calls import CALLS_QUEUE, CallState, ProcessingOptions, Run
from services.jobs.queue import JobQueue
from services.storage.calls import CallStore
from services.storage.database import open_engine

# A worker claims every quarter of a second what it has room for.
WRITING_JOBS, WRITING_AT_ONCE = 1_000, 64
WAITING_JOBS, WAITING_AT_ONCE, PAUSE_MS = 80, 4, 1_000
WITHIN_S = 300.0
ROOT = Path(__file__).parents[2]


def measured(engine: Engine, scale: Any, folder: Path) -> Iterator[Mapping[str, Any]]:
    """Yield the rates of jobs that only write, and of such that wait for a provider."""
    place = _Place(engine, scale, folder)
    seconds = place.seconds_for(WRITING_JOBS, workers=1, at_once=WRITING_AT_ONCE, pause_ms=0)
    yield {
        "what": "jobs that write, one worker",
        "n": WRITING_JOBS,
        "per_s": round(WRITING_JOBS / seconds, 1),
    }
    alone = 0.0
    for workers in (1, 4):
        seconds = place.seconds_for(
            WAITING_JOBS, workers=workers, at_once=WAITING_AT_ONCE, pause_ms=PAUSE_MS
        )
        alone = alone or seconds
        yield {
            "what": f"jobs that wait {PAUSE_MS} ms, {workers} worker{'s' * (workers > 1)}",
            "n": WAITING_JOBS,
            "per_s": round(WAITING_JOBS / seconds, 1),
            "note": f"{alone / seconds:.2f} times one worker, {WAITING_AT_ONCE} at once each",
        }


class _Place:
    """Where jobs are put and workers are started."""

    def __init__(self, engine: Engine, scale: Any, folder: Path) -> None:
        self._engine = engine
        self._address = engine.url.render_as_string(hide_password=False)
        self._scale = scale
        self._folder = folder

    def seconds_for(self, jobs: int, *, workers: int, at_once: int, pause_ms: int) -> float:
        """Return the time from the first job's beginning to the last one's end."""
        queue = JobQueue(open_engine(self._address))
        queue.set_up(at_once=at_once)
        calls = CallStore(self._engine)
        made = [call for call, _ in finished(self._scale, jobs)]
        runs = [
            Run(call_id=c.id, number=1, options=ProcessingOptions(), state=CallState.WAITING)
            for c in made
        ]
        for call, run in zip(made, runs, strict=True):
            with calls.transaction() as connection:
                queued = replace(run, queue=CALLS_QUEUE)
                calls.add(call, queued, KEY.new_data_key(call.id), connection=connection)
                queue.enqueue(connection, queued)
        log = self._folder / f"jobs-{workers}-{pause_ms}.log"
        started = [self._start(f"bench-{n}", log, pause_ms) for n in range(workers)]
        try:
            self._let_go(started)
            self._wait(log, jobs)
        finally:
            for process in started:
                process.communicate()
        for call in made:
            calls.delete(call.org_id, call.id)
        queue.forget(run.workflow_id for run in runs)
        queue.close()
        moments = [line.split() for line in log.read_text().splitlines()]
        began = min(float(at) for at, change in moments if change == "+")
        return max(float(at) for at, change in moments if change == "-") - began

    def _start(self, worker_id: str, log: Path, pause_ms: int) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "bench.scale.job_worker", worker_id, str(log)]
        return subprocess.Popen(
            [*command, str(pause_ms)],
            cwd=ROOT,
            env=os.environ | {"BENCH_DATABASE_URL": self._address},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def _let_go(self, started: "list[subprocess.Popen[bytes]]") -> None:
        """Have all begin together, once each is ready."""
        for process in started:
            assert process.stdout is not None
            process.stdout.readline()
        for process in started:
            assert process.stdin is not None
            process.stdin.write(b"go\n")
            process.stdin.flush()

    def _wait(self, log: Path, jobs: int) -> None:
        until = time.monotonic() + WITHIN_S
        while time.monotonic() < until:
            if log.exists() and log.read_text().count(" -\n") >= jobs:
                return
            time.sleep(0.2)
        raise TimeoutError(f"The {jobs} jobs did not end within {WITHIN_S:.0f} s.")
