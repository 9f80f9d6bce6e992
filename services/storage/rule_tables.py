"""The tables of rules, of the categories that they give calls, and of what they ask about calls.

An organisation's rules are those shipped and those kept here; a row with the id of a shipped one
takes its place. ``rule_books`` counts the changes: whoever writes categories holds its row, so that
none is written by rules that have just been replaced.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from services.storage.models import METADATA, Moment, PlainText

RULE_BOOKS = Table(
    "rule_books",
    METADATA,
    Column("org_id", String(64), primary_key=True),
    Column("version", Integer, nullable=False),
)
RULES = Table(
    "rules",
    METADATA,
    Column("org_id", String(64), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("body", PlainText, nullable=False),
    Column("version", Integer, nullable=False),
    Column("changed_at", Moment, nullable=False),
)
CALL_CATEGORIES = Table(
    "call_categories",
    METADATA,
    Column("call_id", String(64), ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True),
    Column("rule_id", String(64), primary_key=True),
    Column("org_id", String(64), nullable=False),
    Column("day", Date, nullable=False),
    Column("kind", String(64), nullable=False),
    Column("alert", Boolean, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("agent_name", PlainText),
    Column("queue", PlainText),
    Index(None, "org_id", "rule_id", "day"),
)
# Without AUTOINCREMENT, SQLite gives the number of a deleted newest row out again.
RULE_FACTS = Table(
    "rule_facts",
    METADATA,
    Column(
        "row_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    ),
    Column("org_id", String(64), nullable=False),
    Column("call_id", String(64), ForeignKey("calls.id", ondelete="CASCADE"), nullable=False),
    Column("day", Date, nullable=False),
    Column("facts", Text, nullable=False),
    Column("words", PlainText, nullable=False),
    Column("passages", LargeBinary, nullable=False),
    Column("lines", LargeBinary, nullable=False),
    Column("agent_name", PlainText),
    Column("queue", PlainText),
    Index(None, "call_id", unique=True),
    Index(None, "org_id", "row_id"),
    sqlite_autoincrement=True,
)
RULE_SWEEPS = Table(
    "rule_sweeps",
    METADATA,
    Column("org_id", String(64), primary_key=True),
    Column("state", String(64), nullable=False),
    Column("wanted", Text, nullable=False),
    Column("request", Integer, nullable=False),
    Column("requested_at", Moment, nullable=False),
    Column("cancel_requested", Boolean, nullable=False),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("beat_at", Moment),
    Column("finished_at", Moment),
)
