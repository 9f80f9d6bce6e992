"""The databases that every store has to work on."""

import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, make_url

from services.domain.calls import Call
from services.storage.audit import AuditStore
from services.storage.audit_reading import AuditReader
from services.storage.calls import CallStore
from services.storage.database import open_engine
from services.storage.runs import RunStore
from services.storage.schema import migrate
from services.storage.transcripts import TranscriptStore
from tests.contract.audit_case import fill
from tests.contract.installed import elsewhere, installed, place  # noqa: F401
from tests.contract.places import (  # noqa: F401
    bucket,
    bucket_objects,
    objects,
    s3,
    s3_server,
)
from tests.contract.stores import MASTER_KEY, add
from tests.postgres import find_postgres, postgres_server

NUMBERS = count()
TEMPLATE = "migrated"


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy, because migrating for every test takes too long."""
    file = tmp_path_factory.mktemp("migrated") / "partyline.db"
    engine = open_engine(f"sqlite:///{file}")
    migrate(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return file


@pytest.fixture(scope="session")
def postgres() -> Iterator[Engine]:
    """A PostgreSQL server with a migrated database to copy; the engine is its superuser's."""
    programs = find_postgres()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (Debian and Ubuntu: postgresql)")
    with postgres_server(programs) as address:
        server = create_engine(f"{address}/postgres", isolation_level="AUTOCOMMIT")
        with server.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {TEMPLATE}")
        engine = open_engine(f"{address}/{TEMPLATE}")
        migrate(engine)
        engine.dispose()
        yield server
        server.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of an empty, migrated database of each kind."""
    if request.param == "sqlite":
        migrated: Path = request.getfixturevalue("migrated_sqlite")
        file = request.getfixturevalue("tmp_path") / "data" / "partyline.db"
        file.parent.mkdir()
        shutil.copy(migrated, file)
        yield f"sqlite:///{file}"
        return
    server: Engine = request.getfixturevalue("postgres")
    name = f"test_{next(NUMBERS)}"
    with server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    yield make_url(server.url).set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on the empty database."""
    engine = open_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def calls(engine: Engine) -> CallStore:
    """Where calls are."""
    return CallStore(engine)


@pytest.fixture
def runs(engine: Engine) -> RunStore:
    """Where their runs are."""
    return RunStore(engine)


@pytest.fixture
def transcripts(engine: Engine) -> TranscriptStore:
    """Where their transcripts are."""
    return TranscriptStore(engine)


@pytest.fixture
def made(calls: CallStore) -> Call:
    """A call whose first run waits."""
    return add(calls)


@pytest.fixture
def audit(engine: Engine) -> AuditStore:
    """Where the audit is written."""
    return AuditStore(engine, MASTER_KEY)


@pytest.fixture
def audit_reader(engine: Engine) -> AuditReader:
    """Where the audit is read."""
    return AuditReader(engine)


@pytest.fixture
def filled_audit(audit: AuditStore) -> AuditStore:
    """An audit of two organisations."""
    fill(audit)
    return audit
