"""Snapshots of a SQLite file, by SQLite's own online backup."""

import gzip
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import create_engine

from services.domain.errors import BackupDamaged, DiskFull, StorageError
from services.storage.database import BUSY_TIMEOUT_MS, reading
from services.storage.search_tables import FTS_TABLE
from services.upkeep.snapshots import (
    BLOCK_BYTES,
    CALL_TABLES,
    COPIES,
    Content,
    DatabaseSnapshots,
    IsErased,
    Sink,
    Snapshot,
    is_for_good,
    read_calls,
)

LEVEL = 1
_GZIP = 16 + zlib.MAX_WBITS
# The columns by which rows name a call, and how.
_OWNERS = {
    "call_id": "call_id",
    "run_key": "substr(run_key, 1, instr(run_key || ':', ':') - 1)",
    "workflow_uuid": "substr(workflow_uuid, 1, instr(workflow_uuid || '.', '.') - 1)",
    "workflow_id": "substr(workflow_id, 1, instr(workflow_id || '.', '.') - 1)",
}


class SqliteSnapshot(Snapshot):
    """A copy of the file, of one moment."""

    def __init__(self, file: Path) -> None:
        """Read this copy."""
        self._file = file
        engine = create_engine(f"sqlite:///{file}", hide_parameters=True)
        try:
            with reading(engine) as connection:
                self.revision, self.call_ids = read_calls(connection)
        finally:
            engine.dispose()

    def write(self, sink: Sink) -> None:
        """Write the copy, compressed."""
        packer = zlib.compressobj(LEVEL, zlib.DEFLATED, _GZIP)
        with self._file.open("rb") as file:
            while block := file.read(BLOCK_BYTES):
                sink.write(packer.compress(block))
        sink.write(packer.flush())


class SqliteSnapshots(DatabaseSnapshots):
    """Copies the file while others write, and back in one transaction."""

    dialect = "sqlite"

    @contextmanager
    def taken(self) -> Iterator[Snapshot]:
        """Copy the file as it is now; the copy goes at the end."""
        copy = self._folder / "snapshot.db"
        try:
            with _told(), closing(self._open()) as live, closing(sqlite3.connect(copy)) as file:
                copy.chmod(0o600)
                # All pages in one go: what others write meanwhile is in their log, not in here.
                live.backup(file, pages=-1)
                # The copy needs no log of its own beside it.
                file.execute("PRAGMA journal_mode=DELETE")
            yield SqliteSnapshot(copy)
        finally:
            copy.unlink(missing_ok=True)

    def restore(self, content: Iterable[bytes]) -> None:
        """Unpack and check the copy, then write it over the file's content."""
        copy = self._folder / "restored.db"
        try:
            self._unpack(content, copy)
            with _told(), closing(sqlite3.connect(copy)) as file, closing(self._open()) as live:
                if file.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
                    raise BackupDamaged
                file.backup(live, pages=-1)
                live.execute("PRAGMA journal_mode=WAL")
        except sqlite3.DatabaseError:
            raise BackupDamaged from None
        finally:
            copy.unlink(missing_ok=True)

    def erased_in(self, content: Content, is_erased: IsErased) -> frozenset[str]:
        """Look into an unpacked copy."""
        with self._unpacked(content) as copy:
            return _erased(copy, is_erased)

    def without(self, content: Content, is_erased: IsErased) -> Iterator[bytes]:
        """Delete from an unpacked copy, and pack it again."""
        with self._unpacked(content) as copy:
            _delete(copy, _erased(copy, is_erased))
            packer = zlib.compressobj(LEVEL, zlib.DEFLATED, _GZIP)
            with self._copy.open("rb") as file:
                while block := file.read(BLOCK_BYTES):
                    yield packer.compress(block)
            yield packer.flush()

    def lines(self, content: Content) -> Iterator[tuple[str, bytes]]:
        """Yield rows of an unpacked copy, those of the index's own tables as well."""
        with self._unpacked(content) as copy:
            for table in _tables(copy):
                for row in copy.execute(f'SELECT * FROM "{table}"'):
                    yield table, b"\t".join(map(_bytes, row))

    @property
    def _copy(self) -> Path:
        return self._folder / "looked_into.db"

    @contextmanager
    def _unpacked(self, content: Content) -> Iterator[sqlite3.Connection]:
        self._copy.unlink(missing_ok=True)
        try:
            self._unpack(content(), self._copy)
            with _told(), closing(sqlite3.connect(self._copy, isolation_level=None)) as copy:
                copy.execute("PRAGMA foreign_keys=ON")
                copy.execute("PRAGMA secure_delete=ON")
                yield copy
        except sqlite3.DatabaseError:
            raise BackupDamaged from None
        finally:
            self._copy.unlink(missing_ok=True)

    def check_tools(self) -> None:
        """Find nothing missing: Python brings all that is needed."""

    def is_in_use(self) -> bool:
        """Say whether others have the file open: then nobody can have it alone."""
        self._engine.dispose()
        with closing(sqlite3.connect(str(self._engine.url.database), timeout=0.0)) as alone:
            try:
                alone.execute("PRAGMA locking_mode=EXCLUSIVE")
                alone.execute("BEGIN EXCLUSIVE")
                alone.execute("ROLLBACK")
            except sqlite3.OperationalError:
                return True
        return False

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(str(self._engine.url.database), timeout=BUSY_TIMEOUT_MS / 1000)

    def _unpack(self, content: Iterable[bytes], copy: Path) -> None:
        unpacker = zlib.decompressobj(_GZIP)
        try:
            with copy.open("wb") as file:
                copy.chmod(0o600)
                for block in content:
                    file.write(unpacker.decompress(block))
                file.write(unpacker.flush())
        except (zlib.error, gzip.BadGzipFile):
            raise BackupDamaged from None
        except OSError as error:
            raise DiskFull from error
        if not unpacker.eof:
            raise BackupDamaged


