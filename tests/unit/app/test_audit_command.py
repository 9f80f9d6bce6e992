"""``partyline audit`` as people give it: looked through, compared with what was noted, listed."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import delete
from typer.testing import CliRunner

from app.cli import app
from app.settings import Settings
from app.wiring.auditing import audit_tools
from app.wiring.parts import master_key_of
from app.wiring.upkeep import backup_maker, backup_place
from services.domain.acts import Act, AuditEntry, Outcome
from services.storage.audit import AuditStore
from services.storage.audit_tables import AUDIT_ENTRIES, AUDIT_HEADS
from services.storage.database import open_engine, writing
from services.storage.schema import migrate


@pytest.fixture
def partyline(monkeypatch, tmp_path):
    monkeypatch.setenv("PARTYLINE_DATA_DIR", str(tmp_path / "data"))

    def run(*arguments):
        return CliRunner().invoke(app, ["audit", *map(str, arguments)])

    return run


@pytest.fixture
def engine(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path / 'data' / 'partyline.db'}")
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def store(engine, tmp_path):
    store = AuditStore(engine, master_key_of(Settings(data_dir=tmp_path / "data")))
    for number in range(3):
        store.note(entry(number))
    return store


def entry(number, **changes):
    made = AuditEntry(
        org_id="local",
        user_id="nora",
        name="Nora\x1b[31m",
        role="viewer",
        act=Act.CALL_VIEWED,
        outcome=Outcome.ALLOWED,
        at=datetime.now(UTC),
        subject=f"call-{number}",
    )
    return replace(made, **changes)


def test_without_a_database_there_is_one_sentence(partyline):
    done = partyline("verify")
    assert (done.exit_code, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1


def test_it_is_listed_and_exported(partyline, store):
    listed = partyline("list", "--act", "call_viewed", "--limit", 2).stdout.splitlines()
    assert [line.split()[0] for line in listed] == ["3", "2"]
    assert "Nora?[31m (nora, viewer)  call-2" in listed[0]
    exported = partyline("export", "--who", "nora")
    assert exported.stdout.count("call_viewed") == 3
    assert exported.stderr == "3 entries\n"
    assert "export" in partyline("list", "--act", "audit_read").stdout


def test_going_back_is_found_by_heads_noted_elsewhere_and_in_backups(
    partyline, store, engine, tmp_path
):
    assert partyline("verify").stdout.startswith("local: 3 entries as written")
    with engine.connect() as connection:
        then = dict(connection.execute(AUDIT_HEADS.select()).mappings().one())
    store.note(entry(4))
    settings = Settings(data_dir=tmp_path / "data")
    with backup_maker(settings, lambda _line: None) as maker:
        maker.make(backup_place(settings, str(tmp_path / "backups")))
    [manifest] = backup_place(settings, str(tmp_path / "backups")).all()
    with audit_tools(settings) as tools:
        assert list(manifest.audit) == tools.reader.heads()
    heads = partyline("head").stdout
    assert json.loads(heads)["sequence"] == 4
    noted = tmp_path / "heads.jsonl"
    noted.write_text(heads)
    for compared in (("--head", noted), ("--backup", tmp_path / "backups")):
        assert partyline("verify", *compared).exit_code == 0

    with writing(engine) as connection:
        for name in ("audit_entries_stay", "audit_heads_forward"):
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        connection.execute(delete(AUDIT_ENTRIES).where(AUDIT_ENTRIES.c.sequence == 4))
        connection.execute(AUDIT_HEADS.update().values(then))
    assert partyline("verify").exit_code == 0
    for compared in (("--head", noted), ("--backup", tmp_path / "backups")):
        done = partyline("verify", *compared)
        assert done.exit_code == 1
        assert "BROKEN, entry 4 and all after it are missing at the end (cut)" in done.stdout


@pytest.mark.parametrize("noted", ["", "{}", "not json"])
def test_a_file_that_notes_no_head_is_refused(partyline, store, tmp_path, noted):
    file = tmp_path / "noted"
    file.write_text(noted)
    done = partyline("verify", "--head", file)
    assert (done.exit_code, done.stdout) == (2, "")


def test_old_entries_are_cut_and_a_changed_end_is_gone_on_from(partyline, store, engine):
    store.note(entry(9))
    assert partyline("cut", "--days", 1).stdout == "0 entries cut\n"
    assert partyline("resume").stdout == "nothing keeps the audit from going on\n"
    with writing(engine) as connection:
        connection.execute(AUDIT_HEADS.update().values(seal="0" * 64))
    assert "the head of the chain was changed" in partyline("verify").stdout
    refused = partyline("list")
    assert refused.exit_code == 2
    assert "The audit was changed from outside" in refused.stderr
    assert partyline("resume").stdout == "the audit goes on\n"
    told = partyline("verify")
    assert told.exit_code == 0
    assert "made to go on by hand after entry 5" in told.stdout
