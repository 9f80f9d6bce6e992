"""Locks of a PostgreSQL server that are held as long as a connection is, or a transaction.

A worker holds one under its id. When its process or its host ends, or the network between them and
the server, the connection does, and everybody sees that the lock is free. They need a connection of
their own that stays the same: a pooler between that shares connections would lose them.
"""

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from sqlalchemy import Connection, Engine, NullPool, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError

from services.domain.errors import StorageError

# How soon either end notices that the other is gone without having said so.
CONNECT_WITHIN_S = 5
PROBE_AFTER_S = 5
PROBE_EVERY_S = 2
PROBES = 3
UNANSWERED_MS = 10_000

_HELD = text(
    "SELECT (classid::bigint << 32) | objid::bigint FROM pg_locks"
    " WHERE locktype = 'advisory' AND granted AND objsubid = 1"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
_TRY = text("SELECT pg_try_advisory_lock(:key)")
_TRY_WITHIN = text("SELECT pg_try_advisory_xact_lock(:key)")


def open_watched_engine(url: str) -> Engine:
    """Return an engine whose connections end soon after the other side is gone; none is shared.

    Only for ``postgresql+psycopg://…``. It connects to nothing yet.
    """
    engine = create_engine(
        make_url(url),
        hide_parameters=True,
        poolclass=NullPool,
        connect_args={
            "connect_timeout": CONNECT_WITHIN_S,
            "keepalives": 1,
            "keepalives_idle": PROBE_AFTER_S,
            "keepalives_interval": PROBE_EVERY_S,
            "keepalives_count": PROBES,
            "tcp_user_timeout": UNANSWERED_MS,
        },
    )
    event.listen(engine, "connect", _watch_from_the_server)
    return engine


def _watch_from_the_server(connection: object, _record: object) -> None:
    """Have the server look for us as well: it is the one who lets go of the lock."""
    cursor = connection.cursor()  # type: ignore[attr-defined]
    cursor.execute(f"SET tcp_keepalives_idle = {PROBE_AFTER_S}")
    cursor.execute(f"SET tcp_keepalives_interval = {PROBE_EVERY_S}")
    cursor.execute(f"SET tcp_keepalives_count = {PROBES}")
    cursor.execute(f"SET tcp_user_timeout = {UNANSWERED_MS}")
    connection.commit()  # type: ignore[attr-defined]


def key_of(name: str) -> int:
    """Return the number by which the server knows a lock of this name."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), signed=True)


def held_keys(engine: Engine) -> frozenset[int]:
    """Return the numbers of all locks that somebody holds. Raises StorageError."""
    try:
        with engine.connect() as connection:
            return frozenset(connection.execute(_HELD).scalars())
    except DBAPIError as error:
        raise StorageError from error


@contextmanager
def alone(engine: Engine, name: str) -> Iterator[bool]:
    """Hold a lock while the block runs; False when somebody else has it. Raises StorageError."""
    try:
        connection = engine.connect()
    except DBAPIError as error:
        raise StorageError from error
    with connection, connection.begin():
        yield bool(connection.execute(_TRY_WITHIN, {"key": key_of(name)}).scalar())


class SessionLock:
    """A lock held by one connection, which is made again when it is lost."""

    def __init__(self, engine: Engine, name: str) -> None:
        """Take nothing yet; ``engine`` is one of ``open_watched_engine``."""
        self._engine = engine
        self._key = key_of(name)
        self._connection: Connection | None = None

    def hold(self) -> bool:
        """Take the lock, or see that it still is held; False when somebody else has it.

        Raises StorageError when the server can't be reached; what was held is lost then.
        """
        try:
            if self._connection is not None:
                self._connection.execute(text("SELECT 1"))
                return True
            self._connection = self._holding()
        except DBAPIError as error:
            self.let_go()
            raise StorageError from error
        return self._connection is not None

    def _holding(self) -> Connection | None:
        """Return a new connection that has the lock; None when somebody else has it."""
        with ExitStack() as unless_held:
            made = unless_held.enter_context(self._engine.connect())
            made = made.execution_options(isolation_level="AUTOCOMMIT")
            if not made.execute(_TRY, {"key": self._key}).scalar():
                return None
            unless_held.pop_all()
        return made

    def let_go(self) -> None:
        """Let others have it."""
        if self._connection is not None:
            with suppress(DBAPIError):
                self._connection.close()
            self._connection = None
