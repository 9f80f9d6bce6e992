"""Temporary files for decoded sound: encrypted with a key that only this process knows."""

import contextlib
import io
import os
import secrets
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.domain.errors import DataDamaged, DiskFull, StorageError
from services.streams import BlockStream

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

CHUNK_BYTES = 256 * 1024
KEPT_CHUNKS = 16
LEFTOVER_AGE_S = 3600.0

_TAG_BYTES = 16
_PREFIX = "working-"
_NO_SPACE_ERRORS = frozenset({27, 28, 122})


class WorkingFile(BlockStream):
    """A binary file that is written once from start to end and read from any place.

    It can be read while it grows. Its name is taken away as soon as it is open, so that nothing
    of it is left when the process ends, however it ends. Positions are shared like those of any
    file; ``read_at`` has none and serves several threads. Raises DiskFull, StorageError.
    """

    def __init__(self, folder: Path) -> None:
        """Make the file in ``folder``, which is made when missing."""
        super().__init__(block_bytes=CHUNK_BYTES, kept_blocks=KEPT_CHUNKS)
        self._handle: int | None = None
        self._cipher = AESGCM(secrets.token_bytes(32))
        self._tail = bytearray()
        self._chunks = 0
        self._lock = threading.Lock()
        self._handle = _open_nameless(folder)

    @property
    def _file(self) -> int:
        if self._handle is None:
            raise ValueError("the working file is closed")
        return self._handle

    @property
    def size(self) -> int:
        """How many bytes have been written."""
        return self._chunks * CHUNK_BYTES + len(self._tail)

    def writable(self) -> bool:
        """Say that this file can be written."""
        return True

    def write(self, data: "ReadableBuffer", /) -> int:
        """Put all of ``data`` at the end of the file."""
        with self._lock, memoryview(data) as view, view.cast("B") as taken:
            if self._handle is None:
                raise ValueError("write to a closed file")
            if self._at != self.size:
                raise io.UnsupportedOperation("a working file grows at its end only")
            self._tail += taken
            while len(self._tail) >= CHUNK_BYTES:
                self._put(bytes(self._tail[:CHUNK_BYTES]))
                del self._tail[:CHUNK_BYTES]
            self._at = self.size
            return len(taken)

    def _put(self, plain: bytes) -> None:
        sealed = memoryview(self._cipher.encrypt(_nonce(self._chunks), plain, None))
        at = self._chunks * (CHUNK_BYTES + _TAG_BYTES)
        try:
            while sealed:
                written = os.pwrite(self._file, sealed, at)
                sealed, at = sealed[written:], at + written
        except OSError as error:
            raise _storage_error(error) from None
        self._chunks += 1

    def read_at(self, start: int, count: int) -> bytes:
        """Return up to ``count`` bytes from ``start``, fewer only at the end."""
        with self._lock:
            if self._handle is None:
                raise ValueError("read from a closed file")
            stop, sealed = min(start + count, self.size), self._chunks * CHUNK_BYTES
            found = self._read_blocks(start, min(stop, sealed))
            return found + self._tail[max(0, start - sealed) : max(0, stop - sealed)]

    def _fetch(self, number: int) -> bytes:
        sealed_bytes = CHUNK_BYTES + _TAG_BYTES
        try:
            sealed = os.pread(self._file, sealed_bytes, number * sealed_bytes)
            return self._cipher.decrypt(_nonce(number), sealed, None)
        except OSError as error:
            raise _storage_error(error) from None
        except InvalidTag:
            raise DataDamaged from None

    def close(self) -> None:
        """Give the space back."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
            self._tail.clear()
        super().close()


def remove_leftovers(folder: Path, *, older_than_s: float = LEFTOVER_AGE_S) -> int:
    """Remove named working files of killed processes; return how many.

    A working file has a name for an instant only, so there is hardly ever one.
    """
    before = time.time() - older_than_s
    removed = 0
    for path in folder.glob(f"{_PREFIX}*"):
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < before:
                path.unlink()
                removed += 1
    return removed


def _nonce(number: int) -> bytes:
    # The key is used for this one file, so that the chunk's number can't come twice.
    return number.to_bytes(12, "big")


def _open_nameless(folder: Path) -> int:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / f"{_PREFIX}{secrets.token_hex(8)}"
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        path.unlink()
    except OSError as error:
        raise _storage_error(error) from None
    return handle


def _storage_error(error: OSError) -> StorageError:
    return DiskFull() if error.errno in _NO_SPACE_ERRORS else StorageError()
