"""What calls are about, in a table of its own for lists and figures across calls.

Rows are written with the call's figures, in the same transaction, and go with the call.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    delete,
    insert,
    select,
)

from services.domain.topics import Topic
from services.storage.figures import CallFigures
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
    Column("position", Integer),
    Column("duration_ms", BigInteger),
    Column("sentiment_sum", Float),
    Column("sentiment_count", Integer),
    Index(None, "org_id", "day"),
    Index(None, "org_id", "topic"),
)
_INSERT = insert(CALL_TOPICS)


def write_topics(
    connection: Connection,
    org_id: str,
    figures: CallFigures,
    topics: Iterable[Topic],
    *,
    is_first: bool = False,
) -> None:
    """Replace what the call with these figures is about; ``is_first``: there is nothing yet."""
    if not is_first:
        connection.execute(delete(CALL_TOPICS).where(CALL_TOPICS.c.call_id == figures.call_id))
    if rows := topic_rows(org_id, figures, topics):
        connection.execute(_INSERT, rows)


def topic_rows(org_id: str, figures: CallFigures, topics: Iterable[Topic]) -> list[dict[str, Any]]:
    """Return the rows of what a call is about, surest first.

    Each repeats of the call's figures what is summed by topic.
    """
    different = {topic.id: topic for topic in topics}.values()
    same = {
        "call_id": figures.call_id,
        "org_id": org_id,
        "day": figures.day,
        "week": figures.week,
        "agent_name": figures.agent_name,
        "queue": figures.queue,
        "duration_ms": figures.duration_ms,
        "sentiment_sum": figures.customer_sentiment_sum,
        "sentiment_count": figures.customer_sentiment_count,
    }
    surest = sorted(different, key=lambda topic: (-topic.confidence, topic.id))
    return [
        {**same, "topic": topic.id, "confidence": topic.confidence, "position": position}
        for position, topic in enumerate(surest)
    ]


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
