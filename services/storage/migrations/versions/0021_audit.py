"""The audit, who did what as a chain that can be checked; how calls were told of recording."""

import sqlalchemy as sa
from alembic import op

from services.storage.audit_tables import make_audit_triggers

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables and what keeps them, and the columns."""
    short = sa.String(length=64)
    op.create_table(
        "audit_entries",
        sa.Column("org_id", short, nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", short, nullable=False),
        sa.Column("act", short, nullable=False),
        sa.Column("outcome", short, nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("previous", short, nullable=False),
        sa.Column("hash", short, nullable=False),
        sa.PrimaryKeyConstraint("org_id", "sequence", name="pk_audit_entries"),
    )
    op.create_index("ix_audit_entries_subjects", "audit_entries", ["org_id", "subject", "sequence"])
    op.create_index("ix_audit_entries_times", "audit_entries", ["org_id", "at_ms"])
    op.create_table(
        "audit_heads",
        sa.Column("org_id", short, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("hash", short, nullable=False),
        sa.Column("cut_through", sa.BigInteger(), nullable=False),
        sa.Column("seal", short, nullable=False),
        sa.Column("key_id", short, nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("org_id", name="pk_audit_heads"),
    )
    make_audit_triggers(op.get_bind())
    op.add_column("calls", sa.Column("consent", short, nullable=True))
    op.add_column("calls", sa.Column("consent_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("calls", sa.Column("consent_by", sa.Text(), nullable=True))
