"""Calls that are being held."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; nothing was held while this was not running."""
    short = sa.String(length=64)
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "live_calls",
        sa.Column("id", short, nullable=False),
        sa.Column("org_id", short, nullable=False),
        sa.Column("owner", short, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("source", short, nullable=False),
        sa.Column("state", short, nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("channels", sa.Integer(), nullable=False),
        sa.Column("began_at", moment, nullable=False),
        sa.Column("heartbeat_at", moment, nullable=False),
        sa.Column("process", short, nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.Column("gaps", sa.Text(), nullable=False),
        sa.Column("glance", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_live_calls"),
    )
    op.create_index("ix_live_calls_org_id_began_at", "live_calls", ["org_id", "began_at"])
    op.create_index("ix_live_calls_heartbeat_at", "live_calls", ["heartbeat_at"])
