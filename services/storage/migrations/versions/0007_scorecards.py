"""Scorecards, the scores of calls, what reviewers answer instead, and a model's answers."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; the worker fills them with the calls there are."""
    op.create_table(
        "scorecards",
        sa.Column("org_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("org_id", "id", name="pk_scorecards"),
    )
    op.create_table(
        "call_scores",
        sa.Column("call_id", sa.String(length=64), nullable=False),
        sa.Column("scorecard_id", sa.String(length=64), nullable=False),
        sa.Column("org_id", sa.String(length=64), nullable=False),
        sa.Column("scorecard_version", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("possible", sa.Integer(), nullable=False),
        sa.Column("share", sa.Float(), nullable=True),
        sa.Column("auto_failed", sa.Boolean(), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("agent_name", sa.Text(), nullable=True),
        sa.Column("queue", sa.Text(), nullable=True),
        _of_call("call_scores"),
        sa.PrimaryKeyConstraint("call_id", "scorecard_id", name="pk_call_scores"),
    )
    op.create_index(
        "ix_call_scores_org_id_scorecard_id_day", "call_scores", ["org_id", "scorecard_id", "day"]
    )
    op.create_table(
        "call_answers",
        sa.Column("call_id", sa.String(length=64), nullable=False),
        sa.Column("scorecard_id", sa.String(length=64), nullable=False),
        sa.Column("question_id", sa.String(length=64), nullable=False),
        sa.Column("value", sa.String(length=64), nullable=True),
        sa.Column("is_good", sa.Boolean(), nullable=True),
        sa.Column("by_person", sa.Boolean(), nullable=False),
        _of_call("call_answers"),
        sa.PrimaryKeyConstraint("call_id", "scorecard_id", "question_id", name="pk_call_answers"),
    )
    op.create_index(
        "ix_call_answers_scorecard_id_question_id", "call_answers", ["scorecard_id", "question_id"]
    )
    op.create_table(
        "call_scorings",
        sa.Column("call_id", sa.String(length=64), nullable=False),
        sa.Column("org_id", sa.String(length=64), nullable=False),
        sa.Column("made_with", sa.String(length=64), nullable=False),
        _of_call("call_scorings"),
        sa.PrimaryKeyConstraint("call_id", name="pk_call_scorings"),
    )
    op.create_index("ix_call_scorings_org_id_made_with", "call_scorings", ["org_id", "made_with"])
    _make_what_people_and_models_say()


def _make_what_people_and_models_say() -> None:
    op.create_table(
        "score_overrides",
        sa.Column(
            "row_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("call_id", sa.String(length=64), nullable=False),
        sa.Column("org_id", sa.String(length=64), nullable=False),
        sa.Column("scorecard_id", sa.String(length=64), nullable=False),
        sa.Column("question_id", sa.String(length=64), nullable=False),
        sa.Column("value", sa.String(length=64), nullable=True),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("redacted", sa.Boolean(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        _of_call("score_overrides"),
        sa.PrimaryKeyConstraint("row_id", name="pk_score_overrides"),
    )
    op.create_index("ix_score_overrides_call_id", "score_overrides", ["call_id"])
    op.create_table(
        "model_answers",
        sa.Column("transcript_id", sa.String(length=64), nullable=False),
        sa.Column("prompt_hash", sa.String(length=64), nullable=False),
        sa.Column("org_id", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["transcript_id"],
            ["transcripts.id"],
            name="fk_model_answers_transcript_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("transcript_id", "prompt_hash", name="pk_model_answers"),
    )
    op.create_table(
        "scoring_state",
        sa.Column("org_id", sa.String(length=64), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("org_id", name="pk_scoring_state"),
    )


def _of_call(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["call_id"], ["calls.id"], name=f"fk_{table}_call_id", ondelete="CASCADE"
    )
