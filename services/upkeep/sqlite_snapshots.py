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
from services.upkeep.snapshots import BLOCK_BYTES, DatabaseSnapshots, Sink, Snapshot, read_calls

LEVEL = 1
_GZIP = 16 + zlib.MAX_WBITS


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


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        full = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_FULL
        raise (DiskFull if full else StorageError) from None
