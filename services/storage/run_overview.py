"""How an organisation's runs stand: how many wait and since when, and which failed for good."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Engine, and_, func, select, update

from services.domain.calls import CALLS_QUEUE, CallState
from services.domain.people import Within
from services.storage.database import reading, writing
from services.storage.models import CALLS, RUNS
from services.storage.reach import calls_within

_NEWEST = RUNS.join(CALLS, and_(RUNS.c.call_id == CALLS.c.id, RUNS.c.number == CALLS.c.run))


@dataclass(frozen=True, kw_only=True)
class QueueStanding:
    """How many runs of a queue wait and are in work; ``oldest_at`` is when the first came."""

    name: str
    waiting: int = 0
    running: int = 0
    oldest_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class FailedRun:
    """A call whose newest run failed, and the reason as people read it."""

    call_id: str
    run: int
    name: str
    provider: str
    reason: str
    error_code: str
    retryable: bool
    failed_at: datetime | None


class RunOverview:
    """Counts and lists runs. Every method raises StorageError when the database can't."""

    def __init__(self, engine: Engine) -> None:
        """Use this database."""
        self._engine = engine

    def standing(self, org_id: str, within: Within | None = None) -> dict[str, QueueStanding]:
        """Return how the queues stand in which the organisation has runs, by name."""
        columns = (RUNS.c.queue, RUNS.c.state)
        query = (
            select(*columns, func.count().label("count"), func.min(RUNS.c.queued_at).label("since"))
            .where(RUNS.c.state.in_([CallState.WAITING, CallState.PROCESSING]))
            .where(RUNS.c.org_id == org_id, *_of_calls(within))
            .group_by(*columns)
        )
        found: dict[str, dict[str, object]] = {}
        with reading(self._engine) as connection:
            for row in connection.execute(query):
                standing = found.setdefault(row.queue or CALLS_QUEUE, {})
                if row.state == CallState.WAITING:
                    standing |= {"waiting": row.count, "oldest_at": row.since}
                else:
                    standing["running"] = row.count
        return {name: QueueStanding(name=name, **counts) for name, counts in found.items()}  # type: ignore[arg-type]

    def failed(
        self, org_id: str, within: Within | None = None, *, limit: int = 50, offset: int = 0
    ) -> tuple[list[FailedRun], int]:
        """Return the calls whose newest run failed, newest first, and how many there are in all.

        Those that were dismissed are left out.
        """
        here = and_(_is_failed(org_id), *calls_within(within))
        query = (
            select(RUNS, CALLS.c.source_name)
            .select_from(_NEWEST)
            .where(here)
            .order_by(RUNS.c.finished_at.desc(), RUNS.c.call_id)
            .limit(limit)
            .offset(offset)
        )
        with reading(self._engine) as connection:
            count = connection.execute(
                select(func.count()).select_from(_NEWEST).where(here)
            ).scalar_one()
            rows = connection.execute(query).mappings().all()
        failed = [
            FailedRun(
                call_id=row["call_id"],
                run=row["number"],
                name=row["source_name"],
                provider=row["provider"],
                reason=row["error_message"] or "",
                error_code=row["error_code"] or "",
                retryable=row["retryable"],
                failed_at=row["finished_at"],
            )
            for row in rows
        ]
        return failed, count

    def failed_calls(self, org_id: str, within: Within | None = None) -> list[str]:
        """Return the ids of all calls that ``failed`` counts, those that failed first at first."""
        query = (
            select(RUNS.c.call_id)
            .select_from(_NEWEST)
            .where(_is_failed(org_id), *calls_within(within))
            .order_by(RUNS.c.finished_at, RUNS.c.call_id)
        )
        with reading(self._engine) as connection:
            return list(connection.execute(query).scalars())

    def dismiss(self, org_id: str, call_ids: Collection[str], within: Within | None = None) -> int:
        """Take failed runs of these calls off the list; return how many."""
        newest = select(CALLS.c.run).where(CALLS.c.id == RUNS.c.call_id).scalar_subquery()
        mine = and_(
            _is_failed(org_id),
            RUNS.c.call_id.in_(call_ids),
            RUNS.c.number == newest,
            *_of_calls(within),
        )
        with writing(self._engine) as connection:
            change = update(RUNS).where(mine).values(dismissed_at=datetime.now(UTC))
            return int(connection.execute(change).rowcount)


def _of_calls(within: Within | None) -> list[ColumnElement[bool]]:
    """Return what a run must fulfil for its call to be within."""
    of_call = select(CALLS.c.id).where(CALLS.c.id == RUNS.c.call_id, *calls_within(within))
    return [] if within is None else [of_call.exists()]


def _is_failed(org_id: str) -> ColumnElement[bool]:
    return and_(
        RUNS.c.org_id == org_id,
        RUNS.c.state == CallState.FAILED,
        RUNS.c.dismissed_at.is_(None),
    )
