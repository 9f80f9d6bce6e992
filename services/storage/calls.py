"""The store of calls. A call's state follows its newest run; a transcript it has stays with it.

Whatever a person can ask for takes the organisation first, and a call of another organisation is
not found. What ids of jobs and running calls lead to (``load``, ``set_audio``, ``take_recording``)
goes by the id alone.
"""

import builtins
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Column, Connection, Engine, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from services.domain.calls import AudioFacts, Call, CallDetails, Run
from services.domain.errors import AlreadyStored, NotFound, OnHold
from services.domain.findings import NOTICED_WHILE_HELD, FindingKind
from services.domain.people import Within
from services.storage.call_rows import (
    CallFilter,
    CallRow,
    CallSort,
    call_from_row,
    call_row,
    call_to_row,
    conditions,
    day_columns,
    details_columns,
    ordered,
    run_to_row,
    select_call,
    select_count,
    select_rows,
)
from services.storage.database import joining, reading, writing
from services.storage.deleting import delete_call
from services.storage.forms import pack_audio, unpack_audio
from services.storage.holds import check_call_free, check_customer_free
from services.storage.keys import WrappedKey
from services.storage.models import CALLS, RUNS, TRANSCRIPTS
from services.storage.reach import calls_within
from services.storage.removals import end_removal
from services.storage.search_places import move_lines
from services.storage.topics import topics_of_calls
from services.storage.whose import pass_on

__all__ = ["CallFilter", "CallRow", "CallSort", "CallStore"]

# Databases limit the number of parameters of one statement.
IDS_AT_ONCE = 500
_INSERT_CALL, _INSERT_RUN = insert(CALLS), insert(RUNS)


