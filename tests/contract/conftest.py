"""The databases that every store has to work on."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from services.storage.database import migrate, open_engine


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


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest, migrated_sqlite: Path, tmp_path: Path) -> str:
    """The address of an empty, migrated database of each kind."""
    assert request.param == "sqlite"
    file = tmp_path / "data" / "partyline.db"
    file.parent.mkdir()
    shutil.copy(migrated_sqlite, file)
    return f"sqlite:///{file}"


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on the empty database."""
    engine = open_engine(database_url)
    yield engine
    engine.dispose()
