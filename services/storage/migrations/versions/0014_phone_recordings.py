"""Which call a recording belongs to that a telephone service has ready after the call has ended."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; no recording is expected yet."""
    short = sa.String(length=64)
    op.create_table(
        "phone_recordings",
        sa.Column("server_call", short, nullable=False),
        sa.Column("call_id", short, nullable=False),
        sa.Column("expected_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("server_call", name="pk_phone_recordings"),
    )
    op.create_index("ix_phone_recordings_expected_at", "phone_recordings", ["expected_at"])
