"""Putting rows into tables, the ways SQLite and PostgreSQL have and SQLAlchemy has no word for."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, Insert, Table, bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.dml import ReturningInsert


def upsert(
    connection: Connection,
    table: Table,
    row: Mapping[str, Any],
    *,
    key: Sequence[str],
    keep: Sequence[str] = (),
) -> None:
    """Insert a row, or replace the one with the same ``key`` except for its ``keep`` columns."""
    statement = _upsert(connection.dialect.name, table, tuple(row), tuple(key), tuple(keep))
    connection.execute(statement, [row])


# Putting it together anew takes longer than the database does over the row.
@lru_cache(maxsize=256)
def _upsert(
    dialect: str, table: Table, names: Sequence[str], key: Sequence[str], keep: Sequence[str]
) -> Insert:
    made = sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
    changed = {name: made.excluded[name] for name in names if name not in {*key, *keep}}
    return made.on_conflict_do_update(index_elements=list(key), set_=changed)


def insert_many(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that have the same columns, the way that costs the least.

    The driver takes them as they are: SQLAlchemy would put each row's parameters together, and
    PostgreSQL be asked once for each of them instead of having them copied.
    """
    if not rows:
        return
    names = tuple(rows[0])
    binds = _binds(table, names, connection.dialect)
    values = (_bound([row[name] for name in names], binds) for row in rows)
    dbapi: Any = connection.dialect.loaded_dbapi
    try:
        _insert_by_driver(connection, table.name, names, values)
    except dbapi.Error as error:
        raise DBAPIError.instance(
            None, None, error, dbapi.Error, hide_parameters=True, dialect=connection.dialect
        ) from None


def _insert_by_driver(
    connection: Connection, table: str, names: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    driver: Any = connection.connection.driver_connection
    columns = f"{table} ({', '.join(names)})"
    if connection.dialect.name == "sqlite":
        driver.executemany(f"INSERT INTO {columns} VALUES ({', '.join('?' * len(names))})", rows)
        return
    with driver.cursor() as cursor, cursor.copy(f"COPY {columns} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


_Bind = Callable[[Any], Any]


@lru_cache(maxsize=256)
def _binds(table: Table, names: Sequence[str], dialect: Dialect) -> tuple[tuple[int, _Bind], ...]:
    """Return what some of the columns' values go through before the driver gets them."""
    found = (table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names)
    return tuple((place, bind) for place, bind in enumerate(found) if bind is not None)


def _bound(values: list[Any], binds: Iterable[tuple[int, _Bind]]) -> list[Any]:
    for place, bind in binds:
        values[place] = bind(values[place])
    return values


def insert_new(
    connection: Connection, table: Table, row: Mapping[str, Any], *, key: Sequence[str]
) -> bool:
    """Insert a row unless there is one with the same ``key``; return whether there was none."""
    statement = _insert_new(connection.dialect.name, table, tuple(row), tuple(key))
    return connection.execute(statement, row).first() is not None


@lru_cache(maxsize=256)
def _insert_new(
    dialect: str, table: Table, names: Sequence[str], key: Sequence[str]
) -> ReturningInsert[Any]:
    made = sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
    made = made.on_conflict_do_nothing(index_elements=list(key))
    made = made.values({name: bindparam(name) for name in names})
    # Drivers don't agree on how many rows were changed by one that wasn't inserted.
    return made.returning(table.c[key[0]])
