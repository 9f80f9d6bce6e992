"""How long things stay, what is on hold, what is being deleted and what has been."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_SHORT = sa.String(length=64)
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the tables, empty: without a period everything stays for ever."""
    _periods_and_runs()
    op.create_table(
        "legal_holds",
        sa.Column("id", _SHORT, nullable=False),
        sa.Column("org_id", _SHORT, nullable=False),
        sa.Column("call_id", _SHORT, nullable=True),
        sa.Column("customer_ref", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("placed_by", sa.Text(), nullable=False),
        sa.Column("placed_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_legal_holds"),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name="fk_legal_holds_call_id"),
    )
    op.create_index("ix_legal_holds_call_id", "legal_holds", ["call_id"])
    op.create_index("ix_legal_holds_org_id_customer_ref", "legal_holds", ["org_id", "customer_ref"])
    _removals()


def _periods_and_runs() -> None:
    op.create_table(
        "retention_periods",
        sa.Column("org_id", _SHORT, nullable=False),
        sa.Column("kind", _SHORT, nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("org_id", "kind", "queue", name="pk_retention_periods"),
    )
    counts = ("calls", "audio", "text", "voiceprints", "held")
    op.create_table(
        "retention_runs",
        sa.Column("id", _SHORT, nullable=False),
        sa.Column("org_id", _SHORT, nullable=False),
        sa.Column("began_at", _MOMENT, nullable=False),
        sa.Column("finished_at", _MOMENT, nullable=True),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in counts),
        sa.PrimaryKeyConstraint("id", name="pk_retention_runs"),
    )
    op.create_index("ix_retention_runs_org_id_began_at", "retention_runs", ["org_id", "began_at"])


def _removals() -> None:
    op.create_table(
        "call_lapses",
        sa.Column("call_id", _SHORT, nullable=False),
        sa.Column("kind", _SHORT, nullable=False),
        sa.Column("org_id", _SHORT, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("call_id", "kind", name="pk_call_lapses"),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name="fk_call_lapses_call_id", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "call_removals",
        sa.Column("call_id", _SHORT, nullable=False),
        sa.Column("org_id", _SHORT, nullable=False),
        sa.Column("jobs", sa.Text(), nullable=False),
        sa.Column("noted_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("call_id", name="pk_call_removals"),
    )
    op.create_table(
        "erased_calls",
        sa.Column("call_hash", _SHORT, nullable=False),
        sa.Column("org_id", _SHORT, nullable=False),
        sa.Column("erased_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("call_hash", name="pk_erased_calls"),
    )
    op.create_index("ix_erased_calls_erased_at", "erased_calls", ["erased_at"])
