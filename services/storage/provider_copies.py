"""What services elsewhere keep of calls, and what of it they are to delete.

A copy belongs to a run of a call until nobody needs it any more: the call is deleted, the run ends
without success or by another provider's work, or redaction takes its transcript away. Then nothing
but the reference stays, until the provider has deleted the copy.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Select,
    and_,
    delete,
    func,
    or_,
    select,
    update,
)

from services.storage.database import reading, writing
from services.storage.models import CALLS, RUNS, TRANSCRIPTS
from services.storage.provider_tables import PROVIDER_COPIES
from services.storage.rows import upsert

# Whoever takes a copy up and dies leaves it to the others after so long.
GIVEN_UP_AFTER = timedelta(minutes=10)
_C = PROVIDER_COPIES.c


@dataclass(frozen=True, kw_only=True)
class DueCopy:
    """A copy to be deleted at its provider; ``tries`` counts the attempts, this one included."""

    provider: str
    reference: str = field(repr=False)
    tries: int


class ProviderCopyStore:
    """Keeps references to copies. Every method raises StorageError when the database can't."""

    def __init__(self, engine: Engine) -> None:
        """Use this database."""
        self._engine = engine

    def note(self, org_id: str, call_id: str, run: int, provider: str, reference: str) -> None:
        """Note that a provider keeps a copy for a run; it is due at once when the run is over."""
        alive = and_(RUNS.c.call_id == call_id, RUNS.c.number == run, RUNS.c.finished_at.is_(None))
        with writing(self._engine) as connection:
            # Held in this order, as by whoever deletes the call: neither it nor the run ends
            # between this look and the note.
            call = select(CALLS.c.id).where(CALLS.c.id == call_id)
            connection.execute(call.with_for_update(read=True, key_share=True))
            found = connection.execute(
                select(RUNS.c.number).where(alive).with_for_update(read=True)
            )
            is_alive = found.first() is not None
            row = {
                "provider": provider,
                "reference": reference,
                "org_id": org_id,
                "call_id": call_id if is_alive else None,
                "run": run if is_alive else None,
                "tries": 0,
            }
            upsert(connection, PROVIDER_COPIES, row, key=("provider", "reference"), keep=("tries",))

    def references(self, org_id: str, call_id: str, provider: str) -> list[str]:
        """Return what a provider keeps of a call of this organisation, the newest run's first."""
        query = (
            select(_C.reference)
            .where(_C.org_id == org_id, _C.call_id == call_id, _C.provider == provider)
            .order_by(_C.run.desc(), _C.reference)
        )
        with reading(self._engine) as connection:
            return list(connection.execute(query).scalars())

    def claim(self, limit: int, *, failed_too: bool = False) -> list[DueCopy]:
        """Take up copies that are due, so that no other worker does at the same time.

        Those whose deletion failed wait for their time, unless ``failed_too``.
        """
        now = datetime.now(UTC)
        is_time = [_C.next_try_at.is_(None), _C.next_try_at <= now]
        if failed_too:
            is_time.append(_C.error_code.is_not(None))
        query = (
            select(_C.provider, _C.reference, _C.tries)
            .where(_C.call_id.is_(None), or_(*is_time))
            .order_by(_C.tries, _C.reference)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        with writing(self._engine) as connection:
            rows = connection.execute(query).all()
            for row in rows:
                change = {"tries": row.tries + 1, "next_try_at": now + GIVEN_UP_AFTER}
                one = update(PROVIDER_COPIES).where(_is(row.provider, row.reference))
                connection.execute(one.values(error_code=None, **change))
        return [
            DueCopy(provider=row.provider, reference=row.reference, tries=row.tries + 1)
            for row in rows
        ]

    def due_count(self) -> int:
        """Return how many copies are yet to be deleted at their providers."""
        query = select(func.count()).select_from(PROVIDER_COPIES).where(_C.call_id.is_(None))
        with reading(self._engine) as connection:
            return connection.execute(query).scalar_one()

    def forget(self, copy: DueCopy) -> None:
        """Forget a copy that its provider has deleted."""
        with writing(self._engine) as connection:
            connection.execute(delete(PROVIDER_COPIES).where(_is(copy.provider, copy.reference)))

    def put_off(self, copy: DueCopy, error_code: str, pause: timedelta) -> None:
        """Keep a copy that could not be deleted, to be tried again after a while."""
        change = {"error_code": error_code, "next_try_at": datetime.now(UTC) + pause}
        with writing(self._engine) as connection:
            one = update(PROVIDER_COPIES).where(_is(copy.provider, copy.reference))
            connection.execute(one.values(**change))


def release_copies_of_call(connection: Connection, call_id: str) -> None:
    """Make all copies of a call due; nothing tells any more whose they were."""
    _release(connection, _C.call_id == call_id)


def release_copies_of_run(
    connection: Connection, call_id: str, run: int, transcript_id: str | None = None
) -> None:
    """Make the copies due that a run leaves: all, or those that its transcript isn't made of."""
    mine = and_(_C.call_id == call_id, _C.run == run)
    if transcript_id is not None:
        made_by = select(TRANSCRIPTS.c.provider).where(TRANSCRIPTS.c.id == transcript_id)
        mine = and_(mine, _C.provider.not_in(made_by))
    _release(connection, mine)


def release_unredacted_copies(connection: Connection, call_id: str) -> None:
    """Make the copies due whose unredacted transcript is about to be deleted here."""
    unredacted: Select[tuple[int]] = select(TRANSCRIPTS.c.run).where(
        TRANSCRIPTS.c.call_id == call_id, TRANSCRIPTS.c.redacted.is_(False)
    )
    _release(connection, and_(_C.call_id == call_id, _C.run.in_(unredacted)))


def _release(connection: Connection, which: ColumnElement[bool]) -> None:
    connection.execute(update(PROVIDER_COPIES).where(which).values(call_id=None, run=None))


def _is(provider: str, reference: str) -> ColumnElement[bool]:
    return and_(_C.provider == provider, _C.reference == reference)
