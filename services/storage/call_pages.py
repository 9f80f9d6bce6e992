"""Calls page by page, newest first: a page begins behind a call, whatever came in meanwhile."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, literal, tuple_

from services.storage.call_rows import CallFilter, CallRow, call_row, conditions, select_rows
from services.storage.database import reading
from services.storage.models import CALLS


@dataclass(frozen=True, kw_only=True)
class PlaceInList:
    """Behind which call a page begins: that one's moment and id."""

    held_at: datetime
    call_id: str


class CallPages:
    """Lists calls. Every method raises StorageError when the database can't."""

    def __init__(self, engine: Engine) -> None:
        """Use this database."""
        self._engine = engine

    def page(
        self, org_id: str, wanted: CallFilter, after: PlaceInList | None, limit: int
    ) -> list[CallRow]:
        """Return ``limit`` calls behind a place, those held last first; topics are left out.

        Of the filter its order and bounds are not looked at.
        """
        query = select_rows(*conditions(org_id, wanted))
        if after is not None:
            behind = tuple_(
                literal(after.held_at, CALLS.c.held_at.type),
                literal(after.call_id, CALLS.c.id.type),
            )
            query = query.where(tuple_(CALLS.c.held_at, CALLS.c.id) < behind)
        query = query.order_by(CALLS.c.held_at.desc(), CALLS.c.id.desc()).limit(limit)
        with reading(self._engine) as connection:
            return [call_row(row) for row in connection.execute(query).mappings()]
