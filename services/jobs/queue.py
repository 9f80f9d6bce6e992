"""The queue of jobs as every process sees it: put runs in, take them back, ask about them.

The rows lie in the same database as the calls, so a job comes into being in the very transaction
that stores its call. They hold ids only; what a job is about is read from the calls.
"""

import logging
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine

from services import telemetry
from services.domain.calls import Run

if TYPE_CHECKING:
    from dbos import DBOSClient, EnqueueOptions

APPLICATION = "partyline"
# Jobs wait for a worker of this very version; it changes only when old jobs can't be finished.
JOBS_VERSION = "1"
CALLS_QUEUE = "calls"
PROCESS_CALL = "process_call"
POLL_S = 0.25


class JobState(StrEnum):
    """What has become of a job, apart from what has become of its call."""

    WAITING = "waiting"
    RUNNING = "running"
    OVER = "over"


_STATES: Mapping[str, JobState] = {
    "ENQUEUED": JobState.WAITING,
    "DELAYED": JobState.WAITING,
    "PENDING": JobState.RUNNING,
}


class JobQueue:
    """Puts runs into the durable queue and takes them out again. Never runs one."""

    def __init__(self, engine: Engine) -> None:
        """Work on the database of the calls, through an engine of the queue's own."""
        self._engine = engine

    @cached_property
    def _client(self) -> "DBOSClient":
        from dbos import DBOSClient, DBOSPortableJSONSerializer

        quiet_engine_log()
        return DBOSClient(
            system_database_engine=self._engine,
            serializer=DBOSPortableJSONSerializer(),
            application_name=APPLICATION,
            lazy=True,
            retry_connection_errors=False,
        )

    def set_up(self, *, at_once: int) -> None:
        """Tell every worker how many jobs to run together."""
        self._client.register_queue(
            CALLS_QUEUE, worker_concurrency=at_once, polling_interval_sec=POLL_S
        )

    def enqueue(self, connection: Connection, run: Run) -> None:
        """Enqueue a run within the caller's transaction; a run already known is left alone."""
        options: EnqueueOptions = {
            "workflow_name": PROCESS_CALL,
            "queue_name": CALLS_QUEUE,
            "workflow_id": run.workflow_id,
            "app_version": JOBS_VERSION,
        }
        self._client.enqueue_in_transaction(connection, options, run.call_id, run.number)

    def withdraw(self, workflow_ids: Iterable[str]) -> None:
        """Take jobs back that have not begun; one that has ends at its next step."""
        if ids := list(workflow_ids):
            self._client.cancel_workflows(ids)

    def forget(self, workflow_ids: Iterable[str]) -> None:
        """Erase every trace of jobs."""
        if ids := list(workflow_ids):
            self._client.delete_workflows(ids)

    def put_back(self, workflow_ids: Iterable[str]) -> None:
        """Let any worker take over jobs whose own worker is gone."""
        if ids := list(workflow_ids):
            self._client.resume_workflows(ids, queue_name=CALLS_QUEUE)

    def states(self, workflow_ids: Iterable[str]) -> dict[str, JobState]:
        """Return the state of each job; an unknown one is missing from the answer."""
        ids = list(workflow_ids)
        if not ids:
            return {}
        found = self._client.list_workflows(workflow_ids=ids, load_input=False, load_output=False)
        return {w.workflow_id: _STATES.get(w.status, JobState.OVER) for w in found}

    def running(self) -> dict[str, str]:
        """Return the worker id of every job that is being run, by job."""
        found = self._client.list_workflows(
            status="PENDING", queue_name=CALLS_QUEUE, load_input=False, load_output=False
        )
        return {w.workflow_id: w.executor_id for w in found if w.executor_id}

    def close(self) -> None:
        """Let go of the database."""
        if "_client" in self.__dict__:
            self._client.destroy()
        self._engine.dispose()


def prepare_queue(database_url: str) -> None:
    """Create or update the queue's own tables; safe to call always and from several processes."""
    from dbos import DBOS

    quiet_engine_log()
    DBOS.migrate(database_url)


class _ToTelemetry(logging.Handler):
    """Passes warnings of the job engine on without their texts, which may quote anything."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log where the warning was made."""
        error = record.exc_info[0] if record.exc_info else None
        telemetry.warning(
            "jobs.engine",
            level=record.levelname,
            where=f"{record.module}:{record.lineno}",
            error=error.__name__ if error else None,
        )


def quiet_engine_log() -> None:
    """Keep the job engine from printing; its warnings become telemetry."""
    log = logging.getLogger("dbos")
    log.propagate = False
    if not any(isinstance(handler, _ToTelemetry) for handler in log.handlers):
        log.handlers[:] = [_ToTelemetry(level=logging.WARNING)]
