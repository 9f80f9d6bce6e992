"""The object store: a local folder or a bucket, by the same calls (obstore)."""

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import unquote, urlsplit

from services.domain.errors import DiskFull, NotFound, StorageError, StorageRefused
from services.storage.buckets import BucketAccess
from services.storage.keys import sync_folder

if TYPE_CHECKING:
    from obstore.store import ObjectStore as Backend

# Smaller parts are refused by S3; more at once would only fill the memory.
PART_BYTES = 5 * 1024 * 1024
PARTS_AT_ONCE = 2

_NO_SPACE = re.compile(r"\(os error (?:27|28|122)\)|StorageFull|QuotaExceeded")
# Writers and listings tell what a bucket answered in words only.
_REFUSAL = re.compile(
    r"lacked the necessary privileges|valid authentication credentials"
    r"|\b(?:NoSuchBucket|AccessDenied|InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken)\b"
)
_STAGED = re.compile(r"#\d+$")


@dataclass(frozen=True, kw_only=True)
class StoredObject:
    """An object's key, size and the moment of its last change (UTC)."""

    key: str
    size: int
    changed_at: datetime


class ObjectStore:
    """Objects by key in a local folder (``file:///…`` or a plain path) or in ``s3://…``.

    Every method raises StorageError when the store can't be reached, DiskFull when it is full,
    StorageRefused for a bucket that doesn't exist or may not be used.
    """

    def __init__(self, url: str, access: BucketAccess | None = None) -> None:
        """Use this place; a local folder is made when missing, readable by its owner only.

        ``access`` says how a bucket is reached.
        """
        self._url = url
        self._access = access or BucketAccess()
        self._folder = _local_folder(url)
        self._opened: Backend | None = None

    @property
    def _backend(self) -> "Backend":
        # Opened when first used: importing and connecting cost time that start-up doesn't need.
        if self._opened is None:
            from obstore.store import LocalStore

            with _translated():
                if self._folder is None:
                    self._opened = self._access.open(self._url)
                else:
                    self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                    self._opened = LocalStore(self._folder)
        return self._opened

    def write(self, key: str) -> "ObjectWriter":
        """Return a writer whose bytes become the object, all at once, when it commits."""
        return ObjectWriter(self._backend, key, self._folder)

    def read_range(self, key: str, start: int, stop: int) -> bytes:
        """Return the bytes [start, stop), fewer at the object's end. Raises NotFound."""
        if stop <= start:
            return b""
        import obstore

        try:
            with _translated():
                return bytes(obstore.get_range(self._backend, key, start=start, end=stop))
        except StorageRefused:
            raise
        except StorageError:
            # Stores refuse a range that begins beyond the end, each in words of its own.
            if start >= self.size(key):
                return b""
            raise

    def size(self, key: str) -> int:
        """Return the object's size in bytes. Raises NotFound."""
        import obstore

        with _translated():
            return int(obstore.head(self._backend, key)["size"])

    def exists(self, key: str) -> bool:
        """Say whether there is such an object."""
        try:
            self.size(key)
        except NotFound:
            return False
        return True

    def delete(self, key: str) -> None:
        """Delete the object; one that isn't there is as good as deleted."""
        import obstore

        try:
            with _translated():
                obstore.delete(self._backend, key)
        except NotFound:
            return
        if self._folder is not None:
            _remove_empty_folder((self._folder / key).parent, below=self._folder)

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        """Yield every object below the prefix (whole path parts)."""
        import obstore

        with _of_the_place(), _translated():
            for batch in obstore.list(self._backend, prefix or None):
                for found in batch:
                    yield StoredObject(
                        key=found["path"], size=found["size"], changed_at=found["last_modified"]
                    )

    def remove_leftovers(self, *, older_than_s: float) -> int:
        """Remove parts that interrupted writers left in a local folder; return how many.

        Buckets do this by themselves with a lifecycle rule for incomplete uploads.
        """
        if self._folder is None or not self._folder.exists():
            return 0
        before = time.time() - older_than_s
        removed = 0
        for path in self._folder.rglob("*"):
            if _STAGED.search(path.name) and path.is_file() and path.stat().st_mtime < before:
                path.unlink(missing_ok=True)
                removed += 1
        return removed


class ObjectWriter:
    """Streams one object into the store; nothing is visible before ``commit()``.

    As a context manager it commits at a clean end and aborts after an exception.
    """

    def __init__(self, backend: "Backend", key: str, folder: Path | None) -> None:
        """Begin an object; ``folder`` is the local folder of the store, if it is one."""
        import obstore

        self._key = key
        self._folder = folder
        self._writer: Any = None
        with _translated():
            self._writer = obstore.open_writer(
                backend, key, buffer_size=PART_BYTES, max_concurrency=PARTS_AT_ONCE
            )

    def write(self, data: bytes, /) -> int:
        """Take the next bytes."""
        with _of_the_place(), _translated():
            return int(self._writer.write(data))

    def commit(self) -> None:
        """Make the object visible and durable."""
        with _of_the_place(), _translated():
            self._writer.close()
            if self._folder is not None:
                _sync(self._folder / self._key, upto=self._folder)
        self._writer = None

    def abort(self) -> None:
        """Forget what was written; the space is free again at once.

        Parts that a bucket can't be told to forget just now are left to its lifecycle rule.
        """
        writer, self._writer = self._writer, None
        if writer is not None and self._folder is None:
            with suppress(StorageError), _translated():
                # The one way to have the library give an upload up: it ended by an exception.
                writer.__exit__(RuntimeError, None, None)

    def __del__(self) -> None:
        """Forget what nobody has committed."""
        self.abort()

    def __enter__(self) -> Self:
        """Return the writer."""
        return self

    def __exit__(self, kind: object, *_exception: object) -> None:
        """Commit or abort."""
        if kind is None:
            self.commit()
        else:
            self.abort()


@contextmanager
def _of_the_place() -> Iterator[None]:
    """Take that nothing was found as the bucket's absence: no object was asked for."""
    try:
        yield
    except NotFound:
        raise StorageRefused from None


class _translated:
    """Turns the store's exceptions into ours, without their texts (they name files)."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        from obstore.exceptions import (
            BaseError,
            PermissionDeniedError,
            UnauthenticatedError,
        )

        if isinstance(error, FileNotFoundError):
            raise NotFound from None
        if isinstance(error, PermissionDeniedError | UnauthenticatedError):
            raise StorageRefused from None
        if isinstance(error, BaseError | OSError):
            raise _kind_of(str(error))() from None


def _kind_of(words: str) -> type[StorageError]:
    if _NO_SPACE.search(words):
        return DiskFull
    return StorageRefused if _REFUSAL.search(words) else StorageError


def _local_folder(url: str) -> Path | None:
    parts = urlsplit(url)
    if parts.scheme == "file":
        return Path(unquote(parts.path))
    return None if "://" in url else Path(url)


def _sync(path: Path, *, upto: Path) -> None:
    """Make a file and the folders that lead to it durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    folder = path.parent
    while folder.is_relative_to(upto):
        sync_folder(folder)
        folder = folder.parent


def _remove_empty_folder(folder: Path, *, below: Path) -> None:
    while folder != below and folder.is_relative_to(below):
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent
