"""Runs as they are read: one, all of a call, how far they have come, which have not ended."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, Engine, and_, or_, select

from services.domain.calls import CallState, Run, RunProgress, job_ids
from services.domain.errors import NotFound
from services.storage.call_rows import run_from_row
from services.storage.database import reading
from services.storage.models import CALLS, RUNS
from services.storage.run_progress import progress_from_row, waiting_ahead

UNFINISHED_AT_ONCE = 500
_NEWEST = and_(RUNS.c.call_id == CALLS.c.id, RUNS.c.number == CALLS.c.run)


@dataclass(frozen=True, kw_only=True)
class UnfinishedRun:
    """A run that has not ended, and how often it has moved to another queue."""

    call_id: str
    number: int
    moves: int
    created_at: datetime

    @property
    def workflow_id(self) -> str:
        """The identity of the job that has the run."""
        return job_ids(self.call_id, self.number, self.moves)[-1]


def is_run(call_id: str, number: int) -> ColumnElement[bool]:
    """Say of a row that it is this run."""
    return and_(RUNS.c.call_id == call_id, RUNS.c.number == number)


def is_alive(call_id: str, number: int, claim: int | None = None) -> ColumnElement[bool]:
    """Say of a row that it is this run, that it goes on, and that ``claim``, if given, holds."""
    return and_(is_run(call_id, number), RUNS.c.finished_at.is_(None), *is_claimed(claim))


def is_claimed(claim: int | None) -> list[ColumnElement[bool]]:
    """Return what a row must fulfil so that a claim holds; nothing without one."""
    return [] if claim is None else [RUNS.c.claim == claim]


class RunReader:
    """Reads runs. Every method raises StorageError when the database can't."""

    def __init__(self, engine: Engine) -> None:
        """Use this database."""
        self._engine = engine

    def get(self, org_id: str, call_id: str, number: int) -> Run:
        """Return one run. Raises NotFound."""
        mine = and_(is_run(call_id, number), RUNS.c.org_id == org_id)
        with reading(self._engine) as connection:
            row = connection.execute(select(RUNS).where(mine)).mappings().first()
        if row is None:
            raise NotFound
        return run_from_row(row)

    def list_for_call(self, org_id: str, call_id: str) -> list[Run]:
        """Return all runs of a call, oldest first; none for a call that isn't there."""
        mine = and_(RUNS.c.call_id == call_id, RUNS.c.org_id == org_id)
        with reading(self._engine) as connection:
            query = select(RUNS).where(mine).order_by(RUNS.c.number)
            return [run_from_row(row) for row in connection.execute(query).mappings()]

    def progress(self, org_id: str, call_ids: Collection[str]) -> dict[str, RunProgress]:
        """Return how far the newest run of each call has come; unknown calls are left out."""
        if not call_ids:
            return {}
        query = (
            select(RUNS, waiting_ahead().label("waiting_ahead"))
            .join(CALLS, _NEWEST)
            .where(CALLS.c.org_id == org_id, CALLS.c.id.in_(call_ids))
        )
        with reading(self._engine) as connection:
            rows = connection.execute(query).mappings()
            return {row["call_id"]: progress_from_row(row) for row in rows}

    def load(self, call_id: str, number: int) -> tuple[str, Run]:
        """Return the run with the organisation it belongs to, for work that begins with ids.

        Raises NotFound.
        """
        with reading(self._engine) as connection:
            row = connection.execute(select(RUNS).where(is_run(call_id, number))).mappings().first()
        if row is None:
            raise NotFound
        return row["org_id"], run_from_row(row)

    def unfinished(
        self, *, older_than_s: float = 0.0, at_once: int = UNFINISHED_AT_ONCE
    ) -> Iterator[list[UnfinishedRun]]:
        """Yield the runs of every organisation that have not ended, so many of them at a time.

        Only those that were asked for so long ago. What changes meanwhile may be missing.
        """
        before = datetime.now(UTC) - timedelta(seconds=older_than_s)
        # One state after the other: each page is found by the index then.
        for state in (CallState.PROCESSING, CallState.WAITING):
            page: list[UnfinishedRun] = []
            while True:
                page = self._unfinished_page(state, before, page[-1] if page else None, at_once)
                if page:
                    yield page
                if len(page) < at_once:
                    break

    def _unfinished_page(
        self, state: CallState, before: datetime, after: UnfinishedRun | None, most: int
    ) -> list[UnfinishedRun]:
        runs = RUNS.c
        query = (
            select(runs.call_id, runs.number, runs.moves, runs.created_at)
            .where(runs.state == state, runs.created_at <= before)
            .order_by(runs.created_at, runs.call_id, runs.number)
            .limit(most)
        )
        if after is not None:
            at_that_time = or_(
                runs.call_id > after.call_id,
                and_(runs.call_id == after.call_id, runs.number > after.number),
            )
            later = or_(runs.created_at > after.created_at, at_that_time)
            query = query.where(runs.created_at >= after.created_at, later)
        with reading(self._engine) as connection:
            return [UnfinishedRun(**row) for row in connection.execute(query).mappings()]

    def is_cancel_requested(self, call_id: str, number: int, *, claim: int | None = None) -> bool:
        """Say whether nobody wants it of this worker any more.

        The run was cancelled, its call deleted, or another worker has it: ``claim`` is outdated.
        """
        query = select(RUNS.c.cancel_requested).where(is_run(call_id, number), *is_claimed(claim))
        with reading(self._engine) as connection:
            requested = connection.execute(query).scalar()
        return requested is not False
