"""Recordings that come from elsewhere: how those are called there, what is known, open uploads."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a column and tables; no call that is there has a reference of elsewhere."""
    short = sa.String(length=64)
    moment = sa.DateTime(timezone=True)
    op.add_column("calls", sa.Column("external_ref", sa.Text()))
    op.create_index("ix_calls_org_id_external_ref", "calls", ["org_id", "external_ref"])
    op.create_table(
        "ingested_files",
        sa.Column("org_id", short, nullable=False),
        sa.Column("file", short, nullable=False),
        sa.Column("mark", sa.String(length=128), nullable=False),
        sa.Column("beside", short, nullable=False),
        sa.Column("fate", short, nullable=False),
        sa.Column("error_code", short),
        sa.Column("noted_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("org_id", "file", name="pk_ingested_files"),
    )
    op.create_table(
        "request_keys",
        sa.Column("org_id", short, nullable=False),
        sa.Column("request_key", short, nullable=False),
        sa.Column("call_id", short, nullable=False),
        sa.Column("duplicate", sa.Boolean(), nullable=False),
        sa.Column("noted_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("org_id", "request_key", name="pk_request_keys"),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name="fk_request_keys_call_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_request_keys_call_id", "request_keys", ["call_id"])
    op.create_index("ix_request_keys_noted_at", "request_keys", ["noted_at"])
    op.create_table(
        "uploads",
        sa.Column("id", short, nullable=False),
        sa.Column("org_id", short, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("offset_bytes", sa.BigInteger(), nullable=False),
        sa.Column("content_hash", short),
        sa.Column("call_id", short),
        sa.Column("duplicate", sa.Boolean(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("changed_at", moment, nullable=False),
        sa.Column("key_id", short, nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_uploads"),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name="fk_uploads_call_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_uploads_call_id", "uploads", ["call_id"])
    op.create_index("ix_uploads_org_id_changed_at", "uploads", ["org_id", "changed_at"])
    op.create_table(
        "upload_parts",
        sa.Column("upload_id", short, nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("org_id", short, nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("part", short, nullable=False),
        sa.PrimaryKeyConstraint("upload_id", "start", name="pk_upload_parts"),
        sa.ForeignKeyConstraint(
            ["upload_id"], ["uploads.id"], name="fk_upload_parts_upload_id", ondelete="CASCADE"
        ),
    )
