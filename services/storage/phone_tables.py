"""The tables of phone calls that are being held: the words heard so far, and events that came.

Words and their key go with the call's row in ``live_calls``; the call that it becomes has the same
key.
"""

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, String, Table

from services.storage.live_tables import LIVE_CALLS
from services.storage.models import METADATA, Moment

_ID = String(64)

PHONE_KEYS = Table(
    "phone_keys",
    METADATA,
    Column("call_id", _ID, ForeignKey(LIVE_CALLS.c.id, ondelete="CASCADE"), primary_key=True),
    Column("org_id", _ID, nullable=False),
    Column("key_id", _ID, nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
)

PHONE_WORDS = Table(
    "phone_words",
    METADATA,
    Column("call_id", _ID, ForeignKey(PHONE_KEYS.c.call_id, ondelete="CASCADE"), primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("org_id", _ID, nullable=False),
    Column("content", LargeBinary, nullable=False),
)

PHONE_SEEN = Table(
    "phone_seen",
    METADATA,
    Column("event", _ID, primary_key=True),
    Column("seen_at", Moment, nullable=False),
    Index(None, "seen_at"),
)

PHONE_RECORDINGS = Table(
    "phone_recordings",
    METADATA,
    Column("server_call", _ID, primary_key=True),
    Column("call_id", _ID, nullable=False),
    Column("expected_at", Moment, nullable=False),
    Index(None, "expected_at"),
)
