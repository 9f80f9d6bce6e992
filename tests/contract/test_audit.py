"""The audit: written down in order, read in pages, cut at the front, and never changed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from sqlalchemy import Engine, delete, text, update

from services.auditing.table import csv_lines
from services.auditing.verifying import ChainVerifier
from services.domain.acts import Act, Outcome
from services.domain.audit_trail import AuditQuery, BreakKind, ChainBreak, ms_of
from services.domain.errors import AccessDenied, StorageError, WrongKey
from services.domain.people import LOCAL_USER, Role
from services.storage.audit import AuditStore
from services.storage.audit_reading import AuditReader
from services.storage.audit_tables import AUDIT_ENTRIES, AUDIT_HEADS
from services.storage.calls import CallStore
from services.storage.database import writing
from services.storage.keys import MasterKey
from tests.contract.audit_case import (
    NOW,
    broken,
    checks,
    desk,
    entry,
    tamper,
    without,
)
from tests.contract.stores import MASTER_KEY, ORG, add


def test_what_is_written_is_read_as_it_was(audit: AuditStore, audit_reader: AuditReader) -> None:
    audit.note(entry(1))
    odd = entry(2, name="a\0b\ud800", subject="x" * 5_000, address=None, details={"kind": "csv\0"})
    audit.note(replace(odd, outcome=Outcome.REFUSED, at=NOW + timedelta(milliseconds=1.9)))
    newest, oldest = audit_reader.page(ORG, AuditQuery()).entries
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


def test_pages_and_filters(filled_audit: AuditStore, audit_reader: AuditReader) -> None:
    filled_audit.note(
        entry(7, user_id="u2", name="100% Ed", act=Act.CALL_DELETED, subject="call-2")
    )
    filled_audit.note(entry(8, outcome=Outcome.REFUSED))

    def found(**wanted: object) -> list[int]:
        return [one.sequence for one in audit_reader.page(ORG, AuditQuery(**wanted)).entries]

    page = audit_reader.page(ORG, AuditQuery(limit=3))
    assert ([one.sequence for one in page.entries], page.before) == ([8, 7, 6], 6)
    last = audit_reader.page(ORG, AuditQuery(limit=5, before=6))
    assert ([one.sequence for one in last.entries], last.before) == ([5, 4, 3, 2, 1], None)
    assert found(who="u2") == found(who="00% e") == found(acts=(Act.CALL_DELETED,)) == [7]
    assert found(who="u") == []
    assert found(who="%") == [7]
    assert found(subject="call-2") == [7, 2]
    assert found(outcome=Outcome.REFUSED) == [8]
    since, until = NOW + timedelta(seconds=3), NOW + timedelta(seconds=5)
    assert found(since=since, until=until) == [4, 3]
    assert audit_reader.page("nobody", AuditQuery()).entries == ()


def test_it_outlives_calls_and_is_checked_as_a_whole(
    filled_audit: AuditStore, engine: Engine, calls: CallStore
) -> None:
    call = add(calls)
    filled_audit.note(entry(7, act=Act.CALL_DELETED, subject=call.id))
    calls.delete(ORG, call.id)
    found = checks(engine)
    assert [one.broken for one in found.values()] == [None, None]
    assert (found[ORG].entries, found["other"].entries) == (7, 2)
    assert found[ORG].first_at == NOW + timedelta(seconds=1)
    assert found[ORG].last in AuditReader(engine).heads()


def test_those_who_write_at_once_leave_no_gap(engine: Engine, audit: AuditStore) -> None:
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


def test_the_database_refuses_to_change_replace_or_empty_it(
    filled_audit: AuditStore, engine: Engine
) -> None:
    replaced = (
        "INSERT OR REPLACE INTO audit_entries SELECT * FROM audit_entries WHERE sequence = 1"
        if engine.dialect.name == "sqlite"
        else "TRUNCATE audit_entries"
    )
    for change in (
        update(AUDIT_ENTRIES).values(name="Somebody else"),
        delete(AUDIT_ENTRIES),
        delete(AUDIT_HEADS),
        update(AUDIT_HEADS).values(sequence=1),
        text(replaced),
    ):
        with pytest.raises(StorageError), writing(engine) as connection:
            connection.execute(change)
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
    filled_audit: AuditStore, engine: Engine
) -> None:
    with pytest.raises(WrongKey):
        AuditStore(engine, MasterKey(bytes(32))).note(entry())
    found = ChainVerifier(AuditReader(engine), MasterKey(bytes(32))).check()
    assert {one.broken.kind for one in found if one.broken} == {BreakKind.FORGED}


def test_the_front_is_cut_when_its_time_is_over(
    filled_audit: AuditStore, engine: Engine, audit_reader: AuditReader
) -> None:
    # A clock that was wrong keeps what came after it.
    filled_audit.note(entry(-100, user_id="late"))
    noted = audit_reader.heads()
    assert filled_audit.cut(LOCAL_USER, NOW + timedelta(seconds=4)) == 3
    assert filled_audit.cut(LOCAL_USER, NOW + timedelta(seconds=4)) == 0
    entries = audit_reader.page(ORG, AuditQuery()).entries
    assert [one.sequence for one in entries] == [8, 7, 6, 5, 4]
    told = {"through": 3, "newest_at_ms": ms_of(NOW) + 3_000}
    assert (entries[0].act, entries[0].details) == ("audit_cut", told)
    found = checks(engine, noted)[ORG]
    assert (found.broken, found.cut_through, found.entries) == (None, 3, 5)
    filled_audit.note(entry(9))
    assert filled_audit.cut(LOCAL_USER, datetime.now(UTC) + timedelta(days=1)) == 6
    assert checks(engine)[ORG].entries == 1
    tamper(engine, without(10))
    assert broken(engine) == ChainBreak(kind=BreakKind.CUT, sequence=10)


def test_reading_and_exporting_it_are_written_down(
    engine: Engine, filled_audit: AuditStore
) -> None:
    shown = desk(engine, filled_audit)
    [newest] = shown.page(LOCAL_USER, AuditQuery(limit=1)).entries
    assert (newest.act, newest.subject) == ("audit_read", None)
    every = list(shown.export(LOCAL_USER, AuditQuery(limit=7)))
    assert [one.sequence for one in every] == [8, 7, 6, 5, 4, 3, 2]
    assert every[0].subject == "export"
    filled_audit.note(entry(9, name="=1+1", details={"a": "b"}))
    table = "".join(csv_lines(shown.export(LOCAL_USER, AuditQuery(limit=2))))
    assert table.endswith("\r\n")
    assert ",'=1+1,viewer,call_viewed,allowed,call-9," in table
    with pytest.raises(AccessDenied):
        shown.export(replace(LOCAL_USER, role=Role.VIEWER), AuditQuery())
    [refused] = shown.page(LOCAL_USER, AuditQuery(outcome=Outcome.REFUSED)).entries
    assert (refused.act, refused.role) == ("audit_read", "viewer")
