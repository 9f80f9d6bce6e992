"""Calls, their runs, transcripts, edits and figures."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the first tables."""
    _make_calls()
    _make_runs()
    _make_run_checkpoints()
    _make_transcripts()
    _make_utterances()
    _make_call_edits()
    _make_call_figures()


def _make_calls() -> None:
    op.create_table(
        "calls",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("org_id", sa.String(length=64), nullable=False),
        sa.Column("source_name", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.String(length=128), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("agent_name", sa.Text()),
        sa.Column("queue", sa.Text()),
        sa.Column("customer_ref", sa.Text()),
        sa.Column("direction", sa.String(length=64)),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("duration_ms", sa.BigInteger()),
        sa.Column("audio", sa.Text()),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("active_transcript_id", sa.String(length=64)),
        sa.Column("error_code", sa.String(length=64)),
        sa.Column("error_message", sa.Text()),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("reviewed_at", sa.DateTime(timezone=True)),
        sa.Column("reviewed_by", sa.Text()),
        sa.Column("key_id", sa.String(length=64), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_calls"),
        sa.UniqueConstraint("org_id", "content_hash", name="uq_calls_org_id_content_hash"),
    )
    op.create_index("ix_calls_org_id_day", "calls", ["org_id", "day"])
    op.create_index("ix_calls_org_id_held_at", "calls", ["org_id", "held_at"])


def _make_runs() -> None:
    op.create_table(
        "runs",
        sa.Column("call_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("org_id", sa.String(length=64), nullable=False),
        sa.Column("provider", sa.String(length=64), nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("stage", sa.String(length=64)),
        sa.Column("stage_fraction", sa.Float(), nullable=False),
        sa.Column("fraction", sa.Float(), nullable=False),
        sa.Column("left_ms", sa.BigInteger()),
        sa.Column("transcript_id", sa.String(length=64)),
        sa.Column("error_code", sa.String(length=64)),
        sa.Column("error_message", sa.Text()),
        sa.Column("retryable", sa.Boolean(), nullable=False),
        sa.Column("stage_times", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name="fk_runs_call_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("call_id", "number", name="pk_runs"),
    )
    op.create_index("ix_runs_state_created_at", "runs", ["state", "created_at"])


def _make_run_checkpoints() -> None:
    op.create_table(
        "run_checkpoints",
        sa.Column("call_id", sa.String(length=64), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("org_id", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name="fk_run_checkpoints_call_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("call_id", "run", "name", name="pk_run_checkpoints"),
    )


def _make_transcripts() -> None:
    op.create_table(
        "transcripts",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("org_id", sa.String(length=64), nullable=False),
        sa.Column("call_id", sa.String(length=64), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("provider", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=64)),
        sa.Column("redacted", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name="fk_transcripts_call_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_transcripts"),
        sa.UniqueConstraint("call_id", "run", name="uq_transcripts_call_id_run"),
    )


def _make_utterances() -> None:
    op.create_table(
        "utterances",
        sa.Column(
            "row_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("transcript_id", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("org_id", sa.String(length=64), nullable=False),
        sa.Column("call_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("speaker", sa.String(length=64)),
        sa.Column("channel", sa.Integer()),
        sa.Column("start_ms", sa.BigInteger(), nullable=False),
        sa.Column("end_ms", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Float()),
        sa.Column("sentiment_label", sa.String(length=64)),
        sa.Column("sentiment_score", sa.Float()),
        sa.Column("is_backchannel", sa.Boolean(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("pii", sa.Text()),
        sa.ForeignKeyConstraint(
            ["transcript_id"],
            ["transcripts.id"],
            name="fk_utterances_transcript_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("row_id", name="pk_utterances"),
        sa.UniqueConstraint(
            "transcript_id", "position", name="uq_utterances_transcript_id_position"
        ),
    )


def _make_call_edits() -> None:
    op.create_table(
        "call_edits",
        sa.Column("call_id", sa.String(length=64), nullable=False),
        sa.Column("org_id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name="fk_call_edits_call_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("call_id", name="pk_call_edits"),
    )


def _make_call_figures() -> None:
    op.create_table(
        "call_figures",
        sa.Column("call_id", sa.String(length=64), nullable=False),
        sa.Column("org_id", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("agent_name", sa.Text()),
        sa.Column("queue", sa.Text()),
        sa.Column("duration_ms", sa.BigInteger(), nullable=False),
        sa.Column("speech_ms", sa.BigInteger(), nullable=False),
        sa.Column("all_talk_ms", sa.BigInteger(), nullable=False),
        sa.Column("agent_talk_ms", sa.BigInteger()),
        sa.Column("customer_talk_ms", sa.BigInteger()),
        sa.Column("non_talk_ms", sa.BigInteger(), nullable=False),
        sa.Column("longest_silence_ms", sa.BigInteger(), nullable=False),
        sa.Column("hold_ms", sa.BigInteger(), nullable=False),
        sa.Column("overlap_ms", sa.BigInteger(), nullable=False),
        sa.Column("agent_interruptions", sa.Integer()),
        sa.Column("customer_interruptions", sa.Integer()),
        sa.Column("sentiment_sum", sa.Float(), nullable=False),
        sa.Column("sentiment_count", sa.Integer(), nullable=False),
        sa.Column("customer_sentiment_sum", sa.Float(), nullable=False),
        sa.Column("customer_sentiment_count", sa.Integer(), nullable=False),
        sa.Column("sentiment_mean", sa.Float()),
        sa.Column("customer_sentiment_mean", sa.Float()),
        sa.Column("sentiment_trend", sa.Float()),
        sa.Column("sentiment_label", sa.String(length=64)),
        sa.Column("negative_utterances", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name="fk_call_figures_call_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("call_id", name="pk_call_figures"),
    )
    op.create_index("ix_call_figures_org_id_day", "call_figures", ["org_id", "day"])
