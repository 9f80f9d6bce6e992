"""The tables of what services elsewhere keep for us, and of what they are to tell us.

A row of ``provider_copies`` without a call is to be deleted at its provider. All that is left there
of a deleted call is the reference by which its provider knows the copy.
"""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table

from services.storage.models import METADATA, Moment

PROVIDER_COPIES = Table(
    "provider_copies",
    METADATA,
    Column("provider", String(64), primary_key=True),
    Column("reference", String(200), primary_key=True),
    Column("org_id", String(64), nullable=False),
    Column("call_id", String(64), ForeignKey("calls.id", ondelete="SET NULL")),
    Column("run", Integer),
    Column("tries", Integer, nullable=False),
    Column("next_try_at", Moment),
    Column("error_code", String(64)),
    Index(None, "call_id", "next_try_at"),
)
PROVIDER_NOTICES = Table(
    "provider_notices",
    METADATA,
    Column("token", String(64), primary_key=True),
    Column("provider", String(64), nullable=False),
    Column("secret_hash", String(64), nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("arrived_at", Moment),
)
