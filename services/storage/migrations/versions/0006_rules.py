"""Rules, the categories that they give calls, and what they ask about calls."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; the janitor fills them with the calls there are."""
    _make_rules()
    _make_categories()
    op.create_table(
        "rule_sweeps",
        sa.Column("org_id", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("wanted", sa.Text(), nullable=False),
        sa.Column("request", sa.Integer(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("org_id", name="pk_rule_sweeps"),
    )


def _make_rules() -> None:
    op.create_table(
        "rule_books",
        sa.Column("org_id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("org_id", name="pk_rule_books"),
    )
    op.create_table(
        "rules",
        sa.Column("org_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("org_id", "id", name="pk_rules"),
    )


def _make_categories() -> None:
    op.create_table(
        "call_categories",
        sa.Column("call_id", sa.String(length=64), nullable=False),
        sa.Column("rule_id", sa.String(length=64), nullable=False),
        sa.Column("org_id", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("alert", sa.Boolean(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name="fk_call_categories_call_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("call_id", "rule_id", name="pk_call_categories"),
    )
    op.create_index(
        "ix_call_categories_org_id_rule_id_day", "call_categories", ["org_id", "rule_id", "day"]
    )
    op.create_table(
        "rule_facts",
        sa.Column(
            "row_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("org_id", sa.String(length=64), nullable=False),
        sa.Column("call_id", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("passages", sa.LargeBinary(), nullable=False),
        sa.Column("lines", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name="fk_rule_facts_call_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("row_id", name="pk_rule_facts"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_rule_facts_call_id", "rule_facts", ["call_id"], unique=True)
    op.create_index("ix_rule_facts_org_id_row_id", "rule_facts", ["org_id", "row_id"])
