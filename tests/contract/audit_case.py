"""An audit with entries in it, and what somebody with the database can do to it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine, delete, update

from services.access.authority import Authority
from services.auditing.desk import AuditDesk
from services.auditing.verifying import ChainVerifier
from services.domain.acts import Act, AuditEntry, Outcome
from services.domain.audit_trail import ChainBreak, ChainCheck, NotedHead
from services.storage.audit import AuditStore
from services.storage.audit_reading import AuditReader
from services.storage.audit_tables import AUDIT_ENTRIES, AUDIT_HEADS
from services.storage.calls import CallStore
from services.storage.database import writing
from tests.contract.stores import MASTER_KEY, ORG

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
_E = AUDIT_ENTRIES.c


def entry(number: int = 1, **changes: object) -> AuditEntry:
    made = AuditEntry(
        org_id=ORG,
        user_id="u1",
        name="Nora Fields",
        role="viewer",
        act=Act.CALL_VIEWED,
        outcome=Outcome.ALLOWED,
        at=NOW + timedelta(seconds=number),
        subject=f"call-{number}",
        address="192.0.2.7",
        details={"number": number},
    )
    return replace(made, **changes)


def fill(store: AuditStore) -> None:
    """Write six entries of one organisation, and two of another."""
    for number in range(1, 7):
        store.note(entry(number))
    store.add([entry(1, org_id="other"), entry(2, org_id="other")])


def checks(engine: Engine, noted: list[NotedHead] | None = None) -> dict[str, ChainCheck]:
    found = ChainVerifier(AuditReader(engine), MASTER_KEY).check(noted or [])
    return {one.org_id: one for one in found}


def broken(engine: Engine, noted: list[NotedHead] | None = None) -> ChainBreak | None:
    assert checks(engine, noted)["other"].broken is None
    return checks(engine, noted)[ORG].broken


def desk(engine: Engine, store: AuditStore) -> AuditDesk:
    return AuditDesk(AuditReader(engine), store, Authority(CallStore(engine), store))


def tamper(engine: Engine, *changes) -> None:
    """Do what somebody with the database does who knows of the triggers."""
    with writing(engine) as connection:
        tamper_on(connection, *changes)


def tamper_on(connection: Connection, *changes) -> None:
    if connection.dialect.name == "sqlite":
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'audit%'"
        for name in connection.exec_driver_sql(query).scalars().all():
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
    else:
        for table in ("entries", "heads"):
            connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS audit_{table}_kept CASCADE")
    for change in changes:
        connection.execute(change)


def of(sequence: int):
    return update(AUDIT_ENTRIES).where(_E.org_id == ORG, _E.sequence == sequence)


def without(*sequences: int):
    return delete(AUDIT_ENTRIES).where(_E.org_id == ORG, _E.sequence.in_(sequences))


HEAD = update(AUDIT_HEADS).where(AUDIT_HEADS.c.org_id == ORG)
