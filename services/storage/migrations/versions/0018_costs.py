"""How much sound each provider has transcribed, which is kept when the calls are not."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

# Of the calls there are; a run that kept the words of another one asked no provider.
_KNOWN = """
INSERT INTO provider_use (run_key, org_id, provider, day, audio_ms)
SELECT t.call_id || ':' || t.run, t.org_id, t.provider, {day}, c.duration_ms
FROM transcripts t
JOIN calls c ON c.id = t.call_id
JOIN runs r ON r.call_id = t.call_id AND r.number = t.run
WHERE c.duration_ms IS NOT NULL AND r.options NOT LIKE '%"relabel_of":"%'
"""


def upgrade() -> None:
    """Add the table and what is known by now."""
    short = sa.String(length=64)
    op.create_table(
        "provider_use",
        sa.Column("run_key", sa.String(length=96), nullable=False),
        sa.Column("org_id", short, nullable=False),
        sa.Column("provider", short, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("audio_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("run_key", name="pk_provider_use"),
    )
    op.create_index("ix_provider_use_org_id_day", "provider_use", ["org_id", "day"])
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    day = "date(t.created_at)" if is_sqlite else "(t.created_at AT TIME ZONE 'UTC')::date"
    op.execute(_KNOWN.format(day=day))
