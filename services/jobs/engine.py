"""The worker's side of the queue: runs one job after the other, each step at least once.

A job is three steps. What a step returns is one word; everything else goes to the stores, so a
step that is done again after a crash finds its own traces there. DBOS records that a job has begun
and how it ended, not its steps: after a crash they are gone through again in any case, since each
needs what the one before it left in memory and in working files, and two transactions for each
step would be most of what a job costs.
"""

import math
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import Connection, Engine, event, make_url

from services import telemetry
from services.jobs.job_rows import is_any_waiting
from services.jobs.queue import (
    APPLICATION,
    JOBS_VERSION,
    PROCESS_CALL,
    quiet_engine_log,
)
from services.storage.database import open_engine
from services.storage.turns import take_turns

if TYPE_CHECKING:
    from dbos import DBOSConfig
    from dbos._sys_db import SystemDatabase


# The names that DBOS gives the threads in which it claims jobs, one for each queue.
CLAIMING_THREADS = "queue-worker-"
# A connection with this option is one with which they claim nothing.
ONLY_LOOKS = {"only_looks": True}


class Outcome(StrEnum):
    """How a step left its run; anything but ``GO_ON`` ends the job."""

    GO_ON = "go_on"
    READY = "ready"
    FAILED = "failed"
    CANCELLED = "cancelled"
    GONE = "gone"
    MOVED = "moved"


class RunSteps(Protocol):
    """The steps of one run, opened in this process. None of them raises for a failed call."""

    def begin(self) -> Outcome:
        """Count the attempt and refuse to go on when it is one too many."""

    def prepare(self) -> Outcome:
        """Decode the recording and make what the player plays."""

    def transcribe(self) -> Outcome:
        """Have the provider transcribe it."""

    def finish(self) -> Outcome:
        """Understand the transcript and store it."""


# Whoever waits for SQLite's one write lock sleeps and tries again, longer each time: while many
# do, nobody has it. Waiting for one of two connections is woken.
SQLITE_CONNECTIONS = 2
# Each that was needed is kept: to open one for a few short transactions costs more than these.
SERVER_CONNECTIONS = 40


def open_jobs_engine(url: str) -> Engine:
    """Return the engine for a ``JobEngine`` on this database.

    DBOS does again itself what fails because a server has closed a connection; asking whether it
    has before each of its many short transactions would cost a third of the speed.
    """
    if make_url(url).get_backend_name() == "sqlite":
        engine = open_engine(url, connections=SQLITE_CONNECTIONS)
        take_turns(engine)
        return engine
    return open_engine(url, connections=SERVER_CONNECTIONS, checked=False)


OpenRun = Callable[[str, int, str], AbstractContextManager[RunSteps]]


class JobEngine:
    """Takes jobs from the queues and runs them. One per process, because DBOS is."""

    def __init__(
        self, engine: Engine, *, worker_id: str, queues: Sequence[str], open_run: OpenRun
    ) -> None:
        """Run jobs of these queues as ``worker_id``.

        Each is opened with ``open_run(call_id, run_number, job)``. The engine is nobody else's.
        """
        self._engine = engine
        self._queues = list(queues)
        if engine.dialect.name == "sqlite":
            event.listen(engine, "begin", _claim_alone)
        self._worker_id = worker_id
        self._open_run = open_run
        self._active = _ActiveJobs()
        self._finish_within_s = 0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run jobs until the block ends; jobs that were cut off earlier go on first.

        Then nothing new is taken, and jobs that run have as long as ``finish_within`` has said.
        """
        from dbos import DBOS, DBOSPortableJSONSerializer

        quiet_engine_log()
        config: DBOSConfig = {
            "name": APPLICATION,
            "system_database_engine": self._engine,
            "application_version": JOBS_VERSION,
            "executor_id": self._worker_id,
            "serializer": DBOSPortableJSONSerializer(),
            "log_level": "WARNING",
            "enable_otlp": False,
            "use_listen_notify": False,
            "run_migrations": False,
            # Nothing is ever scheduled or notified; the second bounds how long stopping takes.
            "scheduler_polling_interval_sec": 3600.0,
            "notification_listener_polling_interval_sec": 0.1,
        }
        engine = DBOS(config=config)
        self._register()
        DBOS.listen_queues(self._queues)
        DBOS.launch()
        self._look_before_claiming(engine._sys_db)
        try:
            yield
        finally:
            wait_s = self._finish_within_s if self.active_jobs() else 0
            DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=wait_s)
            self._engine.dispose()

    def finish_within(self, wait_s: float) -> None:
        """Let jobs that run at the end go on for so long."""
        self._finish_within_s = math.ceil(wait_s)

    def active_jobs(self) -> frozenset[str]:
        """Return the ids of the jobs that run in this process now."""
        return self._active.all()

    def wait_until_idle(self, timeout_s: float) -> bool:
        """Wait until no job is active in this process; return whether that came about."""
        return self._active.wait_until_none(timeout_s)

    def _look_before_claiming(self, database: "SystemDatabase") -> None:
        """Claim from a queue only when a job waits in it.

        DBOS goes through a transaction with several statements each time, nearly always for
        nothing: an idle worker would spend most of its time so, and keep SQLite from others.
        """
        shards = database.dequeue_scopes

        def of_waiting(queue_name: str) -> list[str | None]:
            with self._engine.connect().execution_options(**ONLY_LOOKS) as connection:
                return shards(queue_name) if is_any_waiting(connection, queue_name) else []

        database.dequeue_scopes = of_waiting  # type: ignore[method-assign]

    def _register(self) -> None:
        from dbos import DBOS

        # Recovery attempts are counted per run in our own tables, where progress resets them.
        @DBOS.workflow(name=PROCESS_CALL, max_recovery_attempts=None)
        def process_call(call_id: str, run_number: int) -> str:
            job = DBOS.workflow_id or ""
            with self._active.one(job), self._open_run(call_id, run_number, job) as steps:
                outcome = steps.begin()
                for step in (steps.prepare, steps.transcribe, steps.finish):
                    if outcome is not Outcome.GO_ON:
                        break
                    outcome = step()
                telemetry.event("job.over", outcome=outcome.value)
                return outcome.value


def _claim_alone(connection: Connection) -> None:
    """Let one worker after the other count what runs and claim what fits.

    The driver begins a transaction with its first change: two workers of one SQLite file could
    both count first, then both claim, and go beyond a limit that holds for all of them together.
    """
    if connection.get_execution_options().keys() & ONLY_LOOKS:
        return
    if threading.current_thread().name.startswith(CLAIMING_THREADS):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


class _ActiveJobs:
    """Which jobs run in this process."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._jobs: list[str] = []

    @contextmanager
    def one(self, job: str) -> Iterator[None]:
        """Count a job for as long as the block runs."""
        with self._changed:
            self._jobs.append(job)
        try:
            yield
        finally:
            with self._changed:
                self._jobs.remove(job)
                self._changed.notify_all()

    def all(self) -> frozenset[str]:
        with self._changed:
            return frozenset(self._jobs)

    def wait_until_none(self, timeout_s: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: not self._jobs, timeout_s)
