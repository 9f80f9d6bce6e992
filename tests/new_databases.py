"""New SQLite databases as migrations make them, without running every migration for each test.

The first one of a process is made by the migrations, ours and the job engine's; what they have left
is copied statement by statement into the others. SQLite reads the whole schema again for each
change of a table, so that the job engine's few take longer than all that most tests do.
tests/unit/storage/test_database.py always has the migrations run.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest import mock

import alembic.command
from alembic.config import Config
from dbos._sys_db_sqlite import SQLiteSystemDatabase
from sqlalchemy import Connection

from services.storage import schema

Statement = tuple[str, Sequence[Any]]
MADE_BY_MIGRATIONS = alembic.command.upgrade
QUEUE_MADE_BY_MIGRATIONS = SQLiteSystemDatabase.run_migrations


@contextmanager
def copied() -> Iterator[None]:
    """Have new databases copied while the block lasts."""
    statements: list[Statement] = []

    def upgrade(config: Config, revision: str, **options: Any) -> None:
        connection: Connection = config.attributes["connection"]
        if revision != "head" or not _is_new(connection) or not _is_as_shipped(config):
            MADE_BY_MIGRATIONS(config, revision, **options)
        elif statements:
            _run(statements, connection)
        else:
            MADE_BY_MIGRATIONS(config, revision, **options)
            statements.extend(_statements(connection))

    with mock.patch("alembic.command.upgrade", upgrade), _queues_copied():
        yield


@contextmanager
def _queues_copied() -> Iterator[None]:
    statements: list[Statement] = []

    def run_migrations(database: SQLiteSystemDatabase) -> None:
        with database.engine.begin() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            before = _names(connection)
            is_new = "dbos_migrations" not in before
            if is_new and statements:
                _run(statements, connection)
                return
        QUEUE_MADE_BY_MIGRATIONS(database)
        if is_new:
            with database.engine.connect() as connection:
                statements[:] = _statements(connection, besides=before)

    with mock.patch.object(SQLiteSystemDatabase, "run_migrations", run_migrations):
        yield


@contextmanager
def migrated() -> Iterator[None]:
    """Have the migrations run all the same."""
    with mock.patch("alembic.command.upgrade", MADE_BY_MIGRATIONS):
        yield


def _is_new(connection: Connection) -> bool:
    return connection.dialect.name == "sqlite" and not _names(connection)


def _names(connection: Connection) -> frozenset[str]:
    found = connection.exec_driver_sql("SELECT name FROM sqlite_master")
    return frozenset(row.name for row in found)


def _is_as_shipped(config: Config) -> bool:
    shipped = schema.alembic_config()
    if config.get_main_option("script_location") != shipped.get_main_option("script_location"):
        return False
    return schema.MIGRATIONS == SHIPPED


def _run(statements: Sequence[Statement], connection: Connection) -> None:
    for sql, values in statements:
        connection.exec_driver_sql(sql, tuple(values))


def _statements(
    connection: Connection, besides: frozenset[str] = frozenset()
) -> Iterator[Statement]:
    """Yield what makes a database like this one, in the order in which it was made.

    But for what there was ``besides``.
    """
    ask: Callable[..., Any] = connection.exec_driver_sql
    shadows = {row.name for row in ask("PRAGMA table_list") if row.type == "shadow"}
    made = ask("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid")
    # SQLite's own tables come by themselves.
    own = (row for row in made if not row.name.startswith("sqlite_") and row.name not in besides)
    objects = [row for row in own if row.name not in shadows]
    yield from ((row.sql, ()) for row in objects if row.type == "table")
    for row in objects:
        if row.type == "table" and not row.sql.startswith("CREATE VIRTUAL"):
            for values in ask(f'SELECT * FROM "{row.name}"').all():
                places = ", ".join("?" * len(values))
                yield f'INSERT INTO "{row.name}" VALUES ({places})', values
    # Triggers last: what they guard against is not meant for rows that are copied.
    yield from ((row.sql, ()) for row in objects if row.type == "index")
    yield from ((row.sql, ()) for row in objects if row.type in ("view", "trigger"))


SHIPPED = schema.MIGRATIONS
