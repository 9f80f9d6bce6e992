"""The table of what providers have transcribed. A row outlives its call and tells nothing of it."""

from sqlalchemy import BigInteger, Column, Date, Index, String, Table

from services.storage.models import METADATA

_ID = String(64)

PROVIDER_USE = Table(
    "provider_use",
    METADATA,
    Column("run_key", String(96), primary_key=True),
    Column("org_id", _ID, nullable=False),
    Column("provider", _ID, nullable=False),
    Column("day", Date, nullable=False),
    Column("audio_ms", BigInteger, nullable=False),
    Index(None, "org_id", "day"),
)
