"""Where the sound of calls lies: encrypted objects, one folder per call."""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import BinaryIO

from services.domain.errors import NotFound
from services.storage.encryption import EncryptedReader, EncryptedWriter, plain_size
from services.storage.keys import DataKey, MasterKey, WrappedKey
from services.storage.objects import ObjectStore

READ_BUFFER_BYTES = 64 * 1024

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ROOT = "calls"


class Rendition(StrEnum):
    """The forms in which a call's sound is kept.

    ORIGINAL is the file as it came in, PLAYBACK what browsers play of it. REDACTED is the same
    with personal data covered: there is one for each redacted transcript, named by its id, because
    what is covered is what that transcript has found.
    """

    ORIGINAL = "original"
    PLAYBACK = "playback"
    REDACTED = "redacted"


_NAMES = frozenset(rendition.value for rendition in Rendition)


@dataclass(frozen=True, kw_only=True)
class StoredSound:
    """One rendition that is stored, with the moment it was written (UTC)."""

    call_id: str
    rendition: Rendition
    transcript_id: str | None
    written_at: datetime


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

    def write(
        self,
        call_id: str,
        rendition: Rendition,
        key: WrappedKey,
        *,
        transcript_id: str | None = None,
    ) -> EncryptedWriter:
        """Return a writable stream; closing it keeps the rendition, ``abort()`` forgets it.

        In a ``with`` block an exception aborts. Raises WrongKey, DiskFull, StorageError.
        """
        data_key = self.data_key(call_id, key)
        name = _object_key(call_id, rendition, transcript_id)
        return EncryptedWriter(self._objects.write(name), data_key, purpose=_purpose(name))

    def open(
        self,
        call_id: str,
        rendition: Rendition,
        key: WrappedKey,
        *,
        transcript_id: str | None = None,
    ) -> BinaryIO:
        """Return a seekable binary file; each caller gets its own.

        Raises NotFound when there is no such rendition, WrongKey, and while reading DataDamaged.
        """
        name = _object_key(call_id, rendition, transcript_id)
        raw = EncryptedReader(
            lambda start, stop: self._objects.read_range(name, start, stop),
            self._objects.size(name),
            self.data_key(call_id, key),
            purpose=_purpose(name),
        )
        return io.BufferedReader(raw, READ_BUFFER_BYTES)

    def size(self, call_id: str, rendition: Rendition, *, transcript_id: str | None = None) -> int:
        """Return how many bytes the rendition has when opened. Raises NotFound."""
        return plain_size(self._objects.size(_object_key(call_id, rendition, transcript_id)))

    def has(self, call_id: str, rendition: Rendition, *, transcript_id: str | None = None) -> bool:
        """Say whether the call has this rendition."""
        return self._objects.exists(_object_key(call_id, rendition, transcript_id))

    def remove(
        self, call_id: str, rendition: Rendition, *, transcript_id: str | None = None
    ) -> None:
        """Delete one rendition; one that isn't there is as good as deleted."""
        self._objects.delete(_object_key(call_id, rendition, transcript_id))

    def delete(self, call_id: str) -> None:
        """Delete all sound of a call; what isn't there is as good as deleted."""
        for sound in list(self.stored(call_id)):
            self.remove(call_id, sound.rendition, transcript_id=sound.transcript_id)

    def stored_calls(self) -> Iterator[tuple[str, datetime]]:
        """Yield the id of every call that has sound, with the moment it was written (UTC).

        A call with several renditions comes several times. For finding sound without a call.
        """
        for sound in self.stored():
            yield sound.call_id, sound.written_at

    def stored(self, call_id: str | None = None) -> Iterator[StoredSound]:
        """Yield every rendition that is stored, of one call or of all."""
        root = _ROOT if call_id is None else f"{_ROOT}/{_checked(call_id)}"
        for found in self._objects.list(root):
            owner, _, name = found.key.removeprefix(f"{_ROOT}/").partition("/")
            rendition, _, transcript_id = name.partition(".")
            if rendition in _NAMES:
                yield StoredSound(
                    call_id=owner,
                    rendition=Rendition(rendition),
                    transcript_id=transcript_id or None,
                    written_at=found.changed_at,
                )

    def remove_leftovers(self, *, older_than_s: float) -> int:
        """Remove what interrupted writers left behind; return how many pieces."""
        return self._objects.remove_leftovers(older_than_s=older_than_s)


def _object_key(call_id: str, rendition: Rendition, transcript_id: str | None = None) -> str:
    if (rendition is Rendition.REDACTED) is (transcript_id is None):
        raise ValueError("redacted sound, and only that, belongs to a transcript")
    suffix = f".{_checked(transcript_id)}" if transcript_id is not None else ""
    return f"{_ROOT}/{_checked(call_id)}/{rendition}{suffix}"


def _purpose(object_key: str) -> str:
    """Return what a stream is bound to: one rendition can't be passed off as another."""
    return object_key.rpartition("/")[2]


def _checked(name: str) -> str:
    if not _ID.fullmatch(name):
        raise NotFound
    return name
