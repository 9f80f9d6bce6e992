"""Lines in the order of the time at which their calls were held, and their sentiment by name."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

PLACES_PER_SECOND = 256
LINES_PER_CALL = 65_536

_CALL_INDEXES = {
    "ix_calls_org_id_search_place": ["org_id", "search_place"],
    "ix_calls_agent_search_place": ["org_id", "agent_name", "search_place"],
    "ix_calls_queue_search_place": ["org_id", "queue", "search_place"],
}
_LABEL = """(SELECT u.sentiment_label FROM utterances u WHERE u.transcript_id =
    (SELECT c.active_transcript_id FROM calls c WHERE c.id = shown_utterances.call_id)
    AND u.id = shown_utterances.utterance_id)"""
_PLACE = "(SELECT c.search_place FROM calls c WHERE c.id = shown_utterances.call_id)"

_SQLITE_BEFORE = (
    "DROP TRIGGER shown_utterances_changed",
    "DROP TABLE shown_utterance_words",
)
_SQLITE_AFTER = (
    """CREATE VIRTUAL TABLE shown_utterance_words USING fts5(
        words, content='shown_utterances', content_rowid='row_id', tokenize='unicode61')""",
    "INSERT INTO shown_utterance_words(shown_utterance_words) VALUES ('rebuild')",
    """CREATE TRIGGER shown_utterances_changed AFTER UPDATE OF words, row_id ON shown_utterances
        WHEN old.words <> new.words OR old.row_id <> new.row_id BEGIN
        INSERT INTO shown_utterance_words(shown_utterance_words, rowid, words)
            VALUES ('delete', old.row_id, old.words);
        INSERT INTO shown_utterance_words(rowid, words) VALUES (new.row_id, new.words);
        UPDATE search_index_state SET deletions = deletions + 1;
    END""",
)


def upgrade() -> None:
    """Give the calls that have lines their places, and the lines their numbers."""
    connection = op.get_bind()
    op.add_column("calls", sa.Column("search_place", sa.BigInteger()))
    op.add_column("shown_utterances", sa.Column("sentiment_label", sa.String(length=64)))
    if connection.dialect.name == "sqlite":
        _execute(_SQLITE_BEFORE)
    _place_calls(connection)
    numbers = f"row_id = {_PLACE} * {LINES_PER_CALL} + position, sentiment_label = {_LABEL}"
    connection.exec_driver_sql(f"UPDATE shown_utterances SET {numbers}")
    op.create_index("ix_calls_search_place", "calls", ["search_place"], unique=True)
    for name, columns in _CALL_INDEXES.items():
        op.create_index(name, "calls", columns)
    if connection.dialect.name == "sqlite":
        _execute(_SQLITE_AFTER)
    op.create_table(
        "line_vectors",
        sa.Column("call_id", sa.String(length=64), nullable=False),
        sa.Column("org_id", sa.String(length=64), nullable=False),
        sa.Column("positions", sa.LargeBinary(), nullable=False),
        sa.Column("vectors", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("call_id", name="pk_line_vectors"),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name="fk_line_vectors_call_id", ondelete="CASCADE"
        ),
    )


def _place_calls(connection: sa.Connection) -> None:
    calls = sa.table("calls", sa.column("id"), sa.column("search_place"))
    seconds = (
        "strftime('%s', held_at)" if connection.dialect.name == "sqlite"
        else "extract(epoch FROM held_at)"
    )  # fmt: skip
    found = connection.exec_driver_sql(
        f"SELECT id, CAST({seconds} AS INTEGER) AS s FROM calls "
        "WHERE id IN (SELECT call_id FROM shown_utterances) ORDER BY held_at, created_at, id"
    ).all()
    places: list[dict[str, object]] = []
    last = -1
    for call_id, second in found:
        last = max(second * PLACES_PER_SECOND, last + 1)
        places.append({"call": call_id, "place": last})
    if places:
        change = calls.update().where(calls.c.id == sa.bindparam("call"))
        connection.execute(change.values(search_place=sa.bindparam("place")), places)


def _execute(statements: tuple[str, ...]) -> None:
    for statement in statements:
        op.get_bind().exec_driver_sql(statement)
