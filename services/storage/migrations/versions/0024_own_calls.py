"""People find their own calls quickly, and go on with their own uploads."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index, and whose an upload is; of those there are, nobody knows."""
    op.create_index("ix_calls_org_id_added_by", "calls", ["org_id", "added_by"])
    op.add_column("uploads", sa.Column("added_by", sa.String(length=200), nullable=True))
