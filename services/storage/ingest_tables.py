"""The tables of recordings that come from elsewhere: files known, requests made, open uploads."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    Text,
)

from services.storage.models import CALLS, METADATA, Moment, PlainText

_ID = String(64)

INGESTED_FILES = Table(
    "ingested_files",
    METADATA,
    Column("org_id", _ID, primary_key=True),
    Column("file", _ID, primary_key=True),
    Column("mark", String(128), nullable=False),
    Column("beside", _ID, nullable=False),
    Column("fate", _ID, nullable=False),
    Column("error_code", _ID),
    Column("noted_at", Moment, nullable=False),
)

REQUEST_KEYS = Table(
    "request_keys",
    METADATA,
    Column("org_id", _ID, primary_key=True),
    Column("request_key", _ID, primary_key=True),
    Column("call_id", _ID, ForeignKey(CALLS.c.id, ondelete="CASCADE"), nullable=False),
    Column("duplicate", Boolean, nullable=False),
    Column("noted_at", Moment, nullable=False),
    Index(None, "call_id"),
    Index(None, "noted_at"),
)

UPLOADS = Table(
    "uploads",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("org_id", _ID, nullable=False),
    Column("name", PlainText, nullable=False),
    Column("options", Text, nullable=False),
    Column("details", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("offset_bytes", BigInteger, nullable=False),
    Column("content_hash", _ID),
    Column("call_id", _ID, ForeignKey(CALLS.c.id, ondelete="CASCADE")),
    Column("duplicate", Boolean, nullable=False),
    Column("added_by", String(200)),
    Column("created_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("key_id", _ID, nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    Index(None, "call_id"),
    Index(None, "org_id", "changed_at"),
)

UPLOAD_PARTS = Table(
    "upload_parts",
    METADATA,
    Column("upload_id", _ID, ForeignKey(UPLOADS.c.id, ondelete="CASCADE"), primary_key=True),
    Column("start", BigInteger, primary_key=True, autoincrement=False),
    Column("org_id", _ID, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("part", _ID, nullable=False),
)
