"""Whatever somebody with the database, but without the key, does to the audit is found."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from sqlalchemy import Connection, Engine, delete, insert, select

from services.auditing.verifying import ChainVerifier
from services.domain.audit_trail import BreakKind, ChainBreak, NotedHead
from services.domain.errors import AccessDenied, AuditBroken
from services.domain.people import LOCAL_USER, Role
from services.storage.audit import AuditStore
from services.storage.audit_reading import AuditReader, Chain, chains_on
from services.storage.audit_tables import AUDIT_ENTRIES, AUDIT_HEADS
from services.storage.database import reading
from tests.contract.audit_case import (
    HEAD,
    broken,
    checks,
    desk,
    entry,
    of,
    tamper,
    tamper_on,
    without,
)
from tests.contract.stores import MASTER_KEY, ORG

_E = AUDIT_ENTRIES.c
NEXT = select(*[c if c.name != "sequence" else _E.sequence + 1 for c in _E])
TAMPERED = [
    ([of(3).values(name="Somebody else")], BreakKind.CHANGED, 3),
    ([without(1, 2)], BreakKind.MISSING, 1),
    ([without(3)], BreakKind.MISSING, 3),
    ([without(5, 6)], BreakKind.CUT, 5),
    (
        [of(3).values(sequence=99), of(4).values(sequence=3), of(99).values(sequence=4)],
        BreakKind.OUT_OF_ORDER,
        3,
    ),
    ([without(6), HEAD.values(sequence=5)], BreakKind.FORGED, None),
    ([HEAD.values(cut_through=2), without(1, 2)], BreakKind.FORGED, None),
    ([delete(AUDIT_HEADS).where(AUDIT_HEADS.c.org_id == ORG)], BreakKind.FORGED, None),
    (
        [
            insert(AUDIT_ENTRIES).from_select(
                [c.name for c in _E], NEXT.where(_E.org_id == ORG, _E.sequence == 6)
            )
        ],
        BreakKind.FORGED,
        7,
    ),
]


class Uncommitted(AuditReader):
    """Sees what one connection has not committed yet."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @contextmanager
    def chains(self) -> Iterator[Iterator[Chain]]:
        yield chains_on(self._connection)


def test_what_somebody_with_the_database_does_is_found(
    filled_audit: AuditStore, engine: Engine
) -> None:
    for changes, kind, place in TAMPERED:
        with engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            tamper_on(connection, *changes)
            found = ChainVerifier(Uncommitted(connection), MASTER_KEY).check()
            connection.rollback()
        told = {one.org_id: one.broken for one in found}
        assert told == {ORG: ChainBreak(kind=kind, sequence=place), "other": None}


def test_a_changed_head_is_not_written_over(filled_audit: AuditStore, engine: Engine) -> None:
    tamper(engine, without(6), HEAD.values(sequence=5))
    with pytest.raises(AuditBroken):
        filled_audit.note(entry(7))
    with pytest.raises(AccessDenied):
        desk(engine, filled_audit).resume(replace(LOCAL_USER, role=Role.SUPERVISOR))
    assert desk(engine, filled_audit).resume(LOCAL_USER)
    assert not desk(engine, filled_audit).resume(LOCAL_USER)
    filled_audit.note(entry(8))
    found = checks(engine)[ORG]
    assert (found.broken, found.resumed_after, found.entries) == (None, 5, 7)


def test_what_was_put_back_to_an_earlier_state_is_found_by_what_was_noted(
    filled_audit: AuditStore, engine: Engine, audit_reader: AuditReader
) -> None:
    with reading(engine) as connection:
        head = connection.execute(select(AUDIT_HEADS).where(AUDIT_HEADS.c.org_id == ORG))
        then = dict(head.mappings().one())
    filled_audit.note(entry(7))
    noted = audit_reader.heads()
    tamper(engine, without(7), HEAD.values(then))
    assert broken(engine) is None
    assert broken(engine, noted) == ChainBreak(kind=BreakKind.CUT, sequence=7)
    filled_audit.note(entry(7, name="Somebody else"))
    assert broken(engine, noted) == ChainBreak(kind=BreakKind.FORGED, sequence=7)
    gone = NotedHead(org_id="gone", sequence=3, hash="0")
    assert checks(engine, [gone])["gone"].broken == ChainBreak(kind=BreakKind.CUT, sequence=None)
