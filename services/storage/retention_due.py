"""Which calls and voices have been kept for as long as they were to be, as queries."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    exists,
    false,
    func,
    not_,
    or_,
    select,
)

from services.domain.calls import FINISHED_STATES
from services.domain.retention import Cutoffs, Kept
from services.storage.models import CALLS, KNOWN_VOICES, TRANSCRIPTS
from services.storage.retention_tables import CALL_LAPSES


def due_query(org_id: str, kind: Kept, cutoffs: Cutoffs) -> Select[Any]:
    """Return the query for ids of which something is due, whether held or not, oldest first."""
    if kind is Kept.VOICEPRINTS:
        voice = KNOWN_VOICES.c
        query = select(voice.id).where(voice.org_id == org_id)
        if cutoffs.others is None:
            return query.where(false())
        return query.where(voice.created_at < cutoffs.others).order_by(voice.created_at, voice.id)
    query = select(CALLS.c.id).where(CALLS.c.org_id == org_id, _is_over(cutoffs))
    query = query.where(CALLS.c.state.in_(FINISHED_STATES))
    lapse = CALL_LAPSES.c
    if kind is Kept.AUDIO:
        # Nothing brings a call's sound back; what was transcribed of it since may be there again.
        gone = exists().where(lapse.call_id == CALLS.c.id, lapse.kind == Kept.AUDIO)
        query = query.where(not_(gone.correlate(CALLS)))
    if kind is Kept.TEXT:
        there = exists().where(TRANSCRIPTS.c.call_id == CALLS.c.id)
        query = query.where(there.correlate(CALLS))
    return query.order_by(CALLS.c.held_at, CALLS.c.id)


def _is_over(cutoffs: Cutoffs) -> ColumnElement[bool]:
    """Say of a call's row that the time of its queue is over."""
    own: Sequence[str] = sorted(cutoffs.by_queue)
    arms = [
        and_(CALLS.c.queue == queue, CALLS.c.held_at < moment)
        for queue, moment in cutoffs.by_queue.items()
        if moment is not None
    ]
    if cutoffs.others is not None:
        elsewhere = or_(CALLS.c.queue.is_(None), CALLS.c.queue.not_in(own))
        arms.append(and_(elsewhere, CALLS.c.held_at < cutoffs.others))
    return or_(*arms) if arms else false()


def count_of(connection: Connection, query: Select[Any]) -> int:
    """Return how many rows a query gives."""
    counted = select(func.count()).select_from(query.order_by(None).subquery())
    return int(connection.execute(counted).scalar_one())
