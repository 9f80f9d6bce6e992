"""Workers on any number of hosts, queues that can be paused, priorities, and claims of runs."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables and columns; runs that wait have the priority of single ones."""
    op.create_table(
        "workers",
        sa.Column("id", sa.String(length=200), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("host", sa.String(length=200), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("queues", sa.Text(), nullable=False),
        sa.Column("jobs_at_once", sa.Integer(), nullable=False),
        sa.Column("started_ms", sa.BigInteger(), nullable=False),
        sa.Column("beat_ms", sa.BigInteger(), nullable=False),
        sa.Column("draining", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_workers"),
    )
    op.create_table(
        "job_queues",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("at_once", sa.Integer()),
        sa.Column("paused_ms", sa.BigInteger()),
        sa.Column("paused_by", sa.String(length=64)),
        sa.PrimaryKeyConstraint("name", name="pk_job_queues"),
    )
    for name, default in (("priority", "10"), ("claim", "0")):
        op.add_column(
            "runs", sa.Column(name, sa.Integer(), nullable=False, server_default=sa.text(default))
        )
    op.add_column("runs", sa.Column("dismissed_at", sa.DateTime(timezone=True)))
