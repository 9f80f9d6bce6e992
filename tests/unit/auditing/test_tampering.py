"""Whatever is done to one place of the audit by somebody without the key is found."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, update

from services.auditing.verifying import ChainVerifier
from services.domain.acts import Act, AuditEntry, Outcome
from services.domain.errors import AuditBroken
from services.domain.people import LOCAL_USER
from services.storage.audit import AuditStore
from services.storage.audit_reading import AuditReader
from services.storage.audit_tables import AUDIT_ENTRIES, AUDIT_HEADS
from services.storage.database import open_engine, reading, writing
from services.storage.schema import migrate
from tests.contract.stores import MASTER_KEY

ENTRIES = 8
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
_E, _H = AUDIT_ENTRIES.c, AUDIT_HEADS.c
TEXTS = ("user_id", "name", "role", "act", "outcome", "subject", "address", "details")
CHAINED = ("previous", "hash")
sequences = st.integers(1, ENTRIES)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A database whose audit is as it was written, of an organisation and another one."""
    file = tmp_path_factory.mktemp("audit") / "whole.db"
    engine = open_engine(f"sqlite:///{file}")
    migrate(engine)
    store = AuditStore(engine, MASTER_KEY)
    for org_id in ("a", "b"):
        store.add([entry(org_id, number) for number in range(ENTRIES)])
    with engine.connect() as connection:
        triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'audit%'"
        for name in connection.exec_driver_sql(triggers).scalars().all():
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        connection.commit()
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return file


def entry(org_id, number):
    return AuditEntry(
        org_id=org_id,
        user_id=f"u{number % 2}",
        name="Nora",
        role="viewer",
        act=Act.CALL_VIEWED,
        outcome=Outcome.ALLOWED,
        at=NOW + timedelta(seconds=number),
        subject=f"c{number}" if number else None,
        details={"n": number},
    )


def rows(engine):
    with reading(engine) as connection:
        return connection.execute(select(AUDIT_ENTRIES)).all()


def at(sequence):
    return (_E.org_id == "a") & (_E.sequence == sequence)


@st.composite
def tamperings(draw):
    """A change somebody could make, as a function over the rows of the chain."""
    kind = draw(st.sampled_from(["text", "time", "chain", "gone", "swap", "copy", "tail", "head"]))
    one, other = draw(st.lists(sequences, min_size=2, max_size=2, unique=True))
    text = draw(st.one_of(st.none(), st.text(max_size=5)))
    name = draw(st.sampled_from(TEXTS))
    digits = draw(st.text("0123456789abcdef", min_size=64, max_size=64))
    return kind, one, other, name, text, digits, draw(st.integers(-(2**40), 2**40))


def carry_out(connection, kind, one, other, name, text, digits, number):
    """Make the change; say whether it is one."""
    rows = connection.execute(select(AUDIT_ENTRIES).where(_E.org_id == "a")).mappings().all()
    before = {row["sequence"]: dict(row) for row in rows}
    change = update(AUDIT_ENTRIES)
    match kind:
        case "text":
            if text is None and not AUDIT_ENTRIES.c[name].nullable:
                text = ""
            connection.execute(change.where(at(one)).values({name: text}))
        case "time":
            connection.execute(change.where(at(one)).values(at_ms=number))
        case "chain":
            column = CHAINED[number % 2]
            connection.execute(change.where(at(one)).values({column: digits}))
        case "gone":
            connection.execute(delete(AUDIT_ENTRIES).where(at(one)))
        case "swap":
            connection.execute(delete(AUDIT_ENTRIES).where(at(one) | at(other)))
            swapped = [before[one] | {"sequence": other}, before[other] | {"sequence": one}]
            connection.execute(insert(AUDIT_ENTRIES), swapped)
        case "copy":
            # An entry of another place, or of another organisation, instead of this one.
            org_id = "ab"[number % 2]
            found = select(AUDIT_ENTRIES).where(_E.org_id == org_id, _E.sequence == other)
            copied = dict(connection.execute(found).mappings().one())
            place = one if number % 3 else ENTRIES + 1
            connection.execute(delete(AUDIT_ENTRIES).where(at(place)))
            connection.execute(insert(AUDIT_ENTRIES), [copied | {"org_id": "a", "sequence": place}])
        case "tail":
            connection.execute(delete(AUDIT_ENTRIES).where(_E.org_id == "a", _E.sequence >= one))
            if number % 2:
                last = before.get(one - 1, {"hash": ""})
                head = {"sequence": one - 1, "hash": last["hash"]}
                connection.execute(update(AUDIT_HEADS).where(_H.org_id == "a").values(head))
        case "head":
            column = ("sequence", "cut_through", "hash", "seal")[number % 4]
            value = one - 1 if column in {"sequence", "cut_through"} else digits
            connection.execute(update(AUDIT_HEADS).where(_H.org_id == "a").values({column: value}))
            return column != "cut_through" or value != 0
    rows = connection.execute(select(AUDIT_ENTRIES).where(_E.org_id == "a")).mappings().all()
    return {row["sequence"]: dict(row) for row in rows} != before


@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(tampering=tamperings(), all_old=st.booleans(), seconds=st.integers(0, ENTRIES))
def test_cutting_takes_no_change_away(whole, tmp_path, tampering, all_old, seconds):
    file = tmp_path / "cut.db"
    shutil.copy(whole, file)
    engine = open_engine(f"sqlite:///{file}")
    limit = NOW + timedelta(days=100_000 if all_old else 0, seconds=seconds)
    user = replace(LOCAL_USER, org_id="a")
    try:
        with writing(engine) as connection:
            is_change = carry_out(connection, *tampering)
        before = rows(engine)
        try:
            count = AuditStore(engine, MASTER_KEY).cut(user, limit)
        except AuditBroken:
            assert is_change
            assert rows(engine) == before
            return
        there = ChainVerifier(AuditReader(engine), MASTER_KEY).check()
        assert (there[0].broken is not None) == is_change
        # With nothing that stays, everything is looked at.
        assert not (is_change and all_old)
        assert count == (ENTRIES if all_old else seconds)
    finally:
        engine.dispose()


@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(tampering=tamperings())
def test_any_change_is_found(whole, tmp_path, tampering):
    file = tmp_path / "tampered.db"
    shutil.copy(whole, file)
    engine = open_engine(f"sqlite:///{file}")
    try:
        verifier = ChainVerifier(AuditReader(engine), MASTER_KEY)
        with writing(engine) as connection:
            is_change = carry_out(connection, *tampering)
        found = {one.org_id: one.broken for one in verifier.check()}
    finally:
        engine.dispose()
    assert found["b"] is None
    assert (found["a"] is not None) == is_change