def _tables(copy: sqlite3.Connection) -> list[str]:
    found = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
    return [name for (name,) in copy.execute(found)]


def _columns(copy: sqlite3.Connection, table: str) -> set[str]:
    return {row[1] for row in copy.execute(f'PRAGMA table_info("{table}")')}


def _erased(copy: sqlite3.Connection, is_erased: IsErased) -> frozenset[str]:
    there = set(_tables(copy))
    ids = {
        call_id
        for table in CALL_TABLES
        if table in there
        for (call_id,) in copy.execute(f"SELECT id FROM {table}")
    }
    return frozenset(filter(is_erased, ids))


def _delete(copy: sqlite3.Connection, ids: frozenset[str]) -> None:
    """Delete all that names these calls, and what the file still holds of it."""
    copy.execute("CREATE TEMP TABLE going (id TEXT PRIMARY KEY)")
    copy.executemany("INSERT INTO going VALUES (?)", [(one,) for one in sorted(ids)])
    copy.execute("BEGIN")
    # The copies at providers are nobody's then, by the key that leads from them to the call.
    tables = [table for table in _tables(copy) if not is_for_good(table) and table != COPIES]
    for table in tables:
        for column, owner in _OWNERS.items():
            if column in _columns(copy, table):
                named = f'DELETE FROM "{table}" WHERE {owner} IN (SELECT id FROM temp.going)'
                copy.execute(named)
    for table in CALL_TABLES:
        if table in tables:
            copy.execute(f"DELETE FROM {table} WHERE id IN (SELECT id FROM temp.going)")
    copy.execute("COMMIT")
    if copy.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (FTS_TABLE,)).fetchone():
        copy.execute(f"INSERT INTO {FTS_TABLE}({FTS_TABLE}) VALUES ('optimize')")
    copy.execute("VACUUM")


def _bytes(cell: object) -> bytes:
    return cell if isinstance(cell, bytes) else str(cell).encode("utf-8", "replace")


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        full = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_FULL
        raise (DiskFull if full else StorageError) from None
