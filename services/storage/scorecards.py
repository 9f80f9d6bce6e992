"""The store of scorecards, as texts whose form it doesn't know."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from services.domain.errors import ScorecardChanged
from services.storage.database import reading, writing
from services.storage.score_tables import (
    CALL_ANSWERS,
    CALL_SCORES,
    SCORE_OVERRIDES,
    SCORECARDS,
    SCORING_STATE,
)

_C = SCORECARDS.c


@dataclass(frozen=True, kw_only=True)
class StoredScorecard:
    """A scorecard's text; ``body`` None: one that comes with Partyline, in use or not."""

    id: str
    body: str | None
    enabled: bool
    version: int


class ScorecardStore:
    """Keeps the scorecards of each organisation. Raises StorageError when the database can't."""

    def __init__(self, engine: Engine) -> None:
        """Use this database."""
        self._engine = engine

    def all(self, org_id: str, connection: Connection | None = None) -> list[StoredScorecard]:
        """Return the organisation's scorecards in order of their ids."""
        columns = (_C.id, _C.body, _C.enabled, _C.version)
        query = select(*columns).where(_C.org_id == org_id).order_by(_C.id)
        if connection is not None:
            rows = connection.execute(query).mappings().all()
        else:
            with reading(self._engine) as own:
                rows = own.execute(query).mappings().all()
        return [StoredScorecard(**row) for row in rows]

    def save(self, org_id: str, card: StoredScorecard) -> StoredScorecard:
        """Keep a scorecard made from the version it names (0: none); return it with its new one.

        Raises ScorecardChanged when another version has been kept in the meantime.
        """
        row = {
            "body": card.body,
            "enabled": card.enabled,
            "version": card.version + 1,
            "changed_at": datetime.now(UTC),
        }
        known = (_C.org_id == org_id, _C.id == card.id, _C.version == card.version)
        with writing(self._engine) as connection:
            if card.version:
                made = update(SCORECARDS).where(*known).values(row)
                found = connection.execute(made).rowcount
            else:
                new = insert(SCORECARDS).values(org_id=org_id, id=card.id, **row)
                try:
                    found = connection.execute(new).rowcount
                except IntegrityError:
                    found = 0
            if not found:
                raise ScorecardChanged
            # Who changes a scorecard wants its scores, whatever was stopped before.
            state = delete(SCORING_STATE).where(SCORING_STATE.c.org_id == org_id)
            connection.execute(state)
        return StoredScorecard(
            id=card.id, body=card.body, enabled=card.enabled, version=card.version + 1
        )

    def delete(self, org_id: str, scorecard_id: str) -> bool:
        """Delete a scorecard with all its scores and overrides; tell whether there was one."""
        with writing(self._engine) as connection:
            mine = (_C.org_id == org_id, _C.id == scorecard_id)
            if not connection.execute(delete(SCORECARDS).where(*mine)).rowcount:
                return False
            scored = select(CALL_SCORES.c.call_id).where(
                CALL_SCORES.c.org_id == org_id, CALL_SCORES.c.scorecard_id == scorecard_id
            )
            connection.execute(
                delete(CALL_ANSWERS).where(
                    CALL_ANSWERS.c.scorecard_id == scorecard_id, CALL_ANSWERS.c.call_id.in_(scored)
                )
            )
            for table in (CALL_SCORES, SCORE_OVERRIDES):
                own = (table.c.org_id == org_id, table.c.scorecard_id == scorecard_id)
                connection.execute(delete(table).where(*own))
        return True
