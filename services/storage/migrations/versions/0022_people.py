"""People, the times they signed in, and tokens of the HTTP API."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables; nobody is known yet."""
    _add_people()
    _add_sign_ins()
    _add_tokens()


def _moment(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _add_people() -> None:
    op.create_table(
        "people",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("org_id", sa.String(length=64), nullable=False),
        sa.Column("identity", sa.String(length=64)),
        sa.Column("email", sa.Text()),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=64), nullable=False),
        sa.Column("beside", sa.Text(), nullable=False),
        sa.Column("all_calls", sa.Boolean(), nullable=False),
        sa.Column("queues", sa.Text(), nullable=False),
        sa.Column("agent_name", sa.Text()),
        sa.Column("by_claims", sa.Boolean(), nullable=False),
        _moment("created_at", nullable=False),
        _moment("disabled_at"),
        _moment("signed_out_at"),
        _moment("seen_at"),
        sa.PrimaryKeyConstraint("id", name="pk_people"),
        sa.UniqueConstraint("identity", name="uq_people_identity"),
    )
    op.create_index("ix_people_org_id", "people", ["org_id"])
    op.create_index("ix_people_email", "people", ["email"])


def _add_sign_ins() -> None:
    op.create_table(
        "sign_ins",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.Column("org_id", sa.String(length=64), nullable=False),
        _moment("began_at", nullable=False),
        _moment("seen_at", nullable=False),
        _moment("ended_at"),
        sa.PrimaryKeyConstraint("id", name="pk_sign_ins"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name="fk_sign_ins_person_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_sign_ins_person_id", "sign_ins", ["person_id"])
    op.create_index("ix_sign_ins_began_at", "sign_ins", ["began_at"])


def _add_tokens() -> None:
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("org_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("person_id", sa.String(length=64)),
        sa.Column("prefix", sa.String(length=64), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=64), nullable=False),
        sa.Column("rights", sa.Text(), nullable=False),
        sa.Column("all_calls", sa.Boolean(), nullable=False),
        sa.Column("queues", sa.Text(), nullable=False),
        sa.Column("agent_name", sa.Text()),
        sa.Column("made_by", sa.String(length=200), nullable=False),
        _moment("created_at", nullable=False),
        _moment("expires_at", nullable=False),
        _moment("revoked_at"),
        _moment("used_at"),
        sa.PrimaryKeyConstraint("id", name="pk_api_tokens"),
        sa.UniqueConstraint("secret_hash", name="uq_api_tokens_secret_hash"),
    )
    op.create_index("ix_api_tokens_org_id", "api_tokens", ["org_id"])
