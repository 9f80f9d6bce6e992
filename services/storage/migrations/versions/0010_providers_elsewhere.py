"""Queues of runs, copies that providers keep, and notices that they are to send."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; jobs that wait already wait in the one queue there was."""
    op.add_column(
        "runs", sa.Column("queue", sa.String(length=64), nullable=False, server_default="calls")
    )
    op.create_table(
        "provider_copies",
        sa.Column("provider", sa.String(length=64), nullable=False),
        sa.Column("reference", sa.String(length=200), nullable=False),
        sa.Column("org_id", sa.String(length=64), nullable=False),
        sa.Column("call_id", sa.String(length=64)),
        sa.Column("run", sa.Integer()),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True)),
        sa.Column("error_code", sa.String(length=64)),
        sa.PrimaryKeyConstraint("provider", "reference", name="pk_provider_copies"),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name="fk_provider_copies_call_id", ondelete="SET NULL"
        ),
    )
    op.create_index(
        "ix_provider_copies_call_id_next_try_at", "provider_copies", ["call_id", "next_try_at"]
    )
    op.create_table(
        "provider_notices",
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("provider", sa.String(length=64), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("arrived_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("token", name="pk_provider_notices"),
    )
