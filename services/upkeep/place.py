"""Where backups lie: a folder or a bucket, with one manifest each and sound that they share.

backups/<id>/database           the database at a moment, encrypted
backups/<id>/objects.jsonl.gz   which sound belongs to it
backups/<id>/manifest.json      written last: without it there is no backup
objects/<key>@<version>         sound, each version once for all backups
keys/<key id>                   the master key, only if it was asked for
erased                          hashes of calls that were erased: no restore brings them back
"""

import gzip
import hashlib
import io
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from services.domain.errors import (
    BackupDamaged,
    BackupError,
    BackupMissing,
    BackupUnfit,
    NotFound,
)
from services.storage.objects import ObjectStore, ObjectWriter, StoredObject
from services.upkeep.manifest import BackupManifest, KeptObject, StoredPart

BLOCK_BYTES = 4 * 1024 * 1024
LEVEL = 6
GZIP = 16 + zlib.MAX_WBITS
MOST_MANIFEST_BYTES = 1024 * 1024
SOUND = "objects"
BACKUPS = "backups"
KEYS = "keys"
ERASED = "erased"

_ID = re.compile(r"[0-9A-Za-z-]{1,64}")
_HASH = re.compile(r"[0-9a-f]{64}")
_MANIFEST = re.compile(rf"{BACKUPS}/({_ID.pattern})/manifest\.json")


@dataclass(frozen=True, kw_only=True)
class Backups:
    """Backups of a place: those that can be read, the newest first; why others can't, by id."""

    read: tuple[BackupManifest, ...]
    unread: Mapping[str, BackupError]


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


