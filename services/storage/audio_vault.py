"""Where the sound of calls lies: encrypted objects, one folder per call."""

import io
import re
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import BinaryIO

from services.domain.errors import NotFound
from services.storage.encryption import EncryptedReader, EncryptedWriter, plain_size
from services.storage.keys import DataKey, MasterKey, WrappedKey
from services.storage.objects import ObjectStore

READ_BUFFER_BYTES = 64 * 1024

_CALL_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ROOT = "calls"


class Rendition(StrEnum):
    """The forms in which a call's sound is kept."""

    ORIGINAL = "original"
    PLAYBACK = "playback"


class AudioVault:
    """Writes, opens and deletes the sound of calls.

    A rendition is written once: replacing one while somebody plays it would break their stream.
    """

    def __init__(self, objects: ObjectStore, master_key: MasterKey) -> None:
        """Keep the sound in ``objects``, under keys that ``master_key`` seals."""
        self._objects = objects
        self._master_key = master_key

    def new_key(self, call_id: str) -> WrappedKey:
        """Return a fresh data key for a call; it belongs in the call's row."""
        return self._master_key.new_data_key(call_id)

    def data_key(self, call_id: str, key: WrappedKey) -> DataKey:
        """Return the call's data key. Raises WrongKey."""
        return self._master_key.unwrap(key, call_id)

    def write(self, call_id: str, rendition: Rendition, key: WrappedKey) -> EncryptedWriter:
        """Return a writable stream; closing it keeps the rendition, ``abort()`` forgets it.

        In a ``with`` block an exception aborts. Raises WrongKey, DiskFull, StorageError.
        """
        data_key = self.data_key(call_id, key)
        sink = self._objects.write(_object_key(call_id, rendition))
        return EncryptedWriter(sink, data_key, purpose=rendition)

    def open(self, call_id: str, rendition: Rendition, key: WrappedKey) -> BinaryIO:
        """Return a seekable binary file; each caller gets its own.

        Raises NotFound when there is no such rendition, WrongKey, and while reading DataDamaged.
        """
        name = _object_key(call_id, rendition)
        raw = EncryptedReader(
            lambda start, stop: self._objects.read_range(name, start, stop),
            self._objects.size(name),
            self.data_key(call_id, key),
            purpose=rendition,
        )
        return io.BufferedReader(raw, READ_BUFFER_BYTES)

    def size(self, call_id: str, rendition: Rendition) -> int:
        """Return how many bytes the rendition has when opened. Raises NotFound."""
        return plain_size(self._objects.size(_object_key(call_id, rendition)))

    def has(self, call_id: str, rendition: Rendition) -> bool:
        """Say whether the call has this rendition."""
        return self._objects.exists(_object_key(call_id, rendition))

    def delete(self, call_id: str) -> None:
        """Delete all sound of a call; what isn't there is as good as deleted."""
        for rendition in Rendition:
            self._objects.delete(_object_key(call_id, rendition))

    def stored_calls(self) -> Iterator[tuple[str, datetime]]:
        """Yield the id of every call that has sound, with the moment it was written (UTC).

        A call with several renditions comes several times. For finding sound without a call.
        """
        for found in self._objects.list(_ROOT):
            call_id, _, _ = found.key.removeprefix(f"{_ROOT}/").partition("/")
            yield call_id, found.changed_at

    def remove_leftovers(self, *, older_than_s: float) -> int:
        """Remove what interrupted writers left behind; return how many pieces."""
        return self._objects.remove_leftovers(older_than_s=older_than_s)


def _object_key(call_id: str, rendition: Rendition) -> str:
    if not _CALL_ID.fullmatch(call_id):
        raise NotFound
    return f"{_ROOT}/{call_id}/{rendition}"
