"""What is being deleted and what has been: written with the rows, carried out outside of them.

A call's row and its removal change in one transaction. Sound and jobs go afterwards; as long as the
removal stands there, whoever finds it does that again.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from sqlalchemy import Connection, Engine, delete, func, select, update

from services.domain.calls import job_ids
from services.domain.ids import new_id
from services.storage.database import reading, writing
from services.storage.models import CALLS, RUNS
from services.storage.retention_tables import CALL_REMOVALS, ERASED_CALLS
from services.storage.rows import insert_new, upsert
from services.storage.usage_tables import PROVIDER_USE

_R = CALL_REMOVALS.c
_E = ERASED_CALLS.c


@dataclass(frozen=True, kw_only=True)
class Removal:
    """A call whose sound is to go, and the jobs of which no trace is to stay."""

    call_id: str
    jobs: tuple[str, ...]


class RemovalStore:
    """Knows what is still to be deleted. Methods raise StorageError when the database can't."""

    def __init__(self, engine: Engine) -> None:
        """Use this database."""
        self._engine = engine

    def begun(self, limit: int = 100) -> list[Removal]:
        """Return some of those that somebody has begun with, the oldest first."""
        query = select(_R.call_id, _R.jobs).order_by(_R.noted_at, _R.call_id).limit(limit)
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        return [Removal(call_id=row.call_id, jobs=tuple(json.loads(row.jobs))) for row in rows]

    def get(self, call_id: str) -> Removal | None:
        """Return the removal of a call, None where it is done."""
        with reading(self._engine) as connection:
            row = connection.execute(select(_R.jobs).where(_R.call_id == call_id)).first()
        return Removal(call_id=call_id, jobs=tuple(json.loads(row.jobs))) if row else None

    def finish(self, call_id: str) -> None:
        """Take that nothing of it is left to do."""
        with writing(self._engine) as connection:
            end_removal(connection, call_id)

    def erased(self) -> frozenset[str]:
        """Return the hashes of the ids of all calls that have been deleted."""
        with reading(self._engine) as connection:
            return frozenset(connection.execute(select(_E.call_hash)).scalars())

    def note_erased(self, hashes: Iterable[str], org_id: str) -> int:
        """Take over what another place knows to be deleted; return how much of it is new."""
        now = datetime.now(UTC)
        with writing(self._engine) as connection:
            return sum(_note_hash(connection, one, org_id, now) for one in hashes)

    def still_there(self) -> list[tuple[str, str]]:
        """Return organisation and id of calls that were deleted once, and are there."""
        known = self.erased()
        query = select(CALLS.c.org_id, CALLS.c.id)
        if not known:
            return []
        with reading(self._engine) as connection:
            return [
                (row.org_id, row.id)
                for row in connection.execute(query)
                if hash_of_call(row.id) in known
            ]

    def count(self) -> int:
        """Return how many removals are not done yet."""
        with reading(self._engine) as connection:
            return connection.execute(select(func.count()).select_from(CALL_REMOVALS)).scalar_one()


def hash_of_call(call_id: str) -> str:
    """Return by what a deleted call is known: ids are random, so nobody finds one by its hash."""
    return sha256(f"partyline call {call_id}".encode()).hexdigest()


def begin_removal(connection: Connection, org_id: str, call_id: str) -> None:
    """Write down what is to go, in the transaction in which a call's sound becomes unreadable.

    Until then jobs lead to the call; so it is read before its rows go.
    """
    runs = select(RUNS.c.number, RUNS.c.moves).where(RUNS.c.call_id == call_id)
    jobs = [
        job for run in connection.execute(runs) for job in job_ids(call_id, run.number, run.moves)
    ]
    row = {
        "call_id": call_id,
        "org_id": org_id,
        "jobs": json.dumps(jobs),
        "noted_at": datetime.now(UTC),
    }
    upsert(connection, CALL_REMOVALS, row, key=("call_id",))


def end_removal(connection: Connection, call_id: str) -> None:
    """Take that nothing of a removal is left to do."""
    connection.execute(delete(CALL_REMOVALS).where(_R.call_id == call_id))


def note_erased(connection: Connection, org_id: str, call_id: str) -> None:
    """Write down that a call is gone for good, and let nothing that stays name it."""
    _note_hash(connection, hash_of_call(call_id), org_id, datetime.now(UTC))
    used = PROVIDER_USE.c.run_key.startswith(f"{call_id}:", autoescape=True)
    for key in connection.execute(select(PROVIDER_USE.c.run_key).where(used)).scalars().all():
        anonymous = update(PROVIDER_USE).where(PROVIDER_USE.c.run_key == key)
        connection.execute(anonymous.values(run_key=f"gone:{new_id()}"))


def _note_hash(connection: Connection, call_hash: str, org_id: str, now: datetime) -> bool:
    row = {"call_hash": call_hash, "org_id": org_id, "erased_at": now}
    return insert_new(connection, ERASED_CALLS, row, key=("call_hash",))
