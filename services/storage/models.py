"""The tables. Every row has its organisation; everything about a call goes with the call.

Structured parts of a transcript that are only read as a whole lie as JSON text beside the columns
that are searched, sorted or summed. ``day`` and ``week`` (its Monday) are stored because grouping
by a computed date is slow on SQLite and fails with parameters on PostgreSQL.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)


def as_utc(moment: datetime) -> datetime:
    """Return the moment in UTC; one without a zone is taken as UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class Moment(TypeDecorator[datetime]):
    """A point in time in UTC, to the microsecond; one without a zone is taken as UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn any zone into UTC; SQLite keeps no zone."""
        if value is None:
            return None
        moment = as_utc(value)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the moment its zone back."""
        return None if value is None else as_utc(value)


class PlainText(TypeDecorator[str]):
    """Text without what no database takes: NUL is dropped, lone surrogates become ``?``."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Clean the text."""
        if value is None or value.isascii():
            return value and value.replace("\0", "")
        return value.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_ID = String(64)
_NAME = String(64)
_PERSON = String(200)
_WHOSE = ("day", "agent_name", "queue")
_OF_AGENT = ("call_id", "day", "queue")


def _org() -> Column[Any]:
    return Column("org_id", _ID, nullable=False)


def _call(*, primary_key: bool = False) -> Column[Any]:
    owner = ForeignKey("calls.id", ondelete="CASCADE")
    return Column("call_id", _ID, owner, primary_key=primary_key, nullable=False)


