"""Phone calls that are being held: their ids, words that were heard, events that came."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns and tables; no call that is being held is a phone call yet."""
    short = sa.String(length=64)
    op.add_column("live_calls", sa.Column("phone", sa.Text()))
    op.add_column("live_calls", sa.Column("phone_connection", sa.String(length=191)))
    op.create_index("ix_live_calls_phone_connection", "live_calls", ["phone_connection"])
    op.create_table(
        "phone_keys",
        sa.Column("call_id", short, nullable=False),
        sa.Column("org_id", short, nullable=False),
        sa.Column("key_id", short, nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("call_id", name="pk_phone_keys"),
        sa.ForeignKeyConstraint(
            ["call_id"], ["live_calls.id"], name="fk_phone_keys_call_id", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "phone_words",
        sa.Column("call_id", short, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("org_id", short, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("call_id", "n", name="pk_phone_words"),
        sa.ForeignKeyConstraint(
            ["call_id"], ["phone_keys.call_id"], name="fk_phone_words_call_id", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "phone_seen",
        sa.Column("event", short, nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("event", name="pk_phone_seen"),
    )
    op.create_index("ix_phone_seen_seen_at", "phone_seen", ["seen_at"])
