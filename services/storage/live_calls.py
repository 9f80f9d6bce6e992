"""The store of calls that are being held: their state, and which process holds them.

A process that holds a call says so by heartbeats. When they stop for too long, exactly one other
process takes the call over; whoever held it before learns from its next heartbeat. What rows say of
a call's words is redacted where the call is.
"""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, and_, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from services.domain.errors import AlreadyStored, NotFound
from services.domain.live_calls import LiveSource, LiveState, RunningCall
from services.domain.phone import PhoneFacts, PhoneService
from services.storage.database import joining, reading, writing
from services.storage.live_forms import (
    phone_columns,
    phone_connection,
    progress_columns,
    running_call_from_row,
    running_call_to_row,
)
from services.storage.live_tables import LIVE_CALLS

# Databases limit the number of parameters of one statement.
IDS_AT_ONCE = 500


class LiveCallStore:
    """Keeps running calls. Every method raises StorageError, or DiskFull, when the database can't.

    What a person can ask for takes the organisation, and a call of another one is not found; the
    methods of the processes that hold calls go by the id alone.
    """

    def __init__(self, engine: Engine) -> None:
        """Use this database."""
        self._engine = engine

    # --- for people ---------------------------------------------------------------------------

    def running(self, org_id: str) -> list[RunningCall]:
        """Return the organisation's calls, those that began last first.

        One that a telephone service was only asked for is none yet.
        """
        query = select(LIVE_CALLS).where(LIVE_CALLS.c.org_id == org_id)
        query = query.order_by(LIVE_CALLS.c.began_at.desc(), LIVE_CALLS.c.id)
        with reading(self._engine) as connection:
            calls = [running_call_from_row(r) for r in connection.execute(query).mappings()]
        return [call for call in calls if call.phone is None or call.phone.is_known]

    def get(self, org_id: str, call_id: str) -> RunningCall:
        """Return the call. Raises NotFound."""
        call = self.load(call_id)
        if call.org_id != org_id:
            raise NotFound
        return call

    # --- for the processes that hold calls ----------------------------------------------------

    def add(self, call: RunningCall) -> None:
        """Add a call that begins. Raises AlreadyStored when there is one of this id."""
        with writing(self._engine) as connection:
            try:
                connection.execute(insert(LIVE_CALLS).values(running_call_to_row(call)))
            except IntegrityError:
                raise AlreadyStored from None

    def load(self, call_id: str) -> RunningCall:
        """Return the call of any organisation. Raises NotFound."""
        query = select(LIVE_CALLS).where(LIVE_CALLS.c.id == call_id)
        with reading(self._engine) as connection:
            row = connection.execute(query).mappings().first()
        if row is None:
            raise NotFound
        return running_call_from_row(row)

    def heartbeat(self, call: RunningCall) -> bool:
        """Write what changes while the call goes on, and that its process is alive now.

        Returns False when the call is gone, or another process has taken it over: then it is no
        longer this one's.
        """
        return self._change(call.id, call.process, **progress_columns(call))

    def touch(self, call_id: str, process: str) -> bool:
        """Say that the call's process is alive, with the same answer as a heartbeat's."""
        return self._change(call_id, process)

    def take_over(
        self,
        process: str,
        *,
        silent_since: datetime,
        among: Collection[str],
        spare: Callable[[RunningCall], bool] = lambda _call: False,
    ) -> list[RunningCall]:
        """Make calls this process's that showed no heartbeat since then; return those.

        Those that were going on are INTERRUPTED from now on. Of several processes that ask at once
        one gets a call. ``among`` are the ids to look at: those whose sound this process can read.
        Calls to ``spare`` are left as they are.
        """
        silent = [call for call in self._silent(silent_since, among) if not spare(call)]
        taken = [
            self._take(call, process, LiveState.INTERRUPTED if call.goes_on else call.state)
            for call in silent
        ]
        return [call for call in taken if call is not None]

    def name_phone(self, call: RunningCall, phone: PhoneFacts) -> bool:
        """Write what the service calls a phone call that it was only asked for, whoever asked.

        Returns False when that is known already, or the call is gone.
        """
        unnamed = LIVE_CALLS.c.phone_connection == phone_connection(phone.service, "")
        change = update(LIVE_CALLS).where(LIVE_CALLS.c.id == call.id, unnamed)
        with writing(self._engine) as connection:
            return bool(connection.execute(change.values(**phone_columns(phone))).rowcount)

    def silent_phones(self, before: datetime) -> list[RunningCall]:
        """Return the calls whose words a telephone service sends, without a heartbeat since then.

        Nothing of them lies on one machine alone, so that any process can go on with them. One
        that doesn't go on (``goes_on``) is over; its process died before it had landed.
        """
        named = LIVE_CALLS.c.phone_connection.like(f"{PhoneService.ACS}:%")
        query = select(LIVE_CALLS).where(LIVE_CALLS.c.source == LiveSource.PHONE, named)
        query = query.where(LIVE_CALLS.c.heartbeat_at < before).order_by(LIVE_CALLS.c.began_at)
        with reading(self._engine) as connection:
            return [running_call_from_row(row) for row in connection.execute(query).mappings()]

    def take_up(self, call: RunningCall, process: str) -> RunningCall | None:
        """Make a call this process's, to go on with it; return it as it is now.

        None when its row has changed since it was read: another process was quicker.
        """
        return self._take(call, process, call.state)

    def existing(self, call_ids: Collection[str]) -> set[str]:
        """Return which of these ids belong to a running call of any organisation."""
        asked = sorted(set(call_ids))
        found: set[str] = set()
        with reading(self._engine) as connection:
            for start in range(0, len(asked), IDS_AT_ONCE):
                some = LIVE_CALLS.c.id.in_(asked[start : start + IDS_AT_ONCE])
                found.update(connection.execute(select(LIVE_CALLS.c.id).where(some)).scalars())
        return found

    def remove(self, call_id: str, *, connection: Connection | None = None) -> bool:
        """Remove the call, which is over; return whether it was there."""
        with joining(self._engine, connection) as inside:
            gone = inside.execute(delete(LIVE_CALLS).where(LIVE_CALLS.c.id == call_id))
        return bool(gone.rowcount)

    def forget_without_sound(self, with_tape: Collection[str]) -> int:
        """Remove calls of which neither words nor a tape are there any more; return how many.

        For a database that was restored: tapes are on the machines that recorded them.
        """
        has_words = LIVE_CALLS.c.phone_connection.like(f"{PhoneService.ACS}:%")
        lost = and_(
            or_(LIVE_CALLS.c.phone_connection.is_(None), ~has_words),
            LIVE_CALLS.c.id.not_in(list(with_tape)),
        )
        with writing(self._engine) as connection:
            return int(connection.execute(delete(LIVE_CALLS).where(lost)).rowcount)

    def _take(self, call: RunningCall, process: str, state: LiveState) -> RunningCall | None:
        # Only while the heartbeat is the one that was read: whoever comes second changes none.
        seen = (LIVE_CALLS.c.id == call.id, LIVE_CALLS.c.heartbeat_at == call.heartbeat_at)
        now = datetime.now(UTC)
        change = update(LIVE_CALLS).where(*seen, LIVE_CALLS.c.process == call.process)
        change = change.values(state=state, process=process, heartbeat_at=now)
        with writing(self._engine) as connection:
            if not connection.execute(change).rowcount:
                return None
        return replace(call, state=state, process=process, heartbeat_at=now)

    def _silent(self, since: datetime, among: Collection[str]) -> list[RunningCall]:
        query = select(LIVE_CALLS).where(LIVE_CALLS.c.heartbeat_at < since)
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(LIVE_CALLS.c.began_at)).mappings().all()
        wanted = set(among)
        return [running_call_from_row(row) for row in rows if row["id"] in wanted]

    def _change(self, call_id: str, process: str, **values: object) -> bool:
        mine = and_(LIVE_CALLS.c.id == call_id, LIVE_CALLS.c.process == process)
        change = update(LIVE_CALLS).where(mine).values(heartbeat_at=datetime.now(UTC), **values)
        with writing(self._engine) as connection:
            return bool(connection.execute(change).rowcount)