CALLS = Table(
    "calls",
    METADATA,
    Column("id", _ID, primary_key=True),
    _org(),
    Column("source_name", PlainText, nullable=False),
    Column("content_hash", String(128), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("state", _NAME, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("held_at", Moment, nullable=False),
    Column("day", Date, nullable=False),
    Column("week", Date, nullable=False),
    Column("agent_name", PlainText),
    Column("queue", PlainText),
    Column("customer_ref", PlainText),
    Column("direction", _NAME),
    Column("started_at", Moment),
    Column("external_ref", PlainText),
    Column("duration_ms", BigInteger),
    Column("audio", Text),
    Column("run", Integer, nullable=False),
    Column("active_transcript_id", _ID),
    Column("error_code", _NAME),
    Column("error_message", PlainText),
    Column("is_demo", Boolean, nullable=False),
    Column("reviewed_at", Moment),
    Column("reviewed_by", PlainText),
    Column("added_by", _PERSON),
    Column("consent", _NAME),
    Column("consent_at", Moment),
    Column("consent_by", PlainText),
    Column("key_id", _NAME, nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("search_place", BigInteger),
    UniqueConstraint("org_id", "content_hash"),
    Index(None, "org_id", "external_ref"),
    Index(None, "org_id", "held_at"),
    Index(None, "org_id", "day"),
    Index(None, "org_id", "added_by"),
    Index("ix_calls_agent_days", "org_id", "agent_name", "day"),
    Index(None, "search_place", unique=True),
    Index("ix_calls_org_id_search_place", "org_id", "search_place"),
    Index("ix_calls_agent_search_place", "org_id", "agent_name", "search_place"),
    Index("ix_calls_queue_search_place", "org_id", "queue", "search_place"),
)

RUNS = Table(
    "runs",
    METADATA,
    _call(primary_key=True),
    Column("number", Integer, primary_key=True),
    _org(),
    Column("provider", _NAME, nullable=False),
    Column("options", Text, nullable=False),
    Column("state", _NAME, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("finished_at", Moment),
    Column("attempts", Integer, nullable=False),
    Column("cancel_requested", Boolean, nullable=False),
    Column("stage", _NAME),
    Column("stage_fraction", Float, nullable=False),
    Column("fraction", Float, nullable=False),
    Column("left_ms", BigInteger),
    Column("transcript_id", _ID),
    Column("error_code", _NAME),
    Column("error_message", PlainText),
    Column("retryable", Boolean, nullable=False),
    Column("stage_times", Text, nullable=False),
    Column("queue", _NAME, nullable=False, server_default="calls"),
    Column("queued_at", Moment),
    Column("moves", Integer, nullable=False, server_default="0"),
    Column("priority", Integer, nullable=False, server_default="10"),
    Column("claim", Integer, nullable=False, server_default="0"),
    Column("dismissed_at", Moment),
    Index(None, "state", "created_at"),
)

RUN_CHECKPOINTS = Table(
    "run_checkpoints",
    METADATA,
    _call(primary_key=True),
    Column("run", Integer, primary_key=True),
    Column("name", String(200), primary_key=True),
    _org(),
    Column("content", LargeBinary, nullable=False),
)

TRANSCRIPTS = Table(
    "transcripts",
    METADATA,
    Column("id", _ID, primary_key=True),
    _org(),
    _call(),
    Column("run", Integer, nullable=False),
    Column("provider", _NAME, nullable=False),
    Column("language", _NAME),
    Column("redacted", Boolean, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("body", Text, nullable=False),
    UniqueConstraint("call_id", "run"),
)

UTTERANCES = Table(
    "utterances",
    METADATA,
    Column(
        "row_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    ),
    Column("transcript_id", _ID, ForeignKey("transcripts.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    _org(),
    Column("call_id", _ID, nullable=False),
    Column("id", _ID, nullable=False),
    Column("speaker", _ID),
    Column("channel", Integer),
    Column("start_ms", BigInteger, nullable=False),
    Column("end_ms", BigInteger, nullable=False),
    Column("text", PlainText, nullable=False),
    Column("confidence", Float),
    Column("sentiment_label", _NAME),
    Column("sentiment_score", Float),
    Column("provider_sentiment_label", _NAME),
    Column("provider_sentiment_score", Float),
    Column("is_backchannel", Boolean, nullable=False),
    Column("words", Text, nullable=False),
    Column("pii", Text),
    UniqueConstraint("transcript_id", "position"),
)

CALL_EDITS = Table(
    "call_edits",
    METADATA,
    _call(primary_key=True),
    _org(),
    Column("version", Integer, nullable=False),
    Column("body", Text, nullable=False),
)

CALL_FIGURES = Table(
    "call_figures",
    METADATA,
    _call(primary_key=True),
    _org(),
    Column("day", Date, nullable=False),
    Column("week", Date, nullable=False),
    Column("agent_name", PlainText),
    Column("queue", PlainText),
    Column("duration_ms", BigInteger, nullable=False),
    Column("speech_ms", BigInteger, nullable=False),
    Column("all_talk_ms", BigInteger, nullable=False),
    Column("agent_talk_ms", BigInteger),
    Column("customer_talk_ms", BigInteger),
    Column("non_talk_ms", BigInteger, nullable=False),
    Column("longest_silence_ms", BigInteger, nullable=False),
    Column("hold_ms", BigInteger, nullable=False),
    Column("overlap_ms", BigInteger, nullable=False),
    Column("agent_interruptions", Integer),
    Column("customer_interruptions", Integer),
    Column("sentiment_sum", Float, nullable=False),
    Column("sentiment_count", Integer, nullable=False),
    Column("customer_sentiment_sum", Float, nullable=False),
    Column("customer_sentiment_count", Integer, nullable=False),
    Column("sentiment_mean", Float),
    Column("customer_sentiment_mean", Float),
    Column("sentiment_trend", Float),
    Column("sentiment_label", _NAME),
    Column("negative_utterances", Integer, nullable=False),
    Column("dead_air_ms", BigInteger),
    Column("resolved", Boolean),
    Column("form", Integer, nullable=False, server_default="0"),
    Index(None, "org_id", "day"),
    # The first few of a list can be picked out in them without looking at every call.
    Index("ix_call_figures_agent_days", "org_id", "agent_name", "day"),
    Index("ix_call_figures_silences", "org_id", "longest_silence_ms", "call_id", *_WHOSE),
    Index("ix_call_figures_moods", "org_id", "customer_sentiment_mean", "call_id", *_WHOSE),
    *(
        Index(f"ix_call_figures_agent_{name}", "org_id", "agent_name", figure, *_OF_AGENT)
        for name, figure in (
            ("silences", "longest_silence_ms"),
            ("moods", "customer_sentiment_mean"),
        )
    ),
)

KNOWN_VOICES = Table(
    "known_voices",
    METADATA,
    Column("id", _ID, primary_key=True),
    _org(),
    Column("name", PlainText, nullable=False),
    Column("role", _NAME, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("speech_ms", BigInteger, nullable=False),
    Column("quality", _NAME, nullable=False),
    Column("key_id", _NAME, nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("voiceprint", LargeBinary, nullable=False),
    UniqueConstraint("org_id", "name"),
)

VOCABULARIES = Table(
    "vocabularies",
    METADATA,
    Column("org_id", _ID, primary_key=True),
    Column("terms", Text, nullable=False),
    Column("spelling", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("changed_at", Moment, nullable=False),
)
