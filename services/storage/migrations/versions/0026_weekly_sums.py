"""Sums by week beside those by day: of a year, a seventh of the rows is read."""

import sqlalchemy as sa
from alembic import op

from services.domain.together import Period
from services.storage.rollup_tables import AGENT, ROLLUPS, WHO
from services.storage.rollups import add_weeks, hold_folding

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables and fill them, where they weren't made with those of the days (0015)."""
    connection = op.get_bind()
    hold_folding(connection)
    there = set(sa.inspect(connection).get_table_names())
    for rollup in ROLLUPS.values():
        for who in WHO:
            made = rollup.of(who, Period.WEEK)
            if made.name not in there:
                made.create(connection)
                add_weeks(connection, rollup, who)
        for index in rollup.of(AGENT).indexes:
            index.create(connection, checkfirst=True)
