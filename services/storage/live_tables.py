"""The table of calls that are being held. A row goes in the transaction that stores its call."""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from services.storage.models import METADATA, Moment, PlainText

_ID = String(64)

LIVE_CALLS = Table(
    "live_calls",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("org_id", _ID, nullable=False),
    Column("owner", _ID, nullable=False),
    Column("name", PlainText, nullable=False),
    Column("source", _ID, nullable=False),
    Column("state", _ID, nullable=False),
    Column("options", Text, nullable=False),
    Column("details", Text, nullable=False),
    Column("channels", Integer, nullable=False),
    Column("began_at", Moment, nullable=False),
    Column("heartbeat_at", Moment, nullable=False),
    Column("process", _ID, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
    Column("gaps", Text, nullable=False),
    Column("glance", Text, nullable=False),
    Column("phone", Text),
    Column("phone_connection", String(191)),
    Index(None, "org_id", "began_at"),
    Index(None, "heartbeat_at"),
    Index(None, "phone_connection"),
)
