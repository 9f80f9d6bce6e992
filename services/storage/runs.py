"""The store of runs: how far each request to process a call has come, and how it ended.

A run that has ended stays as it ended: whatever a late or doubled step reports is dropped. So is
what a worker reports that has been replaced: each worker that begins with a run gets the next
``claim`` number, and a report that bears an older one changes nothing. The call takes its newest
run's state. The worker's methods go by call id and run number alone (it learnt them from the job);
reports about a call that has been deleted are dropped as well, and
``is_cancel_requested`` answers yes for it. Whatever a person can ask for takes the organisation.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Connection,
    and_,
    insert,
    select,
    update,
)

from services.domain.calls import (
    CALLS_QUEUE,
    FINISHED_STATES,
    CallState,
    Priority,
    ProcessingOptions,
    Run,
    Stage,
)
from services.domain.errors import InvalidRequest, NotFound, PartylineError
from services.storage.call_rows import run_from_row, run_to_row
from services.storage.database import joining, writing
from services.storage.forms import pack
from services.storage.models import CALLS, RUNS
from services.storage.run_changes import (
    REPORT,
    REPORTED,
    TAKE,
    changing,
    let_call_follow,
    let_go,
    named,
)
from services.storage.run_reading import RunReader, is_alive, is_run


@dataclass(frozen=True, kw_only=True)
class ProgressReport:
    """How far a run that was taken is; ``fraction`` is of the whole run, ``claim`` who says so."""

    call_id: str
    number: int
    claim: int | None = None
    stage: Stage
    stage_fraction: float
    fraction: float
    left_ms: int | None = None


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A run as a worker has begun with it: the worker's claim, and how often it was tried."""

    claim: int
    attempts: int


