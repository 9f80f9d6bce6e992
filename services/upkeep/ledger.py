"""What a backup that is being made knows of sound: at the place, and of its own.

There can be millions of objects, so none of it is in memory: it is a database without a name,
whose file SQLite deletes as it makes it.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any, Self

from services.domain.errors import DiskFull, StorageError
from services.storage.objects import StoredObject
from services.upkeep.manifest import KeptObject, StoredPart

ROWS_AT_ONCE = 1000
CACHE_KIB = 16384

_TABLES = """
CREATE TABLE there (name TEXT PRIMARY KEY, size INTEGER) WITHOUT ROWID;
CREATE TABLE known (name TEXT PRIMARY KEY, sha256 BLOB) WITHOUT ROWID;
CREATE TABLE kept (key TEXT PRIMARY KEY, name TEXT, size INTEGER, sha256 BLOB) WITHOUT ROWID;
"""


class SoundLedger:
    """Knows sound by its key and by the name of its part. For several threads.

    Every method raises StorageError, or DiskFull, when there is no room for its file.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self._lock = Lock()
        with _told():
            self._rows = sqlite3.connect("", check_same_thread=False)
            self._rows.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
            self._rows.execute("PRAGMA journal_mode=MEMORY")
            self._rows.executescript(_TABLES)

    def __enter__(self) -> Self:
        """Return the ledger."""
        return self

    def __exit__(self, *_exception: object) -> None:
        """Forget everything."""
        self._rows.close()

    def look(self, found: Iterable[StoredObject]) -> None:
        """Take what lies at the place now, instead of what lay there before."""
        with self._changing() as rows:
            rows.execute("DELETE FROM there")
            rows.executemany(
                "INSERT INTO there VALUES (?, ?)", ((one.key, one.size) for one in found)
            )

    def know(self, kept: Iterable[KeptObject]) -> None:
        """Take the hashes that another backup tells; none of them when that one raises."""
        with self._changing() as rows:
            rows.executemany(
                "INSERT OR REPLACE INTO known VALUES (?, ?)",
                ((one.part.name, bytes.fromhex(one.part.sha256)) for one in kept),
            )

    def keep(self, kept: Iterable[KeptObject]) -> None:
        """Take what belongs to this backup, in place of earlier versions."""
        with self._changing() as rows:
            rows.executemany(
                "INSERT OR REPLACE INTO kept VALUES (?, ?, ?, ?)",
                (
                    (one.key, one.part.name, one.part.size, bytes.fromhex(one.part.sha256))
                    for one in kept
                ),
            )

    def part_of(self, key: str) -> StoredPart | None:
        """Return the part that this backup has of an object."""
        found = self._first("SELECT name, size, sha256 FROM kept WHERE key = ?", key)
        return _part(*found) if found else None

    def is_there(self, name: str, size: int) -> bool:
        """Say whether a part of this name and size lies at the place."""
        return self._first("SELECT size FROM there WHERE name = ?", name) == (size,)

    def known(self, name: str, size: int) -> StoredPart | None:
        """Return a part whose hash another backup tells."""
        found = self._first("SELECT sha256 FROM known WHERE name = ?", name)
        return _part(name, size, found[0]) if found else None

    def kept(self) -> Iterator[KeptObject]:
        """Yield all that belongs to this backup, in order of the keys."""
        after = ""
        while some := self._some_kept(after):
            yield from some
            after = some[-1].key

    def count(self) -> int:
        """Return how much belongs to this backup."""
        found = self._first("SELECT count(*) FROM kept")
        return int(found[0]) if found else 0

    def _some_kept(self, after: str) -> list[KeptObject]:
        query = "SELECT * FROM kept WHERE key > ? ORDER BY key LIMIT ?"
        with self._lock, _told():
            rows = self._rows.execute(query, (after, ROWS_AT_ONCE)).fetchall()
        return [KeptObject(key=row[0], part=_part(*row[1:])) for row in rows]

    def _first(self, query: str, *values: str) -> tuple[Any, ...] | None:
        with self._lock, _told():
            row: tuple[Any, ...] | None = self._rows.execute(query, values).fetchone()
        return row

    @contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        with self._lock, _told(), self._rows:
            yield self._rows


def _part(name: str, size: int, sha256: bytes) -> StoredPart:
    return StoredPart(name=name, size=size, sha256=sha256.hex())


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        full = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_FULL
        raise (DiskFull if full else StorageError) from None
