"""What calls are about, for lists and figures across calls."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "call_topics",
        sa.Column("call_id", sa.String(length=64), nullable=False),
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.Column("org_id", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("agent_name", sa.Text()),
        sa.Column("queue", sa.Text()),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("call_id", "topic", name="pk_call_topics"),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name="fk_call_topics_call_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_call_topics_org_id_day", "call_topics", ["org_id", "day"])
    op.create_index("ix_call_topics_org_id_topic", "call_topics", ["org_id", "topic"])
