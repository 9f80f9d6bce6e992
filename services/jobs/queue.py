"""The queue of jobs as every process sees it: put runs in, take them back, ask about them.

The rows lie in the same database as the calls, so a job comes into being in the very transaction
that stores its call. They hold ids only; what a job is about is read from the calls.
"""

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, select

from services import telemetry
from services.domain.calls import CALLS_QUEUE, ProcessingOptions, Run
from services.domain.limits import ProviderLimits
from services.jobs.job_rows import waiting_for_nobody
from services.storage.database import reading
from services.storage.models import RUNS

if TYPE_CHECKING:
    from dbos import DBOSClient, EnqueueOptions, WorkflowStatus

APPLICATION = "partyline"
# Jobs wait for a worker of this very version; it changes only when old jobs can't be finished.
JOBS_VERSION = "1"
PROCESS_CALL = "process_call"
POLL_S = 0.25
MINUTE_S = 60.0
IDS_AT_ONCE = 500
OLDER_AT_ONCE = 500


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


@dataclass(frozen=True, kw_only=True)
class OlderJob:
    """A job that only a worker of another version can run. ``worker_id`` is who runs it now."""

    id: str
    version: str
    worker_id: str | None
    call_id: str
    run: int


class JobQueue:
    """Puts runs into the durable queues and takes them out again. Never runs one.

    There is a queue for what is done on this machine, and one for each provider with limits of its
    own: what waits for a service elsewhere keeps nobody else waiting. A run stands in the queue of
    the provider that it asks next: each that steps in has it wait in its own.
    """

    def __init__(
        self,
        engine: Engine,
        limits: Mapping[str, ProviderLimits] | None = None,
        *,
        org_at_once: int | None = None,
    ) -> None:
        """Work on the database of the calls, through an engine of the queues' own.

        ``limits`` are by the names of providers. ``org_at_once`` is how many jobs of a queue an
        organisation has in work on all workers together; then organisations take turns, and
        priorities hold within each.
        """
        self._engine = engine
        self._org_at_once = org_at_once
        self._limits = dict(limits or {})

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all queues."""
        return queue_names(self._limits)

    def queue_for(self, options: ProcessingOptions) -> str:
        """Return the queue in which a run with these options waits."""
        is_recognised = options.relabel_of is None
        return self.queue_of(options.provider) if is_recognised else CALLS_QUEUE

    def queue_of(self, provider: str) -> str:
        """Return the queue in which runs wait that ask this provider next."""
        return _queue_of_provider(provider) if provider in self._limits else CALLS_QUEUE

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

    def set_up(self, *, at_once: int, paused: Collection[str] = ()) -> dict[str, int | None]:
        """Tell every worker how many jobs to run together: by itself, and for providers in all.

        Nothing is taken from ``paused`` queues, not even for the moment until they are told so.
        Returns by queue how many a worker takes, None where the provider's limits alone hold.
        """
        self._client.register_queue(
            CALLS_QUEUE,
            worker_concurrency=0 if CALLS_QUEUE in paused else at_once,
            partition_concurrency=self._org_at_once,
            polling_interval_sec=POLL_S,
        )
        for provider, limits in self._limits.items():
            starts = limits.per_minute
            by_org = self._org_at_once and min(self._org_at_once, limits.at_once)
            name = _queue_of_provider(provider)
            self._client.register_queue(
                name,
                worker_concurrency=0 if name in paused else None,
                global_concurrency=limits.at_once,
                partition_concurrency=by_org,
                limiter={"limit": starts, "period": MINUTE_S} if starts else None,
                polling_interval_sec=POLL_S,
            )
        return {name: at_once if name == CALLS_QUEUE else None for name in self.names}

    def let_workers_take(self, name: str, at_once: int | None) -> bool:
        """Have every worker take so many jobs of a queue at once; return whether that is new."""
        queue = self._client.retrieve_queue(name)
        if queue is None or queue.worker_concurrency == at_once:
            return False
        queue.set_worker_concurrency(at_once)
        return True

    def enqueue(self, connection: Connection, run: Run) -> None:
        """Enqueue a run within the caller's transaction; a run already known is left alone."""
        options: EnqueueOptions = {
            "workflow_name": PROCESS_CALL,
            "queue_name": run.queue,
            "workflow_id": run.workflow_id,
            "app_version": JOBS_VERSION,
            "priority": int(run.priority),
            "queue_partition_key": _organisation_of(connection, run),
        }
        self._client.enqueue_in_transaction(connection, options, run.call_id, run.number)

    def withdraw(self, workflow_ids: Iterable[str]) -> None:
        """Take jobs back that have not begun; one that has finds out by what is said of its run."""
        if ids := list(workflow_ids):
            self._client.cancel_workflows(ids)

    def forget(self, workflow_ids: Iterable[str]) -> None:
        """Erase every trace of jobs."""
        if ids := list(workflow_ids):
            self._client.delete_workflows(ids)

    def put_back(self, workflow_ids: Iterable[str]) -> None:
        """Let any worker take over jobs whose own worker is gone, each from the queue it was in."""
        ids = list(workflow_ids)
        if not ids:
            return
        by_queue: dict[str, list[str]] = defaultdict(list)
        found = self._client.list_workflows(workflow_ids=ids, load_input=False, load_output=False)
        for job in found:
            by_queue[job.queue_name or CALLS_QUEUE].append(job.workflow_id)
        for queue, jobs in by_queue.items():
            self._client.resume_workflows(jobs, queue_name=queue)

    def states(self, workflow_ids: Iterable[str]) -> dict[str, JobState]:
        """Return the state of each job; an unknown one is missing from the answer."""
        ids = list(workflow_ids)
        states: dict[str, JobState] = {}
        for start in range(0, len(ids), IDS_AT_ONCE):
            found = self._client.list_workflows(
                workflow_ids=ids[start : start + IDS_AT_ONCE], load_input=False, load_output=False
            )
            states |= {job.workflow_id: _STATES.get(job.status, JobState.OVER) for job in found}
        return states

    def jobs_of(self, worker_id: str) -> list[str]:
        """Return the jobs that this worker has claimed and not ended."""
        found = self._client.list_workflows(
            status="PENDING",
            name=PROCESS_CALL,
            executor_id=worker_id,
            load_input=False,
            load_output=False,
        )
        return [job.workflow_id for job in found]

    def jobs_of_nobody(self) -> list[OlderJob]:
        """Return some of the waiting jobs that don't say whose they are, where that is asked.

        Jobs that were made before there was such a limit don't.
        """
        if self._org_at_once is None:
            return []
        with reading(self._engine) as connection:
            ids = waiting_for_nobody(connection, PROCESS_CALL, JOBS_VERSION, OLDER_AT_ONCE)
        found = self._client.list_workflows(workflow_ids=ids) if ids else []
        return list(map(_older_job, found))

    def older_jobs(self) -> list[OlderJob]:
        """Return the jobs that were made for workers of earlier versions and aren't over."""
        earlier = [str(version) for version in range(1, int(JOBS_VERSION))]
        if not earlier:
            return []
        found = self._client.list_workflows(
            status=["ENQUEUED", "DELAYED", "PENDING"],
            name=PROCESS_CALL,
            app_version=earlier,
            limit=OLDER_AT_ONCE,
            load_output=False,
        )
        return list(map(_older_job, found))

    def running(self) -> dict[str, str]:
        """Return the worker id of every job that is being run, by job."""
        found = self._client.list_workflows(
            status="PENDING", queue_name=list(self.names), load_input=False, load_output=False
        )
        return {w.workflow_id: w.executor_id for w in found if w.executor_id}

    def close(self) -> None:
        """Let go of the database."""
        if "_client" in self.__dict__:
            self._client.destroy()
        self._engine.dispose()


def _older_job(job: "WorkflowStatus") -> OlderJob:
    call_id, run = job.input["args"] if job.input else ("", 0)
    return OlderJob(
        id=job.workflow_id,
        version=job.app_version or "",
        worker_id=job.executor_id if job.status == "PENDING" else None,
        call_id=str(call_id),
        run=int(run),
    )


def _organisation_of(connection: Connection, run: Run) -> str:
    """Return whose run it is, for limits that hold for each organisation."""
    mine = select(RUNS.c.org_id).where(RUNS.c.call_id == run.call_id)
    org_id = connection.execute(mine.limit(1)).scalar()
    return str(org_id or run.call_id)


def queue_names(limits: Iterable[str]) -> tuple[str, ...]:
    """Return the names of all queues where these providers have limits."""
    return (CALLS_QUEUE, *map(_queue_of_provider, limits))


def _queue_of_provider(name: str) -> str:
    return f"{CALLS_QUEUE}-{name}"


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
