"""What cloud services made of known voices, to recognise them by."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "voice_signatures",
        sa.Column("voice_id", sa.String(length=64), nullable=False),
        sa.Column("org_id", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("key_id", sa.String(length=64), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("voice_id", name="pk_voice_signatures"),
        sa.ForeignKeyConstraint(
            ["voice_id"],
            ["known_voices.id"],
            name="fk_voice_signatures_voice_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_voice_signatures_org_id", "voice_signatures", ["org_id"])
