"""The tables of periods, holds, and of what is being deleted or has been.

``call_removals`` says what is still to be deleted outside of the database; ``erased_calls`` keeps
hashes of the ids of calls that are gone, so that no backup brings one back. Neither row goes with
the call. ``call_lapses`` says what of a call that is there was deleted because its time was over.
"""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

from services.storage.models import METADATA, Moment, PlainText

_ID = String(64)

RETENTION_PERIODS = Table(
    "retention_periods",
    METADATA,
    Column("org_id", _ID, primary_key=True),
    Column("kind", _ID, primary_key=True),
    # Empty is every queue without a period of its own.
    Column("queue", PlainText, primary_key=True),
    Column("days", Integer),
    Column("changed_by", PlainText, nullable=False),
    Column("changed_at", Moment, nullable=False),
)
RETENTION_RUNS = Table(
    "retention_runs",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("org_id", _ID, nullable=False),
    Column("began_at", Moment, nullable=False),
    Column("finished_at", Moment),
    Column("calls", Integer, nullable=False),
    Column("audio", Integer, nullable=False),
    Column("text", Integer, nullable=False),
    Column("voiceprints", Integer, nullable=False),
    Column("held", Integer, nullable=False),
    Index(None, "org_id", "began_at"),
)
LEGAL_HOLDS = Table(
    "legal_holds",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("org_id", _ID, nullable=False),
    # The database itself refuses to delete a call that is on hold.
    Column("call_id", _ID, ForeignKey("calls.id")),
    Column("customer_ref", PlainText),
    Column("reason", PlainText, nullable=False),
    Column("placed_by", PlainText, nullable=False),
    Column("placed_at", Moment, nullable=False),
    Index(None, "call_id"),
    Index(None, "org_id", "customer_ref"),
)
CALL_LAPSES = Table(
    "call_lapses",
    METADATA,
    Column("call_id", _ID, ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", _ID, primary_key=True),
    Column("org_id", _ID, nullable=False),
    Column("at", Moment, nullable=False),
)
CALL_REMOVALS = Table(
    "call_removals",
    METADATA,
    Column("call_id", _ID, primary_key=True),
    Column("org_id", _ID, nullable=False),
    Column("jobs", Text, nullable=False),
    Column("noted_at", Moment, nullable=False),
)
ERASED_CALLS = Table(
    "erased_calls",
    METADATA,
    Column("call_hash", _ID, primary_key=True),
    Column("org_id", _ID, nullable=False),
    Column("erased_at", Moment, nullable=False),
    Index(None, "erased_at"),
)
