"""Writes parts of backups, and knows what was written."""

import hashlib

from services.storage.objects import ObjectWriter
from services.upkeep.manifest import StoredPart


class HashingSink:
    """Passes bytes on to an object that is written, and knows their size and SHA-256."""

    def __init__(self, writer: ObjectWriter, name: str) -> None:
        """Write this object."""
        self._writer = writer
        self._name = name
        self._hash = hashlib.sha256()
        self._size = 0

    def write(self, data: bytes, /) -> int:
        """Take the next bytes."""
        self._hash.update(data)
        self._size += len(data)
        return self._writer.write(data)

    def commit(self) -> None:
        """Make the object visible and durable."""
        self._writer.commit()

    def abort(self) -> None:
        """Forget what was written."""
        self._writer.abort()

    @property
    def part(self) -> StoredPart:
        """What was written."""
        return StoredPart(name=self._name, size=self._size, sha256=self._hash.hexdigest())
