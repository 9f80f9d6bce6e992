"""How many runs are under way, for all organisations together: what a queue can take, and tells."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine, func, select

from services.domain.calls import CallState
from services.storage.database import reading
from services.storage.models import RUNS

_UNDER_WAY = (CallState.WAITING, CallState.PROCESSING)


@dataclass(frozen=True, kw_only=True)
class RunCount:
    """So many runs of a state stand in a queue; the oldest has been there for so long (s)."""

    queue: str
    state: CallState
    runs: int
    oldest_s: float


class RunCounts:
    """Counts runs. Every method raises StorageError when the database can't."""

    def __init__(self, engine: Engine) -> None:
        """Use this database."""
        self._engine = engine

    def waiting(self) -> int:
        """Return how many runs wait to be begun."""
        query = select(func.count()).select_from(RUNS).where(RUNS.c.state == CallState.WAITING)
        with reading(self._engine) as connection:
            return connection.execute(query).scalar_one()

    def under_way(self) -> list[RunCount]:
        """Return how many runs wait or are being worked on, queue by queue."""
        query = (
            select(RUNS.c.queue, RUNS.c.state, func.count(), func.min(RUNS.c.created_at))
            .where(RUNS.c.state.in_(_UNDER_WAY))
            .group_by(RUNS.c.queue, RUNS.c.state)
            .order_by(RUNS.c.queue, RUNS.c.state)
        )
        now = datetime.now(UTC)
        with reading(self._engine) as connection:
            return [
                RunCount(
                    queue=queue,
                    state=CallState(state),
                    runs=count,
                    oldest_s=max(0.0, (now - oldest).total_seconds()),
                )
                for queue, state, count, oldest in connection.execute(query)
            ]
