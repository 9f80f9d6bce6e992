"""The table of what cloud services made of known voices; a row goes with its known voice."""

from sqlalchemy import Column, ForeignKey, LargeBinary, String, Table

from services.storage.models import METADATA, Moment

_ID = String(64)

VOICE_SIGNATURES = Table(
    "voice_signatures",
    METADATA,
    Column(
        "voice_id",
        _ID,
        ForeignKey("known_voices.id", ondelete="CASCADE"),
        primary_key=True,
        nullable=False,
    ),
    Column("org_id", _ID, nullable=False, index=True),
    Column("language", _ID, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("key_id", _ID, nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("signature", LargeBinary, nullable=False),
)
