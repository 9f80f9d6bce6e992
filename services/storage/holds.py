"""The store of legal holds, and the checks that keep what is held from being deleted."""

import builtins
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Select,
    and_,
    delete,
    exists,
    insert,
    or_,
    select,
    text,
)

from services.domain.errors import HoldNotFound, NotFound, OnHold
from services.domain.retention import Hold
from services.storage.database import reading, writing
from services.storage.models import CALLS
from services.storage.retention_tables import LEGAL_HOLDS

IDS_AT_ONCE = 500
# Any number serves, as long as every Partyline process takes the same one. Locks of two numbers
# are others than those of one.
HOLD_LOCK = 0x5551
_HOLDING = text("SELECT pg_advisory_xact_lock(:of_holding, hashtext(:customer))")
_H = LEGAL_HOLDS.c


class HoldStore:
    """Keeps holds. Every method raises StorageError when the database can't.

    Every method takes the organisation; a hold of another one is not found.
    """

    def __init__(self, engine: Engine) -> None:
        """Use this database."""
        self._engine = engine

    def add(self, hold: Hold) -> None:
        """Keep a hold; from then on what it holds can't be deleted. Raises NotFound."""
        with writing(self._engine) as connection:
            if hold.customer_ref is not None:
                _lock_customer(connection, hold.org_id, hold.customer_ref)
            # Whoever deletes one of the calls holds its row: either it goes before, or it stays.
            held = select(CALLS.c.id).where(_calls_of(hold)).order_by(CALLS.c.id)
            found = connection.execute(held.with_for_update()).all()
            if hold.call_id is not None and not found:
                raise NotFound
            connection.execute(insert(LEGAL_HOLDS).values(vars(hold)))

    def list(self, org_id: str) -> list[Hold]:
        """Return the organisation's holds, the newest first."""
        query = select(LEGAL_HOLDS).where(_H.org_id == org_id)
        return self._holds(query.order_by(_H.placed_at.desc(), _H.id))

    def of_call(self, org_id: str, call_id: str) -> builtins.list[Hold]:
        """Return what holds a call: holds on itself and on its customer."""
        on_call = (CALLS.c.org_id == org_id, CALLS.c.id == call_id)
        query = select(LEGAL_HOLDS).join(CALLS, _holds_call()).where(*on_call)
        return self._holds(query.order_by(_H.placed_at, _H.id))

    def of_customer(self, org_id: str, customer_ref: str) -> builtins.list[Hold]:
        """Return what holds a customer: holds on the reference, and on any of the calls."""
        query = select(LEGAL_HOLDS).where(
            _H.org_id == org_id,
            or_(
                _H.customer_ref == customer_ref,
                _H.call_id.in_(
                    select(CALLS.c.id).where(
                        CALLS.c.org_id == org_id, CALLS.c.customer_ref == customer_ref
                    )
                ),
            ),
        )
        return self._holds(query.order_by(_H.placed_at, _H.id))

    def held(self, org_id: str, call_ids: Collection[str]) -> frozenset[str]:
        """Return which of these calls are on hold."""
        asked, found = sorted(set(call_ids)), set[str]()
        query = select(CALLS.c.id).where(CALLS.c.org_id == org_id, is_held())
        with reading(self._engine) as connection:
            for start in range(0, len(asked), IDS_AT_ONCE):
                some = CALLS.c.id.in_(asked[start : start + IDS_AT_ONCE])
                found.update(connection.execute(query.where(some)).scalars())
        return frozenset(found)

    def get(self, org_id: str, hold_id: str) -> Hold:
        """Return a hold. Raises HoldNotFound."""
        found = self._holds(select(LEGAL_HOLDS).where(_H.org_id == org_id, _H.id == hold_id))
        if not found:
            raise HoldNotFound
        return found[0]

    @contextmanager
    def free_customer(self, org_id: str, customer_ref: str) -> Iterator[Connection]:
        """Run the block in a transaction that begins with the customer not on hold.

        Raises OnHold.
        """
        with writing(self._engine) as connection:
            check_customer_free(connection, org_id, customer_ref)
            yield connection

    def release(self, org_id: str, hold_id: str) -> None:
        """Let go of what is held. Raises HoldNotFound."""
        mine = and_(_H.org_id == org_id, _H.id == hold_id)
        with writing(self._engine) as connection:
            if not connection.execute(delete(LEGAL_HOLDS).where(mine)).rowcount:
                raise HoldNotFound

    def _holds(self, query: Select[Any]) -> builtins.list[Hold]:
        with reading(self._engine) as connection:
            return [Hold(**row) for row in connection.execute(query).mappings()]


def is_held() -> ColumnElement[bool]:
    """Say of a call's row that it is on hold, by itself or by its customer."""
    return exists().where(_holds_call()).correlate(CALLS)


def check_call_free(connection: Connection, org_id: str, call_id: str) -> None:
    """Raise OnHold for a call that must not be deleted; its row is the caller's to lock."""
    mine = (CALLS.c.org_id == org_id, CALLS.c.id == call_id)
    if connection.execute(select(CALLS.c.id).where(*mine, is_held())).first() is not None:
        raise OnHold


def is_call_held(connection: Connection, call_id: str) -> bool:
    """Say whether a call is on hold; its row is the caller's to lock."""
    held = select(CALLS.c.id).where(CALLS.c.id == call_id, is_held())
    return connection.execute(held).first() is not None


def check_customer_free(connection: Connection, org_id: str, customer_ref: str | None) -> None:
    """Raise OnHold when everything of this customer is to stay as it is.

    Until the transaction ends nobody else places a hold on the customer.
    """
    if customer_ref is None:
        return
    _lock_customer(connection, org_id, customer_ref)
    held = select(_H.id).where(_H.org_id == org_id, _H.customer_ref == customer_ref)
    if connection.execute(held.limit(1)).first() is not None:
        raise OnHold


def _lock_customer(connection: Connection, org_id: str, customer_ref: str) -> None:
    """Let holds on a customer, and removals of what is no call yet, come one after the other.

    There is no row that both could lock. SQLite has one writer at a time.
    """
    if connection.dialect.name != "sqlite":
        customer = f"{org_id} {customer_ref}"
        connection.execute(_HOLDING, {"of_holding": HOLD_LOCK, "customer": customer})


def _calls_of(hold: Hold) -> ColumnElement[bool]:
    named = (
        CALLS.c.id == hold.call_id
        if hold.call_id is not None
        else CALLS.c.customer_ref == hold.customer_ref
    )
    return and_(CALLS.c.org_id == hold.org_id, named)


def _holds_call() -> ColumnElement[bool]:
    return and_(
        _H.org_id == CALLS.c.org_id,
        or_(_H.call_id == CALLS.c.id, _H.customer_ref == CALLS.c.customer_ref),
    )
