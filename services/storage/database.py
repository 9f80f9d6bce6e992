"""The database: one engine per process, safe under threads.

SQLite (one file, WAL) and PostgreSQL run the same schema. Statements never carry their values
into errors or logs (``hide_parameters``), because the values are words of calls.
"""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    create_engine,
    event,
    make_url,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from services.domain.errors import DiskFull, StorageError
from services.storage.turns import own_turn

BUSY_TIMEOUT_MS = 30_000
POOL_SIZE = 10
POOL_OVERFLOW = 30
# To open a connection to a server, and to have it plan there what the triggers do, costs more than
# the few short transactions of one who didn't find any free: each stays open, and whoever finds
# none waits for one that is given back.
SERVER_POOL_SIZE = 20
LOG_TIMEOUT_MS = 500
POSTGRES_DISK_FULL = "53100"


def open_engine(url: str, *, connections: int | None = None, checked: bool = True) -> Engine:
    """Return an engine for ``sqlite:///file`` or ``postgresql+psycopg://…``.

    Connects to nothing yet. A SQLite file and its folder are made readable by their owner only.
    Every connection to SQLite has WAL, synchronous=FULL, foreign keys, a busy timeout and secure
    deletion. One engine serves all threads of a process; each process opens its own.

    It keeps so many ``connections``, and whoever finds none waits for one; unless it is said, as
    many as a server does best with, or a file, of which it opens more for a while. One that a
    server has closed is replaced before it is used, unless it isn't ``checked``.
    """
    address = make_url(url)
    if address.get_backend_name() != "sqlite":
        engine = create_engine(
            address,
            hide_parameters=True,
            pool_pre_ping=checked,
            pool_size=connections or SERVER_POOL_SIZE,
            max_overflow=0,
        )
        event.listen(engine, "connect", _set_up_postgresql)
        return engine
    if address.database and address.database != ":memory:":
        _make_private(Path(address.database))
    # IMMEDIATE makes the driver take the write lock with the first change, where the busy timeout
    # applies, instead of upgrading a read transaction, where SQLite fails at once.
    engine = create_engine(
        address,
        hide_parameters=True,
        pool_size=connections or POOL_SIZE,
        max_overflow=0 if connections else POOL_OVERFLOW,
        connect_args={"isolation_level": "IMMEDIATE", "timeout": BUSY_TIMEOUT_MS / 1000},
    )
    event.listen(engine, "connect", _set_up_sqlite)
    return engine


def database_exists(url: str) -> bool:
    """Tell whether there is a database already; one on a server is taken to be there."""
    address = make_url(url)
    if address.get_backend_name() != "sqlite":
        return True
    return bool(address.database) and Path(address.database or "").exists()


def _make_private(file: Path) -> None:
    """Make the file when it is missing, readable by its owner only.

    One that exists is never opened here: closing it again would drop all locks that this process
    holds on it, SQLite's own included (POSIX locks belong to process and file, not to a handle),
    and another process would then take the write-ahead log away from under open connections.
    """
    try:
        if not file.parent.exists():
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileExistsError):
            os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except OSError as error:
        raise StorageError from error


def _set_up_postgresql(connection: Any, _record: object) -> None:
    """Answer short questions at once: to compile them, or to start helpers, takes longer."""
    with connection.cursor() as cursor:
        cursor.execute("SET jit = off")
        cursor.execute("SET max_parallel_workers_per_gather = 0")
    connection.commit()


def _set_up_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    try:
        connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        _use_wal(connection)
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA secure_delete=ON")
    except sqlite3.Error:
        # The pool doesn't know the connection yet, and nobody else would close it.
        connection.close()
        raise


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch to write-ahead logging; the busy timeout doesn't cover this one statement."""
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL").fetchone()
            return
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
            if not busy or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Run a block as one transaction that is committed at its end, or not at all.

    What the block reads stays true until the commit on SQLite (the write lock is taken first);
    on PostgreSQL rows that are decided upon have to be locked or changed conditionally. Raises
    DiskFull or StorageError when the database can't do it.
    """
    with _translated(), own_turn(engine), engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield connection


@contextmanager
def joining(engine: Engine, connection: Connection | None) -> Iterator[Connection]:
    """Take part in the caller's transaction, or run one of one's own when there is none."""
    if connection is not None:
        yield connection
    else:
        with writing(engine) as own:
            yield own


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Run a block that only reads, on one state of the database."""
    with _translated(), engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN")
        else:
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        yield connection


def forget_log(engine: Engine) -> int:
    """Move SQLite's write-ahead log into the database and empty it; return how many pages stay.

    What has been deleted or replaced stands in the log until it is written over. Somebody who
    reads at this moment keeps it from being emptied: then the next time will do. A server looks
    after its own log.
    """
    if engine.dialect.name != "sqlite":
        return 0
    with _translated(), engine.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={LOG_TIMEOUT_MS}")
        try:
            state = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
        finally:
            connection.exec_driver_sql(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    _, pages, _ = state
    return max(0, int(pages))


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise _storage_error(error) from error
    except PoolTimeout as error:
        raise StorageError from error


def _storage_error(error: DBAPIError) -> StorageError:
    origin = error.orig
    if isinstance(origin, sqlite3.Error):
        full = getattr(origin, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL
    else:
        full = getattr(origin, "sqlstate", None) == POSTGRES_DISK_FULL
    return DiskFull() if full else StorageError()
