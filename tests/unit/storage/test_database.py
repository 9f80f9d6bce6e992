"""The engine, the migrations and the database's troubles."""

import importlib
import pkgutil
import sqlite3
import stat
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, select, text

from services import storage
from services.domain.errors import DatabaseTooNew, DiskFull, StorageError
from services.storage import database, schema
from services.storage.calls import CallStore
from services.storage.database import open_engine, reading, writing
from services.storage.models import CALLS, METADATA
from services.storage.schema import migrate
from services.storage.search_tables import FTS_TABLE
from services.storage.transcripts import TranscriptStore
from tests import new_databases
from tests.builders import call, first_run, transcript, utterance
from tests.contract.stores import MASTER_KEY, ORG, add, analysed
from tests.unit.storage import children


@pytest.fixture(autouse=True)
def migrations_run() -> Iterator[None]:
    """Make every database here as that of a person is made."""
    with new_databases.migrated():
        yield


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the database lies."""
    return tmp_path / "data" / "partyline.db"


@pytest.fixture
def engine(file: Path) -> Iterator[Engine]:
    """An engine on an empty, migrated database."""
    engine = open_engine(f"sqlite:///{file}")
    migrate(engine)
    yield engine
    engine.dispose()


def test_connections_are_durable_and_strict(engine: Engine) -> None:
    wanted = {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 30_000,
        "secure_delete": 1,
    }
    with engine.connect() as connection:
        for name, value in wanted.items():
            assert connection.exec_driver_sql(f"PRAGMA {name}").scalar() == value


def test_only_the_owner_can_read_the_database(engine: Engine, file: Path) -> None:
    add(CallStore(engine))
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    for path in file.parent.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_history_ends_at_the_models(engine: Engine) -> None:
    for module in pkgutil.iter_modules(storage.__path__):
        if module.name.endswith("_tables"):
            importlib.import_module(f"services.storage.{module.name}")

    def is_ours(_object: object, name: str | None, *_: object) -> bool:
        # SQLite's full-text index keeps its words in tables that it makes itself.
        return not (name or "").startswith(FTS_TABLE)

    options = {"compare_type": True, "include_object": is_ours}
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, METADATA) == []


def test_a_copied_database_is_like_one_that_was_migrated(engine: Engine, tmp_path: Path) -> None:
    """What most other tests begin with."""
    seen = []
    with new_databases.copied():
        for name in ("migrated", "copied"):
            made = open_engine(f"sqlite:///{tmp_path / name}.db")
            migrate(made)
            with made.connect() as connection:
                schema = "SELECT type, name, sql FROM sqlite_master ORDER BY type, name"
                objects = connection.exec_driver_sql(schema).all()
                rows = [
                    (name, connection.exec_driver_sql(f'SELECT * FROM "{name}"').all())
                    for kind, name, _ in objects
                    if kind == "table" and not name.startswith(FTS_TABLE)
                ]
            seen.append((objects, rows))
            made.dispose()
    assert seen[0] == seen[1]


def test_migrating_again_changes_nothing(engine: Engine) -> None:
    made = add(CallStore(engine))
    migrate(engine)
    assert CallStore(engine).get(ORG, made.id) == made


NEWEST = max(path.name[:4] for path in schema.MIGRATIONS.glob("versions/0*.py"))
MIGRATE = """
import sys
from services.storage.database import open_engine
from services.storage.schema import migrate
engine = open_engine(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
migrate(engine)
with engine.connect() as connection:
    print(connection.exec_driver_sql("SELECT version_num FROM alembic_version").all())
"""


def test_migrations_are_known_by_the_names_of_their_files() -> None:
    scripts = ScriptDirectory.from_config(schema.alembic_config())
    assert schema.known_revisions() == {one.revision for one in scripts.walk_revisions()}
    assert scripts.get_heads() == [NEWEST]


def test_two_processes_migrate_at_once(file: Path) -> None:
    assert children.run_at_once(MIGRATE, f"sqlite:///{file}", times=2) == {f"[('{NEWEST}',)]"}


def test_a_newer_database_is_left_alone(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseTooNew):
        migrate(engine)


def test_a_migration_that_breaks_off_leaves_nothing(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = file.parent.parent / "migrations"
    versions = copy / "versions"
    versions.mkdir(parents=True)
    (copy / "env.py").write_text((schema.MIGRATIONS / "env.py").read_text())
    [first] = schema.MIGRATIONS.glob("versions/0001_*.py")
    broken = first.read_text().replace("_make_call_figures()", "op.execute('no SQL')", 1)
    (versions / first.name).write_text(broken)
    engine = open_engine(f"sqlite:///{file}")
    with monkeypatch.context() as patched:
        patched.setattr(schema, "MIGRATIONS", copy)
        with pytest.raises(StorageError):
            migrate(engine)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar() == 0
    migrate(engine)
    engine.dispose()


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    file = tmp_path / "partyline.db"
    file.write_bytes(b"something else entirely" * 100)
    engine = open_engine(f"sqlite:///{file}")
    with pytest.raises(StorageError):
        migrate(engine)
    engine.dispose()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError):
        open_engine(f"sqlite:///{tmp_path}/file/partyline.db")


def test_errors_carry_no_words_of_calls(engine: Engine) -> None:
    spoken = analysed(transcript(utterance(1, "s1", 0, "quadrillion")))
    made, other = add(CallStore(engine)), add(CallStore(engine))
    store = TranscriptStore(engine)
    store.save(ORG, made.id, 1, spoken)
    with pytest.raises(StorageError) as caught:
        store.save(ORG, other.id, 1, spoken)
    cause = caught.value.__cause__
    assert cause is not None
    assert "quadrillion" not in f"{caught.value} {cause}"
    assert "hidden" in str(cause)


def test_a_full_disk_is_told_and_nothing_else_is_lost(engine: Engine) -> None:
    calls = CallStore(engine)
    made = add(calls)
    with engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()

    def limit(connection: sqlite3.Connection, *_others: object) -> None:
        connection.execute(f"PRAGMA max_page_count={pages}")

    database.event.listen(engine, "checkout", limit)
    with pytest.raises(DiskFull):
        TranscriptStore(engine).save(ORG, made.id, 1, analysed(_long_transcript("x")))
    database.event.remove(engine, "checkout", limit)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count=1000000")
    assert calls.get(ORG, made.id) == made
    TranscriptStore(engine).save(ORG, made.id, 1, analysed(_long_transcript("x")))


def _long_transcript(word: str):
    return transcript(*(utterance(i, "s1", i * 1000, f"{word} {word}") for i in range(500)))


def test_many_threads_write_and_read(engine: Engine) -> None:
    calls = CallStore(engine)
    failures: list[Exception] = []

    def work() -> None:
        try:
            for _ in range(5):
                made = add(calls)
                calls.mark_reviewed(ORG, made.id, by="Bo")
                assert calls.get(ORG, made.id).reviewed_by == "Bo"
                calls.list(ORG)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert calls.count(ORG) == 60


def test_many_writers_leave_connections_to_those_who_read(engine: Engine) -> None:
    calls = CallStore(engine)
    made = add(calls)
    more_than_there_are = database.POOL_SIZE + database.POOL_OVERFLOW + 5
    threads = [
        threading.Thread(target=calls.mark_reviewed, args=(ORG, made.id), kwargs={"by": str(n)})
        for n in range(more_than_there_are)
    ]
    with ThreadPoolExecutor(1) as reader:
        with writing(engine):
            for thread in threads:
                thread.start()
            # Long enough for all of them to have a connection each, if they took one.
            threads[-1].join(timeout=0.5)
            found = reader.submit(calls.get, ORG, made.id).result(timeout=10)
        for thread in threads:
            thread.join()
    assert found.reviewed_by is None
    assert calls.get(ORG, made.id).reviewed_by is not None


def test_what_a_writer_read_stays_true_until_its_commit(engine: Engine) -> None:
    calls = CallStore(engine)
    made = add(calls)
    began, may_end = threading.Event(), threading.Event()

    def review() -> None:
        began.set()
        calls.mark_reviewed(ORG, made.id, by="Bo")
        may_end.set()

    thread = threading.Thread(target=review)
    with writing(engine) as connection:
        query = select(CALLS.c.reviewed_by)
        assert connection.execute(query).scalar() is None
        thread.start()
        began.wait()
        assert not may_end.wait(0.1)
        assert connection.execute(query).scalar() is None
    thread.join()
    with reading(engine) as connection:
        assert connection.execute(query).scalar() == "Bo"


def test_a_reader_sees_one_state(engine: Engine) -> None:
    calls = CallStore(engine)
    with reading(engine) as connection:
        assert connection.execute(select(CALLS.c.id)).all() == []
        add(calls)
        assert connection.execute(select(CALLS.c.id)).all() == []


SAVE_FOR_EVER = """
import sys
from services.storage.database import open_engine
from services.storage.transcripts import TranscriptStore
from tests.contract.stores import ORG, analysed
from tests.builders import transcript, utterance
store = TranscriptStore(open_engine(sys.argv[1]))
number = 0
while True:
    lines = (utterance(i, "s1", i * 1000, f"round {number}") for i in range(300))
    store.save(ORG, sys.argv[2], 1, analysed(transcript(*lines, transcript_id=f"t{number}")))
    if number == 0:
        print("saving", flush=True)
    number += 1
"""


def test_a_kill_in_the_middle_of_saving_leaves_one_whole_state(file: Path) -> None:
    engine = open_engine(f"sqlite:///{file}")
    migrate(engine)
    made = call()
    CallStore(engine).add(made, first_run(made), MASTER_KEY.new_data_key(made.id))
    for pause_s in (0.05, 0.13):
        child = children.start(SAVE_FOR_EVER, f"sqlite:///{file}", made.id)
        assert child.stdout is not None
        assert child.stdout.readline() == "saving\n"
        threading.Event().wait(pause_s)
        child.kill()
        child.communicate(timeout=30)
        stored = TranscriptStore(engine).active(ORG, made.id)
        assert {u.text for u in stored.utterances} == {f"round {stored.id.removeprefix('t')}"}
        assert len(stored.utterances) == 300
        assert TranscriptStore(engine).figures(ORG, made.id) is not None
        with engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
    engine.dispose()
