"""Buckets of S3 and their like as places with recordings."""

import io
from collections.abc import Iterator
from typing import BinaryIO

from services.domain.errors import FileMissing, NotFound, SourceMissing, StorageRefused
from services.ingest.sources import (
    RECORDING_ENDINGS,
    SIDECAR_ENDINGS,
    Found,
    is_hidden_or_unfinished,
)
from services.storage.objects import ObjectStore, StoredObject
from services.streams import SeekableStream

READ_BYTES = 1024 * 1024


class BucketSource:
    """A bucket, or what is in it below a prefix. An object appears there as a whole or not at all.

    Its mark is its entity tag: another version of it has another one.
    """

    def __init__(self, url: str, objects: ObjectStore) -> None:
        """Look through ``objects``, which are those below the address ``url``."""
        self._url = url.rstrip("/")
        self._objects = objects

    @property
    def place(self) -> str:
        """The bucket's address."""
        return self._url

    def where(self, found: Found) -> str:
        """Return an object's address."""
        return f"{self._url}/{found.path}"

    def files(self) -> Iterator[Found]:
        """Yield the objects that are there, page by page as the bucket lists them.

        Raises SourceMissing for a bucket that doesn't exist or may not be used, StorageError for
        one that can't be reached.
        """
        for stored in self._listed():
            found = _found(stored)
            is_sought = found.ending in RECORDING_ENDINGS | SIDECAR_ENDINGS
            parts = found.path.split("/")
            if is_sought and not any(map(is_hidden_or_unfinished, parts)):
                yield found

    def _listed(self) -> Iterator[StoredObject]:
        try:
            yield from self._objects.list()
        except StorageRefused:
            raise SourceMissing("AWS_ENDPOINT and its keys have to fit the bucket.") from None

    def is_recording(self, found: Found) -> bool:
        """Say whether an object is to be taken in."""
        return found.ending in RECORDING_ENDINGS

    def mark_now(self, found: Found) -> str | None:
        """Return the mark that an object has by now, None when it is gone."""
        try:
            return _found(self._objects.facts(found.path)).mark
        except NotFound:
            return None

    def open(self, found: Found) -> BinaryIO:
        """Open an object as a seekable stream; no more than a stretch of it is in memory."""
        return io.BufferedReader(_ObjectStream(self._objects, found), READ_BYTES)


class _ObjectStream(SeekableStream):
    """Reads an object stretch by stretch. Raises FileMissing once it is gone, StorageError."""

    def __init__(self, objects: ObjectStore, found: Found) -> None:
        super().__init__()
        self._objects = objects
        self._found = found

    @property
    def size(self) -> int:
        return self._found.size

    def read_at(self, start: int, count: int) -> bytes:
        stop = min(start + count, self.size)
        if start >= stop:
            return b""
        try:
            return self._objects.read_range(self._found.path, start, stop)
        except NotFound:
            raise FileMissing from None


def _found(stored: StoredObject) -> Found:
    mark = stored.etag or f"{stored.size}.{stored.changed_at.isoformat()}"
    return Found(path=stored.key, size=stored.size, mark=mark[:128], is_whole=True)
