"""New SQLite databases as migrations make them, without running every migration for each test.

The first one of a process is made by the migrations; what they have left is copied statement by
statement into the others. tests/unit/storage/test_database.py always has the migrations run.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest import mock

import alembic.command
from alembic.config import Config
from sqlalchemy import Connection

from services.storage import schema

Statement = tuple[str, Sequence[Any]]
MADE_BY_MIGRATIONS = alembic.command.upgrade


@contextmanager
def copied() -> Iterator[None]:
    """Have new databases copied while the block lasts."""
    statements: list[Statement] = []

    def upgrade(config: Config, revision: str, **options: Any) -> None:
        connection: Connection = config.attributes["connection"]
        if revision != "head" or not _is_new(connection) or not _is_as_shipped(config):
            MADE_BY_MIGRATIONS(config, revision, **options)
        elif statements:
            for sql, values in statements:
                connection.exec_driver_sql(sql, tuple(values))
        else:
            MADE_BY_MIGRATIONS(config, revision, **options)
            statements.extend(_statements(connection))

    with mock.patch("alembic.command.upgrade", upgrade):
        yield


@contextmanager
def migrated() -> Iterator[None]:
    """Have the migrations run all the same."""
    with mock.patch("alembic.command.upgrade", MADE_BY_MIGRATIONS):
        yield


def _is_new(connection: Connection) -> bool:
    if connection.dialect.name != "sqlite":
        return False
    return not connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar()


def _is_as_shipped(config: Config) -> bool:
    shipped = schema.alembic_config()
    if config.get_main_option("script_location") != shipped.get_main_option("script_location"):
        return False
    return schema.MIGRATIONS == SHIPPED


def _statements(connection: Connection) -> Iterator[Statement]:
    """Yield what makes a database like this one, in the order in which it was made."""
    ask: Callable[..., Any] = connection.exec_driver_sql
    shadows = {row.name for row in ask("PRAGMA table_list") if row.type == "shadow"}
    made = ask("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid")
    # SQLite's own tables come by themselves.
    own = (row for row in made if not row.name.startswith("sqlite_"))
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
