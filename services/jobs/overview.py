"""What people see of the work behind their calls, and what they can do about it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services import telemetry
from services.access.authority import Authority
from services.domain.acts import Act
from services.domain.errors import InvalidRequest, PartylineError
from services.domain.people import User
from services.domain.working import SeenWorker, WorkerState
from services.jobs.desk import JobDesk
from services.jobs.queue import JobQueue
from services.jobs.switches import QueueSwitches
from services.jobs.workers import Workers
from services.storage.run_overview import FailedRun, QueueStanding, RunOverview

SILENT_AFTER_MS = 15_000


@dataclass(frozen=True, kw_only=True)
class WorkerView:
    """A worker, what can be said of it, and how many jobs it has in work."""

    worker: SeenWorker
    state: WorkerState
    running: int


@dataclass(frozen=True, kw_only=True)
class QueueView:
    """A queue: how many of the organisation's calls wait and are in work, and whether it is paused.

    ``oldest_at`` is since when the first waits, ``paused_ms`` how long it has been paused.
    """

    name: str
    waiting: int
    running: int
    oldest_at: datetime | None
    paused_ms: int | None


@dataclass(frozen=True, kw_only=True)
class Retried:
    """How many failed calls wait again, and why others don't, by call."""

    count: int
    refused: dict[str, str]


class JobsOverview:
    """Workers, queues and what failed. Every method takes the user first.

    Everybody sees how the queues of their organisation stand, and what failed. Only an
    administrator sees the workers and pauses queues, which all organisations share.
    """

    def __init__(
        self,
        runs: RunOverview,
        queue: JobQueue,
        switches: QueueSwitches,
        workers: Workers,
        desk: JobDesk,
        *,
        authority: Authority,
    ) -> None:
        """Work on these."""
        self._runs = runs
        self._queue = queue
        self._switches = switches
        self._workers = workers
        self._desk = desk
        self._authority = authority

    def workers(self, user: User) -> list[WorkerView]:
        """Return all workers in order of their ids. Raises AccessDenied, StorageError."""
        self._authority.allow(user, Act.OPERATION_SEEN)
        seen = self._workers.all()
        running = Counter(self._queue.running().values())
        gone = self._workers.gone(worker.facts.id for worker in seen)
        return [
            WorkerView(
                worker=worker,
                state=_state_of(worker, running[worker.facts.id], worker.facts.id in gone),
                running=running[worker.facts.id],
            )
            for worker in seen
        ]

    def queues(self, user: User) -> list[QueueView]:
        """Return the queues as they stand for the calls in the user's reach.

        Raises AccessDenied, StorageError.
        """
        self._authority.check(user, Act.CALL_VIEWED)
        standing = self._runs.standing(user.org_id, user.within)
        switches = self._switches.all()
        views = []
        for name in self._queue.names:
            here, switch = standing.get(name, QueueStanding(name=name)), switches.get(name)
            views.append(
                QueueView(
                    name=name,
                    waiting=here.waiting,
                    running=here.running,
                    oldest_at=here.oldest_at,
                    paused_ms=switch.paused_ms if switch else None,
                )
            )
        return views

    def pause(self, user: User, name: str) -> None:
        """Begin no job of a queue any more; those that run are finished.

        Raises AccessDenied, InvalidRequest for a queue that isn't there.
        """
        self._check(user, name)
        self._switches.pause(name, user.id)
        telemetry.event("queue.paused", queue=name)

    def resume(self, user: User, name: str) -> None:
        """Let a paused queue go on. Raises AccessDenied, InvalidRequest."""
        self._check(user, name)
        self._switches.resume(name)
        telemetry.event("queue.resumed", queue=name)

    def failed(
        self, user: User, *, limit: int = 50, offset: int = 0
    ) -> tuple[list[FailedRun], int]:
        """Return the failed calls in reach, newest first, and how many there are in all.

        Raises AccessDenied.
        """
        self._authority.check(user, Act.CALL_VIEWED)
        return self._runs.failed(user.org_id, user.within, limit=limit, offset=offset)

    def retry(self, user: User, call_ids: Iterable[str]) -> Retried:
        """Process failed calls again; one that can't be doesn't keep the others from it.

        Raises AccessDenied.
        """
        self._authority.check(user, Act.CALL_PROCESSED)
        count, refused = 0, {}
        for call_id in call_ids:
            try:
                self._desk.retry(user, call_id)
            except PartylineError as error:
                refused[call_id] = error.user_message
            else:
                count += 1
        return Retried(count=count, refused=refused)

    def retry_all(self, user: User) -> Retried:
        """Process every call in reach again that has failed by now, however many there are.

        Raises AccessDenied.
        """
        self._authority.check(user, Act.CALL_PROCESSED)
        return self.retry(user, self._runs.failed_calls(user.org_id, user.within))

    def dismiss(self, user: User, call_ids: Iterable[str]) -> int:
        """Take failed calls off the list, as they are; return how many. Raises AccessDenied."""
        self._authority.allow(user, Act.CALL_EDITED)
        count = self._runs.dismiss(user.org_id, list(call_ids), user.within)
        telemetry.event("jobs.dismissed", count=count)
        return count

    def _check(self, user: User, name: str) -> None:
        self._authority.allow(user, Act.QUEUES_CHANGED, name)
        if name not in self._queue.names:
            raise InvalidRequest(f"The queues are {', '.join(self._queue.names)}.")


def _state_of(worker: SeenWorker, running: int, is_gone: bool) -> WorkerState:
    if is_gone:
        return WorkerState.GONE
    if worker.silent_ms > SILENT_AFTER_MS:
        return WorkerState.SILENT
    if worker.draining:
        return WorkerState.DRAINING
    return WorkerState.WORKING if running else WorkerState.IDLE
