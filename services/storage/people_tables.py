"""The tables of people, of the times they signed in, and of tokens of the HTTP API.

Of a token only its hash is kept. A sign-in's row ends with the longest time one can last.
"""

from sqlalchemy import Boolean, Column, ForeignKey, Index, String, Table, Text

from services.storage.models import METADATA, Moment, PlainText

PEOPLE = Table(
    "people",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("org_id", String(64), nullable=False),
    Column("identity", String(64), unique=True),
    Column("email", PlainText),
    Column("name", PlainText, nullable=False),
    Column("role", String(64), nullable=False),
    Column("beside", Text, nullable=False),
    Column("all_calls", Boolean, nullable=False),
    Column("queues", PlainText, nullable=False),
    Column("agent_name", PlainText),
    Column("by_claims", Boolean, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("disabled_at", Moment),
    Column("signed_out_at", Moment),
    Column("seen_at", Moment),
    Index(None, "org_id"),
    Index(None, "email"),
)
SIGN_INS = Table(
    "sign_ins",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("person_id", String(64), ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
    Column("org_id", String(64), nullable=False),
    Column("began_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Index(None, "person_id"),
    Index(None, "began_at"),
)
API_TOKENS = Table(
    "api_tokens",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("org_id", String(64), nullable=False),
    Column("name", PlainText, nullable=False),
    Column("person_id", String(64)),
    Column("prefix", String(64), nullable=False),
    Column("secret_hash", String(64), nullable=False, unique=True),
    Column("role", String(64), nullable=False),
    Column("rights", Text, nullable=False),
    Column("all_calls", Boolean, nullable=False),
    Column("queues", PlainText, nullable=False),
    Column("agent_name", PlainText),
    Column("made_by", String(200), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("revoked_at", Moment),
    Column("used_at", Moment),
    Index(None, "org_id"),
)