class RunStore(RunReader):
    """Keeps runs. Every method raises StorageError, or DiskFull, when the database can't."""

    # --- for people ---------------------------------------------------------------------------

    def start(
        self,
        org_id: str,
        call_id: str,
        options: ProcessingOptions,
        *,
        queue: str = CALLS_QUEUE,
        priority: Priority = Priority.SINGLE,
        after: Collection[CallState] = FINISHED_STATES,
        connection: Connection | None = None,
    ) -> Run:
        """Add the call's next run and make the call wait for it in this queue.

        Raises NotFound, or InvalidRequest while the newest run has not ended, or not in one of the
        states of ``after``.
        """
        mine = and_(CALLS.c.id == call_id, CALLS.c.org_id == org_id)
        with joining(self._engine, connection) as inside:
            query = select(CALLS.c.run, CALLS.c.state).where(mine).with_for_update()
            call = inside.execute(query).first()
            if call is None:
                raise NotFound
            if CallState(call.state) not in FINISHED_STATES:
                raise InvalidRequest("The call is being processed already.")
            if CallState(call.state) not in after:
                raise InvalidRequest("The call is finished; there is nothing to retry.")
            run = Run(
                call_id=call_id,
                number=call.run + 1,
                options=options,
                state=CallState.WAITING,
                created_at=datetime.now(UTC),
                queue=queue,
                priority=priority,
            )
            inside.execute(insert(RUNS).values(run_to_row(org_id, run)))
            change = {"run": run.number, "state": run.state}
            inside.execute(
                update(CALLS).where(mine).values(**change, error_code=None, error_message=None)
            )
        return run

    def request_cancel(self, org_id: str, call_id: str, number: int) -> bool:
        """Ask for the end of a run; return whether it still was to be ended. Raises NotFound."""
        self.get(org_id, call_id, number)
        return self._change(call_id, number, {"cancel_requested": True})

    # --- for the worker -----------------------------------------------------------------------

    def take(
        self, call_id: str, number: int, *, connection: Connection | None = None
    ) -> Taken | None:
        """Begin with a run, as ``begin`` and ``count_attempt`` do, and claim it.

        Whoever had it before can't change it any more. None when it is not wanted.
        """
        with joining(self._engine, connection) as inside:
            row = inside.execute(TAKE, named(call_id, number)).first()
            if row is None:
                return None
            let_call_follow(inside, call_id, number, {"state": CallState.PROCESSING})
        return Taken(claim=row.claim, attempts=row.attempts)

    def begin(self, call_id: str, number: int) -> bool:
        """Turn a waiting run into one that is being processed; return whether it is wanted."""
        return self._change(call_id, number, {"state": CallState.PROCESSING})

    def report(self, reports: Sequence[ProgressReport]) -> None:
        """Note how far runs are; what is said of a run that has ended, or is gone, is dropped."""
        rows = [
            {
                **named(one.call_id, one.number, one.claim),
                **{name: getattr(one, name) for name in REPORTED},
            }
            for one in reports
        ]
        with writing(self._engine) as connection:
            connection.execute(REPORT, rows)

    def move(
        self,
        call_id: str,
        number: int,
        queue: str,
        *,
        claim: int | None = None,
        connection: Connection | None = None,
    ) -> Run | None:
        """Give a run another job, which waits in this queue, behind those who are there.

        Returns None for a run that nobody wants any more.
        """
        wanted = and_(is_alive(call_id, number, claim), RUNS.c.cancel_requested.is_(False))
        change = {
            "state": CallState.WAITING,
            "queue": queue,
            "queued_at": datetime.now(UTC),
            "moves": RUNS.c.moves + 1,
            "claim": RUNS.c.claim + 1,
            "left_ms": None,
        }
        with joining(self._engine, connection) as inside:
            if not inside.execute(update(RUNS).where(wanted).values(**change)).rowcount:
                return None
            let_call_follow(inside, call_id, number, {"state": CallState.WAITING})
            found = inside.execute(select(RUNS).where(is_run(call_id, number))).mappings()
            return run_from_row(found.one())

    def count_attempt(self, call_id: str, number: int) -> int:
        """Count one more attempt at the run and return their number.

        The count starts again with every checkpoint that is written: a run that gets on is not
        the reason for its deaths. Raises NotFound.
        """
        mine = is_run(call_id, number)
        with writing(self._engine) as connection:
            change = update(RUNS).where(mine).values(attempts=RUNS.c.attempts + 1)
            if not connection.execute(change).rowcount:
                raise NotFound
            return int(connection.execute(select(RUNS.c.attempts).where(mine)).scalar_one())

    def finish(
        self,
        call_id: str,
        number: int,
        transcript_id: str,
        stage_times_ms: Mapping[str, int] | None = None,
        *,
        leaves_copy: bool = True,
        claim: int | None = None,
        connection: Connection | None = None,
    ) -> bool:
        """End the run well; return False when it had ended before or its call is gone.

        With ``leaves_copy`` False, what services keep of it is deleted there; otherwise that of the
        provider whose words the transcript has stays.
        """
        ending = {
            "state": CallState.READY,
            "transcript_id": transcript_id,
            "fraction": 1.0,
            "left_ms": 0,
            "stage_times": pack(dict(stage_times_ms or {})),
        }
        of = transcript_id if leaves_copy else None
        return self._end(call_id, number, ending, of=of, claim=claim, connection=connection)

    def fail(
        self,
        call_id: str,
        number: int,
        error: PartylineError,
        *,
        claim: int | None = None,
        connection: Connection | None = None,
    ) -> bool:
        """End the run by an error; return False when it had ended before or its call is gone.

        A transcript that the call has from an earlier run stays, and the call can be opened.
        """
        ending = {
            "state": CallState.FAILED,
            "error_code": error.code,
            "error_message": error.user_message,
            "retryable": error.retryable,
        }
        return self._end(call_id, number, ending, claim=claim, connection=connection)

    def cancelled(self, call_id: str, number: int, *, claim: int | None = None) -> bool:
        """End the run because it was cancelled; return False when it had ended before."""
        return self._end(call_id, number, {"state": CallState.CANCELLED}, claim=claim)

    def _end(
        self,
        call_id: str,
        number: int,
        ending: Mapping[str, Any],
        of: str | None = None,
        claim: int | None = None,
        connection: Connection | None = None,
    ) -> bool:
        """End a run; copies stay only at the provider of this transcript."""
        ending = {**ending, "finished_at": datetime.now(UTC)}
        return self._change(
            call_id, number, ending, copies_of=of, claim=claim, connection=connection
        )

    def _change(
        self,
        call_id: str,
        number: int,
        change: Mapping[str, Any],
        copies_of: str | None = None,
        claim: int | None = None,
        connection: Connection | None = None,
    ) -> bool:
        """Change a run that has not ended, and its call where that follows it."""
        of_call = {k: change[k] for k in ("state", "error_code", "error_message") if k in change}
        values = {f"new_{name}": value for name, value in change.items()}
        mine = named(call_id, number, claim)
        with joining(self._engine, connection) as inside:
            if not inside.execute(changing(tuple(change)), {**mine, **values}).rowcount:
                return False
            if of_call:
                let_call_follow(inside, call_id, number, of_call)
            if "finished_at" in change:
                let_go(inside, call_id, number, copies_of)
        return True
