"""Who added a call, so that people reach their own whatever queue it belongs to."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; of the calls there are, nobody knows."""
    op.add_column("calls", sa.Column("added_by", sa.String(length=200), nullable=True))
