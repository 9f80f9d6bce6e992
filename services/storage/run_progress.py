"""How far runs have come, as their rows tell."""

from sqlalchemy import ColumnElement, RowMapping, and_, func, or_, select

from services.domain.calls import CallState, RunProgress, Stage
from services.storage.models import RUNS


def waiting_ahead() -> ColumnElement[int]:
    """Count the runs that wait in the same queue and come before this one.

    That is by priority, then by who was there first. Ties stand in order of their ids.
    """
    other = RUNS.alias("other")
    earlier = or_(
        other.c.queued_at < RUNS.c.queued_at,
        and_(other.c.queued_at == RUNS.c.queued_at, other.c.call_id < RUNS.c.call_id),
    )
    earlier = or_(
        other.c.priority < RUNS.c.priority, and_(other.c.priority == RUNS.c.priority, earlier)
    )
    return (
        select(func.count())
        .select_from(other)
        .where(RUNS.c.state == CallState.WAITING, other.c.state == CallState.WAITING)
        .where(RUNS.c.queue == other.c.queue, earlier)
        .correlate(RUNS)
        .scalar_subquery()
    )


def progress_from_row(row: RowMapping) -> RunProgress:
    """Return how far the run in a row has come, which has ``waiting_ahead`` beside its columns."""
    return RunProgress(
        call_id=row["call_id"],
        run=row["number"],
        state=CallState(row["state"]),
        stage=Stage(row["stage"]) if row["stage"] else None,
        stage_fraction=row["stage_fraction"],
        fraction=row["fraction"],
        left_ms=row["left_ms"],
        waiting_ahead=row["waiting_ahead"],
        error_message=row["error_message"],
        retryable=row["retryable"],
    )