class CallStore:
    """Keeps calls. Every method raises StorageError, or DiskFull, when the database can't."""

    def __init__(self, engine: Engine) -> None:
        """Use this database."""
        self._engine = engine

    def transaction(self) -> AbstractContextManager[Connection]:
        """Return a context that gives one connection and commits at its end, or not at all.

        Stores take it as ``connection``; the job library's ``enqueue_in_transaction`` does too.
        """
        return writing(self._engine)

    def add(
        self, call: Call, run: Run, key: WrappedKey, *, connection: Connection | None = None
    ) -> None:
        """Add a call with its first run.

        Raises AlreadyStored when the organisation has a call with this content (or this id).
        """
        first_run = run if run.created_at else replace(run, created_at=call.created_at)
        with joining(self._engine, connection) as inside:
            try:
                inside.execute(_INSERT_CALL, [call_to_row(call, key)])
            except IntegrityError:
                raise AlreadyStored from None
            inside.execute(_INSERT_RUN, [run_to_row(call.org_id, first_run)])

    def get(self, org_id: str, call_id: str) -> Call:
        """Return the call. Raises NotFound."""
        with reading(self._engine) as connection:
            row = connection.execute(select_call(org_id, call_id)).mappings().first()
        if row is None:
            raise NotFound
        return call_from_row(row)

    def load(self, call_id: str) -> Call:
        """Return the call of any organisation, for work that begins with ids. Raises NotFound."""
        query = select(CALLS.c.org_id).where(CALLS.c.id == call_id)
        with reading(self._engine) as connection:
            org_id = connection.execute(query).scalar()
        if org_id is None:
            raise NotFound
        return self.get(org_id, call_id)

    def row(self, org_id: str, call_id: str) -> CallRow:
        """Return the call as lists show it. Raises NotFound."""
        query = select_rows(CALLS.c.org_id == org_id, CALLS.c.id == call_id)
        with reading(self._engine) as connection:
            row = connection.execute(query).mappings().first()
        if row is None:
            raise NotFound
        return call_row(row)

    def find_by_hash(self, org_id: str, content_hash: str) -> Call | None:
        """Return the organisation's call with this content, if there is one."""
        query = select(CALLS.c.id).where(
            CALLS.c.org_id == org_id, CALLS.c.content_hash == content_hash
        )
        with reading(self._engine) as connection:
            call_id = connection.execute(query).scalar()
            if call_id is None:
                return None
            row = connection.execute(select_call(org_id, call_id)).mappings().one()
        return call_from_row(row)

    def key(self, org_id: str, call_id: str) -> WrappedKey:
        """Return the call's data key as it is stored. Raises NotFound."""
        query = select(CALLS.c.key_id, CALLS.c.wrapped_key).where(
            CALLS.c.org_id == org_id, CALLS.c.id == call_id
        )
        with reading(self._engine) as connection:
            row = connection.execute(query).first()
        if row is None:
            raise NotFound
        return WrappedKey(key_id=row.key_id, sealed=row.wrapped_key)

    def list(self, org_id: str, wanted: CallFilter | None = None) -> builtins.list[CallRow]:
        """Return the calls that the filter lets through, in its order."""
        wanted = wanted or CallFilter()
        query = ordered(select_rows(*conditions(org_id, wanted)), wanted)
        with reading(self._engine) as connection:
            rows = [call_row(row) for row in connection.execute(query).mappings()]
            topics = topics_of_calls(connection, (row.call.id for row in rows))
            return [replace(row, topics=topics.get(row.call.id, ())) for row in rows]

    def count(self, org_id: str, wanted: CallFilter | None = None) -> int:
        """Return how many calls the filter lets through, whatever its limit and offset."""
        with reading(self._engine) as connection:
            return connection.execute(select_count(org_id, wanted or CallFilter())).scalar_one()

    def has_any(self, org_id: str, within: Within | None = None) -> bool:
        """Tell whether there is any call."""
        query = select(CALLS.c.id).where(CALLS.c.org_id == org_id, *calls_within(within)).limit(1)
        with reading(self._engine) as connection:
            return connection.execute(query).first() is not None

    def agents(self, org_id: str, within: Within | None = None) -> tuple[str, ...]:
        """Return the names of the agents of all calls, in order."""
        return self._names(org_id, CALLS.c.agent_name, within)

    def queues(self, org_id: str, within: Within | None = None) -> tuple[str, ...]:
        """Return the names of the queues of all calls, in order."""
        return self._names(org_id, CALLS.c.queue, within)

    def among(
        self, org_id: str, call_ids: Iterable[str], within: Within | None
    ) -> builtins.list[str]:
        """Return those of these calls that are the organisation's and within, in their order."""
        asked = builtins.list(call_ids)
        mine = (CALLS.c.org_id == org_id, *calls_within(within))
        found: set[str] = set()
        with reading(self._engine) as connection:
            for start in range(0, len(asked), IDS_AT_ONCE):
                some = CALLS.c.id.in_(asked[start : start + IDS_AT_ONCE])
                found.update(connection.execute(select(CALLS.c.id).where(*mine, some)).scalars())
        return [call_id for call_id in asked if call_id in found]

    def _names(self, org_id: str, column: Column[Any], within: Within | None) -> tuple[str, ...]:
        """Return what stands in a column; from name to name in its index, not from call to call."""
        first = select(func.min(column)).where(CALLS.c.org_id == org_id, *calls_within(within))
        names = first.cte("names", recursive=True)
        (last,) = names.c
        later = first.where(column > last).correlate(names).scalar_subquery()
        names = names.union_all(select(later).where(last.is_not(None)))
        (name,) = names.c
        with reading(self._engine) as connection:
            return tuple(
                sorted(connection.execute(select(name).where(name.is_not(None))).scalars())
            )

    def update_details(self, org_id: str, call_id: str, details: CallDetails) -> Call:
        """Replace what is known about the call besides its sound, and so wherever it is repeated.

        Raises NotFound, and OnHold for another reference while all of the customer is on hold.
        """
        with writing(self._engine) as connection:
            query = select_call(org_id, call_id).with_for_update()
            row = connection.execute(query).mappings().first()
            if row is None:
                raise NotFound
            if details.customer_ref != row["customer_ref"]:
                # Under another reference it would be held no more.
                check_customer_free(connection, org_id, row["customer_ref"])
            call = replace(call_from_row(row), details=details)
            days = day_columns(call)
            connection.execute(
                update(CALLS)
                .where(CALLS.c.id == call_id)
                .values(held_at=call.held_at, **details_columns(details), **days)
            )
            pass_on(connection, call)
            if call.held_at != row["held_at"]:
                move_lines(connection, call_id)
        return call

    def set_audio(self, call_id: str, facts: AudioFacts) -> None:
        """Store what the decoder found out; what was noticed while the call was held stays.

        Raises NotFound when the call has been deleted.
        """
        mine = CALLS.c.id == call_id
        with writing(self._engine) as connection:
            row = connection.execute(select(CALLS.c.audio).where(mine).with_for_update()).first()
            if row is None:
                raise NotFound
            before = unpack_audio(row.audio).findings if row.audio else ()
            kept = [found for found in before if found.kind in NOTICED_WHILE_HELD]
            found = [found for found in facts.findings if found.kind not in NOTICED_WHILE_HELD]
            packed = pack_audio(replace(facts, findings=(*kept, *found)))
            change = update(CALLS).where(mine)
            connection.execute(change.values(audio=packed, duration_ms=facts.duration_ms))

    def take_recording(
        self,
        call_id: str,
        *,
        content_hash: str,
        size_bytes: int,
        connection: Connection | None = None,
    ) -> bool:
        """Take that a call without a recording has one, which has not been decoded yet.

        Its content finds the call from then on, unless that is another call's already. Returns
        False for a call that has a recording. Raises NotFound.
        """
        mine = CALLS.c.id == call_id
        with joining(self._engine, connection) as inside:
            query = select(CALLS.c.org_id, CALLS.c.audio).where(mine).with_for_update()
            row = inside.execute(query).first()
            if row is None:
                raise NotFound
            found = unpack_audio(row.audio).findings if row.audio else ()
            if all(finding.kind is not FindingKind.NO_RECORDING for finding in found):
                return False
            taken = select(CALLS.c.id).where(
                CALLS.c.org_id == row.org_id, CALLS.c.content_hash == content_hash
            )
            change: dict[str, Any] = {"audio": None, "duration_ms": None, "size_bytes": size_bytes}
            if inside.execute(taken).first() is None:
                change["content_hash"] = content_hash
            inside.execute(update(CALLS).where(mine).values(change))
        return True

    def set_source_name(self, call_id: str, name: str) -> None:
        """Replace the recording's name. Raises NotFound when the call has been deleted."""
        change = update(CALLS).where(CALLS.c.id == call_id).values(source_name=name)
        with writing(self._engine) as connection:
            if not connection.execute(change).rowcount:
                raise NotFound

    def mark_reviewed(self, org_id: str, call_id: str, *, by: str | None) -> None:
        """Mark the call as reviewed by this person now; None takes the mark away.

        Raises NotFound.
        """
        change = (
            update(CALLS)
            .where(CALLS.c.org_id == org_id, CALLS.c.id == call_id)
            .values(reviewed_by=by, reviewed_at=datetime.now(UTC) if by else None)
        )
        with writing(self._engine) as connection:
            if not connection.execute(change).rowcount:
                raise NotFound

    def check_free(self, org_id: str, call_id: str) -> None:
        """Raise OnHold for a call that must not be deleted."""
        with reading(self._engine) as connection:
            check_call_free(connection, org_id, call_id)

    def has_unredacted(self, org_id: str, call_id: str) -> bool:
        """Say whether any transcript of the call is unredacted, also one that isn't shown."""
        mine = (TRANSCRIPTS.c.org_id == org_id, TRANSCRIPTS.c.call_id == call_id)
        query = select(TRANSCRIPTS.c.id).where(*mine, TRANSCRIPTS.c.redacted.is_(False))
        with reading(self._engine) as connection:
            return connection.execute(query.limit(1)).first() is not None

    def is_held(self, org_id: str, call_id: str) -> bool:
        """Say whether a call is on hold, so that nothing of it may go."""
        try:
            self.check_free(org_id, call_id)
        except OnHold:
            return True
        return False

    def delete(
        self, org_id: str, call_id: str, *, also: Callable[[Connection], None] | None = None
    ) -> None:
        """Delete the call with its runs, checkpoints, transcripts, edits, figures and its key.

        Its sound can't be decrypted from then on; that it and the jobs have to go is written down
        as a removal, ``also`` is done in the same transaction. A run that is going on finds out:
        what it wants to store afterwards is not found. What services elsewhere keep of it is to
        be deleted there from then on. Raises NotFound, OnHold.
        """
        with writing(self._engine) as connection:
            delete_call(connection, org_id, call_id, also)

    def removed(self, call_id: str) -> None:
        """Take that a deleted call's sound and jobs are gone as well."""
        with writing(self._engine) as connection:
            end_removal(connection, call_id)

    def existing(self, call_ids: Iterable[str]) -> set[str]:
        """Return which of these ids belong to a call of any organisation; for the janitor."""
        asked = sorted(set(call_ids))
        found: set[str] = set()
        with reading(self._engine) as connection:
            for start in range(0, len(asked), IDS_AT_ONCE):
                some = asked[start : start + IDS_AT_ONCE]
                found.update(
                    connection.execute(select(CALLS.c.id).where(CALLS.c.id.in_(some))).scalars()
                )
        return found
