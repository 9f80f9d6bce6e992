"""Sweeps: rules looked for in all stored calls, at most one at a time for each organisation."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sqlalchemy import Engine, Row, or_, select, update

from services.storage.database import reading, writing
from services.storage.forms import pack
from services.storage.rows import upsert
from services.storage.rule_tables import RULE_SWEEPS
from services.storage.rules import hold_book

# People change several rules in a row; a sweep for each would begin again and again.
DEBOUNCE_S = 2.0
# Whoever runs a sweep shows so every few seconds; without, it is taken up by somebody else.
GIVEN_UP_AFTER_S = 60.0
_W = RULE_SWEEPS.c


class SweepState(StrEnum):
    """Where a sweep is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """A sweep and how far it is; ``rule_ids`` None: of all rules. ``request`` counts requests."""

    org_id: str
    state: SweepState
    rule_ids: tuple[str, ...] | None
    request: int
    done: int
    total: int
    finished_at: datetime | None

    @property
    def is_over(self) -> bool:
        """Whether nothing is being done any more."""
        return self.state not in (SweepState.WAITING, SweepState.RUNNING)


class SweepStore:
    """Keeps what is to be swept. Every method raises StorageError when the database can't."""

    def __init__(self, engine: Engine, *, debounce_s: float = DEBOUNCE_S) -> None:
        """Use this database; a sweep waits so long for more to be asked of it."""
        self._engine = engine
        self._debounce = timedelta(seconds=debounce_s)

    def get(self, org_id: str) -> Sweep | None:
        """Return the organisation's newest sweep."""
        with reading(self._engine) as connection:
            row = connection.execute(select(RULE_SWEEPS).where(_W.org_id == org_id)).first()
        return None if row is None else _sweep(row)

    def request(self, org_id: str, rule_ids: Iterable[str] | None = None) -> None:
        """Ask for some rules, or all, to be looked for in all calls.

        What is asked for while a sweep is waiting or under way is added to it.
        """
        with writing(self._engine) as connection:
            hold_book(connection, org_id, alone=True)
            row = connection.execute(select(RULE_SWEEPS).where(_W.org_id == org_id)).first()
            before = _sweep(row) if row is not None else None
            wanted = None if rule_ids is None else set(rule_ids)
            if before is not None and not before.is_over:
                both = wanted is not None and before.rule_ids is not None
                wanted = {*(wanted or ()), *(before.rule_ids or ())} if both else None
            new = {
                "org_id": org_id,
                "state": SweepState.WAITING,
                "wanted": pack(sorted(wanted) if wanted is not None else None),
                "request": (before.request if before else 0) + 1,
                "requested_at": datetime.now(UTC),
                "cancel_requested": False,
                "done": 0,
                "total": 0,
                "beat_at": None,
                "finished_at": None,
            }
            upsert(connection, RULE_SWEEPS, new, key=("org_id",))

    def claim(self) -> Sweep | None:
        """Take up a sweep that waits, or whose process is gone; None when there is none."""
        now = datetime.now(UTC)
        waits = (_W.state == SweepState.WAITING) & (_W.requested_at <= now - self._debounce)
        given_up = (_W.state == SweepState.RUNNING) & (
            _W.beat_at < now - timedelta(seconds=GIVEN_UP_AFTER_S)
        )
        with writing(self._engine) as connection:
            query = select(RULE_SWEEPS).where(or_(waits, given_up)).limit(1)
            row = connection.execute(query.with_for_update(skip_locked=True)).first()
            if row is None:
                return None
            change = update(RULE_SWEEPS).where(_W.org_id == row.org_id)
            connection.execute(change.values(state=SweepState.RUNNING, beat_at=now))
        return _sweep(row)

    def go_on(self, sweep: Sweep, done: int, total: int) -> bool:
        """Note how far a sweep is; False when it is to stop: cancelled, or asked for anew."""
        change = {"done": done, "total": total, "beat_at": datetime.now(UTC)}
        return self._change(sweep, change, unless_cancelled=True)

    def finish(self, sweep: Sweep, state: SweepState) -> None:
        """Note that a sweep is over, unless it was asked for anew."""
        self._change(sweep, {"state": state, "finished_at": datetime.now(UTC)})

    def cancel(self, org_id: str) -> None:
        """Stop a sweep; calls keep what rules had found in them before."""
        now = datetime.now(UTC)
        mine = _W.org_id == org_id
        with writing(self._engine) as connection:
            waiting = update(RULE_SWEEPS).where(mine, _W.state == SweepState.WAITING)
            connection.execute(waiting.values(state=SweepState.CANCELLED, finished_at=now))
            running = update(RULE_SWEEPS).where(mine, _W.state == SweepState.RUNNING)
            connection.execute(running.values(cancel_requested=True))

    def _change(
        self, sweep: Sweep, change: dict[str, object], *, unless_cancelled: bool = False
    ) -> bool:
        query = update(RULE_SWEEPS).where(
            _W.org_id == sweep.org_id,
            _W.request == sweep.request,
            _W.state == SweepState.RUNNING,
        )
        if unless_cancelled:
            query = query.where(_W.cancel_requested.is_(False))
        with writing(self._engine) as connection:
            return bool(connection.execute(query.values(change)).rowcount)


def _sweep(row: Row[tuple[object, ...]]) -> Sweep:
    wanted = json.loads(row.wanted)
    return Sweep(
        org_id=row.org_id,
        state=SweepState(row.state),
        rule_ids=None if wanted is None else tuple(wanted),
        request=row.request,
        done=row.done,
        total=row.total,
        finished_at=row.finished_at,
    )
