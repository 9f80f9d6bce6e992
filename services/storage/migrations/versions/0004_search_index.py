"""The lines of calls as they are shown, and the index over their words."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# Deleted words stay in FTS5's older pieces until these are merged, which the janitor has done when
# it finds this counter above zero.
_SQLITE = (
    """CREATE VIRTUAL TABLE shown_utterance_words USING fts5(
        words, content='shown_utterances', content_rowid='row_id', tokenize='unicode61')""",
    """CREATE TRIGGER shown_utterances_added AFTER INSERT ON shown_utterances BEGIN
        INSERT INTO shown_utterance_words(rowid, words) VALUES (new.row_id, new.words);
    END""",
    """CREATE TRIGGER shown_utterances_gone AFTER DELETE ON shown_utterances BEGIN
        INSERT INTO shown_utterance_words(shown_utterance_words, rowid, words)
            VALUES ('delete', old.row_id, old.words);
        UPDATE search_index_state SET deletions = deletions + 1;
    END""",
    """CREATE TRIGGER shown_utterances_changed AFTER UPDATE OF words ON shown_utterances
        WHEN old.words <> new.words BEGIN
        INSERT INTO shown_utterance_words(shown_utterance_words, rowid, words)
            VALUES ('delete', old.row_id, old.words);
        INSERT INTO shown_utterance_words(rowid, words) VALUES (new.row_id, new.words);
        UPDATE search_index_state SET deletions = deletions + 1;
    END""",
)
_POSTGRESQL = (
    """ALTER TABLE shown_utterances ADD COLUMN words_index tsvector
        GENERATED ALWAYS AS (to_tsvector('simple', words)) STORED""",
    "CREATE INDEX ix_shown_utterances_words_index ON shown_utterances USING gin (words_index)",
)


def upgrade() -> None:
    """Make the table and its index; the janitor fills them with the calls there are."""
    op.add_column(
        "call_figures", sa.Column("form", sa.Integer(), nullable=False, server_default="0")
    )
    op.create_table(
        "shown_utterances",
        sa.Column(
            "row_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("org_id", sa.String(length=64), nullable=False),
        sa.Column("call_id", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("utterance_id", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=64), nullable=False),
        sa.Column("start_ms", sa.BigInteger(), nullable=False),
        sa.Column("end_ms", sa.BigInteger(), nullable=False),
        sa.Column("sentiment_score", sa.Float(), nullable=True),
        sa.Column("is_backchannel", sa.Boolean(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name="fk_shown_utterances_call_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("row_id", name="pk_shown_utterances"),
    )
    op.create_index(
        "ix_shown_utterances_call_id_position",
        "shown_utterances",
        ["call_id", "position"],
        unique=True,
    )
    state = op.create_table(
        "search_index_state",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("deletions", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_search_index_state"),
    )
    op.bulk_insert(state, [{"id": 1, "deletions": 0}])
    connection = op.get_bind()
    for statement in _SQLITE if connection.dialect.name == "sqlite" else _POSTGRESQL:
        connection.exec_driver_sql(statement)
