"""The audit: written down in order, never changed, and whatever is done to it is found."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from sqlalchemy import Engine, delete, insert, select, update

from services.access.authority import Authority
from services.auditing.desk import AuditDesk
from services.auditing.table import csv_lines
from services.auditing.verifying import ChainVerifier
from services.domain.acts import Act, AuditEntry, Outcome
from services.domain.audit_trail import AuditQuery, BreakKind, ChainBreak, ChainCheck, NotedHead
from services.domain.errors import AccessDenied, AuditBroken, StorageError, WrongKey
from services.domain.people import LOCAL_USER, Role
from services.storage.audit import AuditStore
from services.storage.audit_reading import AuditReader
from services.storage.audit_tables import AUDIT_ENTRIES, AUDIT_HEADS
from services.storage.calls import CallStore
from services.storage.database import reading, writing
from services.storage.keys import MasterKey
from tests.contract.stores import MASTER_KEY, ORG, add

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


@pytest.fixture
def store(engine: Engine) -> AuditStore:
    return AuditStore(engine, MASTER_KEY)


@pytest.fixture
def reader(engine: Engine) -> AuditReader:
    return AuditReader(engine)


@pytest.fixture
def filled(store: AuditStore) -> Iterator[AuditStore]:
    for number in range(1, 7):
        store.note(entry(number))
    store.add([entry(1, org_id="other"), entry(2, org_id="other")])
    return store


def checks(engine: Engine, noted: list[NotedHead] | None = None) -> dict[str, ChainCheck]:
    found = ChainVerifier(AuditReader(engine), MASTER_KEY).check(noted or [])
    return {one.org_id: one for one in found}


def broken(engine: Engine, noted: list[NotedHead] | None = None) -> ChainBreak | None:
    assert checks(engine, noted)["other"].broken is None
    return checks(engine, noted)[ORG].broken


def test_what_is_written_is_read_as_it_was(store: AuditStore, reader: AuditReader) -> None:
    store.note(entry(1))
    odd = entry(2, name="a\0b\ud800", subject="x" * 5_000, address=None, details={"kind": "csv\0"})
    store.note(replace(odd, outcome=Outcome.REFUSED, at=NOW + timedelta(milliseconds=1.9)))
    newest, oldest = reader.page(ORG, AuditQuery()).entries
    assert (oldest.sequence, oldest.at, oldest.name) == (
        1,
        NOW + timedelta(seconds=1),
        "Nora Fields",
    )
    assert (oldest.act, oldest.outcome, oldest.role) == ("call_viewed", "allowed", "viewer")
    assert (oldest.subject, oldest.address) == ("call-1", "192.0.2.7")
    assert oldest.details == {"number": 1}
    assert (newest.sequence, newest.name, newest.address) == (2, "ab?", None)
    assert newest.subject == "x" * 200
    assert newest.at == NOW + timedelta(milliseconds=1)


def test_pages_and_filters(filled: AuditStore, reader: AuditReader) -> None:
    filled.note(entry(7, user_id="u2", name="100% Ed", act=Act.CALL_DELETED, subject="call-2"))
    filled.note(entry(8, outcome=Outcome.REFUSED))

    def found(**wanted: object) -> list[int]:
        return [one.sequence for one in reader.page(ORG, AuditQuery(**wanted)).entries]

    page = reader.page(ORG, AuditQuery(limit=3))
    assert ([one.sequence for one in page.entries], page.before) == ([8, 7, 6], 6)
    last = reader.page(ORG, AuditQuery(limit=5, before=6))
    assert ([one.sequence for one in last.entries], last.before) == ([5, 4, 3, 2, 1], None)
    assert found(who="u2") == found(who="00% e") == found(acts=(Act.CALL_DELETED,)) == [7]
    assert found(who="u") == []
    assert found(who="%") == [7]
    assert found(subject="call-2") == [7, 2]
    assert found(outcome=Outcome.REFUSED) == [8]
    since, until = NOW + timedelta(seconds=3), NOW + timedelta(seconds=5)
    assert found(since=since, until=until) == [4, 3]
    assert reader.page("nobody", AuditQuery()).entries == ()


def test_it_outlives_calls_and_is_checked_as_a_whole(
    filled: AuditStore, engine: Engine, calls: CallStore
) -> None:
    call = add(calls)
    filled.note(entry(7, act=Act.CALL_DELETED, subject=call.id))
    calls.delete(ORG, call.id)
    found = checks(engine)
    assert [one.broken for one in found.values()] == [None, None]
    assert (found[ORG].entries, found["other"].entries) == (7, 2)
    assert found[ORG].first_at == NOW + timedelta(seconds=1)
    assert found[ORG].last in AuditReader(engine).heads()


def test_those_who_write_at_once_leave_no_gap(engine: Engine, store: AuditStore) -> None:
    def write(first: int) -> None:
        for number in range(first, first + 10):
            AuditStore(engine, MASTER_KEY).note(entry(number))

    threads = [Thread(target=write, args=(10 * n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [found] = checks(engine).values()
    assert (found.broken, found.entries) == (None, 60)
    assert found.last is not None
    assert found.last.sequence == 60


@pytest.mark.parametrize(
    "change",
    [
        update(AUDIT_ENTRIES).values(name="Somebody else"),
        delete(AUDIT_ENTRIES),
        delete(AUDIT_HEADS),
        update(AUDIT_HEADS).values(sequence=1),
    ],
)
def test_the_database_refuses_to_change_it(filled: AuditStore, engine: Engine, change) -> None:
    with pytest.raises(StorageError), writing(engine) as connection:
        connection.execute(change)
    assert broken(engine) is None


def test_the_database_refuses_to_replace_or_empty_it(filled: AuditStore, engine: Engine) -> None:
    is_sqlite = engine.dialect.name == "sqlite"
    replaced = (
        "INSERT OR REPLACE INTO audit_entries SELECT * FROM audit_entries WHERE sequence = 1"
        if is_sqlite
        else "TRUNCATE audit_entries"
    )
    with pytest.raises(StorageError), writing(engine) as connection:
        connection.exec_driver_sql(replaced)
    assert broken(engine) is None


class NoSpace(AuditStore):
    """A database that takes nothing more."""

    def add(self, entries: object) -> None:
        raise StorageError


def test_what_can_t_be_written_is_not_done_but_a_refusal_stays_one(engine: Engine) -> None:
    full = NoSpace(engine, MASTER_KEY)
    with pytest.raises(StorageError):
        full.note(entry())
    full.note(entry(outcome=Outcome.REFUSED))


def test_another_master_key_writes_nothing_and_finds_fault(
    filled: AuditStore, engine: Engine
) -> None:
    with pytest.raises(WrongKey):
        AuditStore(engine, MasterKey(bytes(32))).note(entry())
    found = ChainVerifier(AuditReader(engine), MasterKey(bytes(32))).check()
    assert {one.broken.kind for one in found if one.broken} == {BreakKind.FORGED}


def test_the_front_is_cut_when_its_time_is_over(
    filled: AuditStore, engine: Engine, reader: AuditReader
) -> None:
    # A clock that was wrong keeps what came after it.
    filled.note(entry(-100, user_id="late"))
    noted = reader.heads()
    assert filled.cut(LOCAL_USER, NOW + timedelta(seconds=4)) == 3
    assert filled.cut(LOCAL_USER, NOW + timedelta(seconds=4)) == 0
    entries = reader.page(ORG, AuditQuery()).entries
    assert [one.sequence for one in entries] == [8, 7, 6, 5, 4]
    assert (entries[0].act, entries[0].details) == ("audit_cut", {"through": 3})
    found = checks(engine, noted)[ORG]
    assert (found.broken, found.cut_through, found.entries) == (None, 3, 5)
    filled.note(entry(9))
    assert filled.cut(LOCAL_USER, datetime.now(UTC) + timedelta(days=1)) == 6
    assert checks(engine)[ORG].entries == 1
    tamper(engine, delete(AUDIT_ENTRIES).where(_E.org_id == ORG, _E.sequence == 10))
    assert broken(engine) == ChainBreak(kind=BreakKind.CUT, sequence=10)


def tamper(engine: Engine, *changes) -> None:
    """Do what somebody with the database does who knows of the triggers."""
    with writing(engine) as connection:
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


@pytest.mark.parametrize(
    ("changes", "kind", "place"),
    [
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
            [insert(AUDIT_ENTRIES).from_select(
                [c.name for c in _E],
                select(*[c if c.name != "sequence" else _E.sequence + 1 for c in _E]).where(
                    _E.org_id == ORG, _E.sequence == 6
                ),
            )],
            BreakKind.FORGED,
            7,
        ),
    ],
)  # fmt: skip
def test_what_somebody_with_the_database_does_is_found(
    filled: AuditStore, engine: Engine, changes, kind: BreakKind, place: int | None
) -> None:
    tamper(engine, *changes)
    assert broken(engine) == ChainBreak(kind=kind, sequence=place)


def test_a_changed_head_is_not_written_over(filled: AuditStore, engine: Engine) -> None:
    tamper(engine, without(6), HEAD.values(sequence=5))
    with pytest.raises(AuditBroken):
        filled.note(entry(7))
    with pytest.raises(AccessDenied):
        desk(engine, filled).resume(replace(LOCAL_USER, role=Role.SUPERVISOR))
    assert desk(engine, filled).resume(LOCAL_USER)
    assert not desk(engine, filled).resume(LOCAL_USER)
    filled.note(entry(8))
    found = checks(engine)[ORG]
    assert (found.broken, found.resumed_after, found.entries) == (None, 5, 7)


def desk(engine: Engine, store: AuditStore) -> AuditDesk:
    return AuditDesk(AuditReader(engine), store, Authority(CallStore(engine), store))


def test_reading_and_exporting_it_are_written_down(engine: Engine, filled: AuditStore) -> None:
    shown = desk(engine, filled)
    [newest] = shown.page(LOCAL_USER, AuditQuery(limit=1)).entries
    assert (newest.act, newest.subject) == ("audit_read", None)
    every = list(shown.export(LOCAL_USER, AuditQuery(limit=7)))
    assert [one.sequence for one in every] == [8, 7, 6, 5, 4, 3, 2]
    assert every[0].subject == "export"
    filled.note(entry(9, name="=1+1", details={"a": "b"}))
    table = "".join(csv_lines(shown.export(LOCAL_USER, AuditQuery(limit=1))))
    assert table.endswith("\r\n")
    assert ",'=1+1,viewer,call_viewed,allowed,call-9," in table
    with pytest.raises(AccessDenied):
        shown.export(replace(LOCAL_USER, role=Role.VIEWER), AuditQuery())
    [refused] = shown.page(LOCAL_USER, AuditQuery(outcome=Outcome.REFUSED)).entries
    assert (refused.act, refused.role) == ("audit_read", "viewer")


def test_what_was_put_back_to_an_earlier_state_is_found_by_what_was_noted(
    filled: AuditStore, engine: Engine, reader: AuditReader
) -> None:
    with reading(engine) as connection:
        head = connection.execute(select(AUDIT_HEADS).where(AUDIT_HEADS.c.org_id == ORG))
        then = dict(head.mappings().one())
    filled.note(entry(7))
    noted = reader.heads()
    tamper(engine, without(7), HEAD.values(then))
    assert broken(engine) is None
    assert broken(engine, noted) == ChainBreak(kind=BreakKind.CUT, sequence=7)
    filled.note(entry(7, name="Somebody else"))
    assert broken(engine, noted) == ChainBreak(kind=BreakKind.FORGED, sequence=7)
    gone = NotedHead(org_id="gone", sequence=3, hash="0")
    assert checks(engine, [gone])["gone"].broken == ChainBreak(kind=BreakKind.CUT, sequence=None)
