"""What calls are about, in a table of its own for lists and figures across calls.

Rows are written with the call's figures, in the same transaction, and go with the call.
"""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Date,
    Float,
    ForeignKey,
    Index,
    String,
    Table,
    delete,
    insert,
    select,
)

from services.domain.calls import Call
from services.domain.topics import Topic
from services.storage.figures import day_of, week_of
from services.storage.models import CALLS, METADATA, PlainText

CALL_TOPICS = Table(
    "call_topics",
    METADATA,
    Column("call_id", String(64), ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True),
    Column("topic", String(64), primary_key=True),
    Column("org_id", String(64), nullable=False),
    Column("day", Date, nullable=False),
    Column("week", Date, nullable=False),
    Column("agent_name", PlainText),
    Column("queue", PlainText),
    Column("confidence", Float, nullable=False),
    Index(None, "org_id", "day"),
    Index(None, "org_id", "topic"),
)


def write_topics(connection: Connection, call: Call, topics: Sequence[Topic]) -> None:
    """Replace what the call is about."""
    connection.execute(delete(CALL_TOPICS).where(CALL_TOPICS.c.call_id == call.id))
    day = day_of(call.held_at)
    rows = [
        {
            "call_id": call.id,
            "topic": topic.id,
            "org_id": call.org_id,
            "day": day,
            "week": week_of(day),
            "agent_name": call.details.agent_name,
            "queue": call.details.queue,
            "confidence": topic.confidence,
        }
        for topic in {topic.id: topic for topic in topics}.values()
    ]
    if rows:
        connection.execute(insert(CALL_TOPICS), rows)


def about_any(topics: Sequence[str]) -> ColumnElement[bool]:
    """Return the condition that a call is about one of these topics."""
    about = select(CALL_TOPICS.c.call_id).where(CALL_TOPICS.c.topic.in_(topics))
    return CALLS.c.id.in_(about)


def topics_of_calls(
    connection: Connection, call_ids: Iterable[str]
) -> Mapping[str, tuple[str, ...]]:
    """Return the topics of each of these calls that has any, surest first."""
    table = CALL_TOPICS.c
    query = (
        select(table.call_id, table.topic)
        .where(table.call_id.in_(list(call_ids)))
        .order_by(table.call_id, table.confidence.desc(), table.topic)
    )
    found: dict[str, tuple[str, ...]] = {}
    for row in connection.execute(query):
        found[row.call_id] = (*found.get(row.call_id, ()), row.topic)
    return found
