"""Runs that go on in the queue of another provider."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """No run has moved yet: each has waited since it was made."""
    op.add_column("runs", sa.Column("queued_at", sa.DateTime(timezone=True)))
    op.add_column(
        "runs", sa.Column("moves", sa.Integer(), nullable=False, server_default=sa.text("0"))
    )
    op.execute("UPDATE runs SET queued_at = created_at")
