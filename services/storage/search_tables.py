"""The tables of the search index: the lines of every call as they are shown.

A line is kept with its words folded (``services.domain.folding``), and it is those that are
indexed: by FTS5 on SQLite, by a ``tsvector`` column on PostgreSQL, which the migration makes.

Numbers of lines follow the time at which calls were held (``services.storage.search_places``), so
that either index can be read from the newest line on without sorting what it finds.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
)

from services.storage.models import METADATA, PlainText

SHOWN_UTTERANCES = Table(
    "shown_utterances",
    METADATA,
    Column(
        "row_id",
        BigInteger().with_variant(Integer, "sqlite"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("org_id", String(64), nullable=False),
    Column("call_id", String(64), ForeignKey("calls.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("utterance_id", String(64), nullable=False),
    Column("role", String(64), nullable=False),
    Column("start_ms", BigInteger, nullable=False),
    Column("end_ms", BigInteger, nullable=False),
    Column("sentiment_label", String(64)),
    Column("sentiment_score", Float),
    Column("is_backchannel", Boolean, nullable=False),
    Column("text", PlainText, nullable=False),
    Column("words", PlainText, nullable=False),
    Index(None, "call_id", "position", unique=True),
)
LINE_VECTORS = Table(
    "line_vectors",
    METADATA,
    Column("call_id", String(64), ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True),
    Column("org_id", String(64), nullable=False),
    Column("positions", LargeBinary, nullable=False),
    Column("vectors", LargeBinary, nullable=False),
)
INDEX_STATE = Table(
    "search_index_state",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("deletions", BigInteger, nullable=False),
)
FTS_TABLE = "shown_utterance_words"
TSVECTOR_COLUMN = "words_index"
