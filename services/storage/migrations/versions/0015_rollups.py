"""Sums of calls by day, and what they need: whose a row about a call is stands in it.

The sums follow from the calls, so their tables and triggers are made in the form of today
whichever version makes them; a version that sums something else drops and makes them again.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from services.storage.rollup_tables import ROLLUPS
from services.storage.rollup_triggers import make_triggers
from services.storage.rollups import rebuild

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_WHOSE = ("agent_name", "queue")
_ADDED: dict[str, tuple[tuple[str, Any], ...]] = {
    "call_figures": (("dead_air_ms", sa.BigInteger()), ("resolved", sa.Boolean())),
    "call_topics": (
        ("position", sa.Integer()),
        ("duration_ms", sa.BigInteger()),
        ("sentiment_sum", sa.Float()),
        ("sentiment_count", sa.Integer()),
    ),
    "call_categories": tuple((name, sa.Text()) for name in _WHOSE),
    "rule_facts": tuple((name, sa.Text()) for name in _WHOSE),
    "call_answers": (
        ("org_id", sa.String(length=64)),
        ("day", sa.Date()),
        *((name, sa.Text()) for name in _WHOSE),
    ),
}
_INDEXES = (
    ("ix_calls_agent_days", "calls", ("org_id", "agent_name", "day")),
    ("ix_call_figures_agent_days", "call_figures", ("org_id", "agent_name", "day")),
    (
        "ix_call_figures_silences",
        "call_figures",
        ("org_id", "longest_silence_ms", "call_id", "day", *_WHOSE),
    ),
    (
        "ix_call_figures_moods",
        "call_figures",
        ("org_id", "customer_sentiment_mean", "call_id", "day", *_WHOSE),
    ),
    (
        "ix_call_scores_lowest",
        "call_scores",
        ("org_id", "scorecard_id", "share", "call_id", "day", *_WHOSE),
    ),
)


def upgrade() -> None:
    """Add the columns with what calls have, the indexes, the sums and their triggers."""
    connection = op.get_bind()
    for table, columns in _ADDED.items():
        for name, kind in columns:
            op.add_column(table, sa.Column(name, kind))
    for name, table, names in _INDEXES:
        op.create_index(name, table, list(names))
    _fill()
    for rollup in ROLLUPS.values():
        for made in rollup.tables:
            made.create(connection)
    make_triggers(connection)
    rebuild(connection)


def _fill() -> None:
    for table in ("call_categories", "rule_facts"):
        op.execute(_copied(table, _WHOSE, "calls", f"calls.id = {table}.call_id"))
    same = "call_scores.call_id = call_answers.call_id"
    same += " AND call_scores.scorecard_id = call_answers.scorecard_id"
    op.execute(_copied("call_answers", ("org_id", "day", *_WHOSE), "call_scores", same))
    sums = ("sentiment_sum", "sentiment_count")
    figures = "call_figures.call_id = call_topics.call_id"
    op.execute(_copied("call_topics", ("duration_ms",), "call_figures", figures))
    for name in sums:
        op.execute(_copied("call_topics", (name,), "call_figures", figures, "customer_"))
    # Numbered as they are listed: the surest first.
    op.execute(
        "UPDATE call_topics SET position = (SELECT count(*) FROM call_topics AS surer"
        " WHERE surer.call_id = call_topics.call_id AND (surer.confidence > call_topics.confidence"
        " OR (surer.confidence = call_topics.confidence AND surer.topic < call_topics.topic)))"
    )


def _copied(
    table: str, names: tuple[str, ...], source: str, condition: str, prefix: str = ""
) -> str:
    changes = (
        f"{name} = (SELECT {source}.{prefix}{name} FROM {source} WHERE {condition})"
        for name in names
    )
    return f"UPDATE {table} SET {', '.join(changes)}"