class BackupPlace:
    """Reads and writes backups. Every method raises StorageError, or DiskFull, as places do."""

    def __init__(self, objects: ObjectStore) -> None:
        """Keep backups in ``objects``."""
        self._objects = objects

    def sink(self, name: str) -> HashingSink:
        """Return where a part is written to."""
        return HashingSink(self._objects.write(name), name)

    def write(self, name: str, content: bytes) -> StoredPart:
        """Write a small part at once."""
        sink = self.sink(name)
        sink.write(content)
        sink.commit()
        return sink.part

    def read(self, part: StoredPart) -> Iterator[bytes]:
        """Yield a part's bytes block by block.

        Raises BackupDamaged when it is not as it was written, at the end at the latest.
        """
        read, found = 0, hashlib.sha256()
        try:
            while read < part.size:
                block = self._objects.read_range(part.name, read, read + BLOCK_BYTES)
                if not block:
                    raise BackupDamaged
                found.update(block)
                read += len(block)
                yield block
            if self._objects.size(part.name) != part.size:
                raise BackupDamaged
        except NotFound:
            raise BackupDamaged from None
        if found.hexdigest() != part.sha256:
            raise BackupDamaged

    def read_range(self, name: str, start: int, stop: int) -> bytes:
        """Return the bytes [start, stop) of a part. Raises NotFound."""
        return self._objects.read_range(name, start, stop)

    def is_whole(self, part: StoredPart) -> bool:
        """Say whether a part is as it was written."""
        try:
            for _ in self.read(part):
                pass
        except BackupDamaged:
            return False
        return True

    def parts(self, below: str) -> Iterator[StoredObject]:
        """Yield what lies below a name."""
        return self._objects.list(below)

    def delete(self, name: str) -> None:
        """Delete a part, if it is there."""
        self._objects.delete(name)

    def remove_leftovers(self, *, older_than_s: float) -> int:
        """Remove what interrupted writers left."""
        return self._objects.remove_leftovers(older_than_s=older_than_s)

    # --- what was erased since ------------------------------------------------------------------

    def erased(self) -> frozenset[str]:
        """Return the hashes of calls that no backup of this place may bring back.

        Raises BackupDamaged.
        """
        try:
            size = self._objects.size(ERASED)
        except NotFound:
            return frozenset()
        hashes = self._objects.read_range(ERASED, 0, size).decode("ascii", "replace").split()
        if not all(map(_HASH.fullmatch, hashes)):
            raise BackupDamaged("It is the list of what was erased.")
        return frozenset(hashes)

    def note_erased(self, hashes: Iterable[str]) -> frozenset[str]:
        """Add to the hashes of what was erased; return all of them."""
        before = self.erased()
        now = before.union(hashes)
        if now != before:
            self.write(ERASED, "\n".join(sorted(now)).encode())
        return now

    # --- backups ------------------------------------------------------------------------------

    def look(self) -> "Backups":
        """Return what there is: a backup that can't be read is one all the same."""
        read: list[BackupManifest] = []
        unread: dict[str, BackupError] = {}
        for listed in list(self._objects.list(BACKUPS)):
            found = _MANIFEST.fullmatch(listed.key)
            if found is None:
                continue
            try:
                read.append(self._manifest(found[1]))
            except BackupMissing:
                # Deleted since it was listed.
                continue
            except (BackupDamaged, BackupUnfit) as error:
                unread[found[1]] = error
        read.sort(key=lambda one: (one.created_at, one.id), reverse=True)
        return Backups(read=tuple(read), unread=unread)

    def all(self) -> list[BackupManifest]:
        """Return all backups that can be read, the newest first."""
        return list(self.look().read)

    def get(self, backup_id: str | None = None) -> BackupManifest:
        """Return a backup, the newest when none is named.

        Raises BackupMissing, BackupDamaged, BackupUnfit; also when what may be the newest can't be
        read, so that nobody takes an older one for it.
        """
        if backup_id is not None:
            if not _ID.fullmatch(backup_id):
                raise BackupMissing
            return self._manifest(backup_id)
        there = self.look()
        newest = there.read[0].id if there.read else ""
        # Ids sort by time.
        later = max((one for one in there.unread if one > newest), default=None)
        if later is not None:
            raise type(there.unread[later])(f"It is {later}; --backup takes another one.")
        if not there.read:
            raise BackupMissing
        return there.read[0]

    def _manifest(self, backup_id: str) -> BackupManifest:
        try:
            content = self._objects.read_range(manifest_name(backup_id), 0, MOST_MANIFEST_BYTES)
        except NotFound:
            raise BackupMissing from None
        manifest = BackupManifest.from_json(content)
        if manifest.id != backup_id:
            raise BackupDamaged
        return manifest

    def kept(self, manifest: BackupManifest) -> Iterator[KeptObject]:
        """Yield all sound of a backup. Raises BackupDamaged."""
        packed = b"".join(self.read(manifest.objects))
        try:
            with gzip.open(io.BytesIO(packed), "rt", encoding="utf-8") as lines:
                yield from map(KeptObject.from_line, lines)
        except (EOFError, OSError, UnicodeDecodeError, zlib.error):
            raise BackupDamaged from None

    def write_kept(
        self, backup_id: str, kept: Iterable[KeptObject], *, token: str | None = None
    ) -> StoredPart:
        """Write which sound belongs to a backup, beside an earlier list under a ``token``."""
        name = f"objects.{token}" if token else "objects"
        sink = self.sink(f"{BACKUPS}/{backup_id}/{name}.jsonl.gz")
        packer = zlib.compressobj(LEVEL, zlib.DEFLATED, GZIP)
        try:
            for one in kept:
                sink.write(packer.compress(one.to_line().encode() + b"\n"))
            sink.write(packer.flush())
            sink.commit()
        except BaseException:
            sink.abort()
            raise
        return sink.part


def new_backup_id(now: datetime, random: str) -> str:
    """Return an id that sorts by time, to the millisecond."""
    utc = now.astimezone(UTC)
    return f"{utc:%Y%m%dT%H%M%S}{utc.microsecond // 1000:03d}Z-{random}"


def manifest_name(backup_id: str) -> str:
    """Return where a backup's manifest lies."""
    return f"{BACKUPS}/{backup_id}/manifest.json"


def sound_name(found: StoredObject) -> str:
    """Return where a version of an object is kept: another size or moment is another version."""
    changed_us = int(found.changed_at.timestamp() * 1_000_000)
    return f"{SOUND}/{found.key}@{changed_us:x}-{found.size:x}"
