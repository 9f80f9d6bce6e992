"""Where backups lie: a folder or a bucket, with one manifest each and sound that they share.

backups/<id>/database           the database at a moment, encrypted
backups/<id>/objects.jsonl.gz   which sound belongs to it
backups/<id>/manifest.json      written last: without it there is no backup
objects/<key>@<version>         sound, each version once for all backups
keys/<key id>                   the master key, only if it was asked for
erased                          hashes of calls that were erased: no restore brings them back

Manifests, and with them all that they name, and the list of what was erased bear a signature of the
master key, so that nobody without it can change or shorten them unnoticed.
"""

import gzip
import hashlib
import io
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from services.domain.errors import (
    BackupDamaged,
    BackupError,
    BackupForged,
    BackupMissing,
    BackupUnfit,
    NotFound,
)
from services.storage.keys import MasterKey
from services.storage.objects import ObjectStore, StoredObject
from services.upkeep.erased_list import ERASED, read_erased, written_erased
from services.upkeep.manifest import BackupManifest, KeptObject, StoredPart
from services.upkeep.sinks import HashingSink

BLOCK_BYTES = 4 * 1024 * 1024
LEVEL = 6
GZIP = 16 + zlib.MAX_WBITS
MOST_MANIFEST_BYTES = 1024 * 1024
SOUND = "objects"
BACKUPS = "backups"
KEYS = "keys"

_ID = re.compile(r"[0-9A-Za-z-]{1,64}")
_MANIFEST = re.compile(rf"{BACKUPS}/({_ID.pattern})/manifest\.json")


@dataclass(frozen=True, kw_only=True)
class Backups:
    """Backups of a place: those that can be read, the newest first; why others can't, by id."""

    read: tuple[BackupManifest, ...]
    unread: Mapping[str, BackupError]


class BackupPlace:
    """Reads and writes backups. Every method raises StorageError, or DiskFull, as places do."""

    def __init__(self, objects: ObjectStore, master_key: MasterKey | None = None) -> None:
        """Keep backups in ``objects``; without the key nothing is signed, no signature checked."""
        self._objects = objects
        self._master_key = master_key

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

    def erased(self, *, unsigned: bool = False) -> frozenset[str]:
        """Return the hashes of calls that no backup of this place may bring back.

        Raises BackupDamaged; BackupForged for a list that was changed, and, unless it may be
        ``unsigned``, for one that can't be the one that the backups of this place had.
        """
        listed = read_erased(self._objects)
        if self._master_key is None:
            return listed.hashes
        is_signed = listed.is_signed(self._master_key)
        known = [one.erased_count for one in self.look().read if self.vouches_for(one)]
        if known and not unsigned:
            if not listed.is_there:
                raise BackupForged("The list of what was erased is missing.")
            if not is_signed:
                raise BackupForged("The list of what was erased bears no signature any more.")
            if len(listed.hashes) < max(known):
                raise BackupForged("The list of what was erased is an earlier one.")
        return listed.hashes

    @property
    def has_erased(self) -> bool:
        """Whether there is a list of what was erased."""
        return read_erased(self._objects).is_there

    def note_erased(self, hashes: Iterable[str] = (), *, unsigned: bool = False) -> frozenset[str]:
        """Add to the hashes of what was erased, and sign them; return all of them.

        Raises as ``erased``.
        """
        before = self.erased(unsigned=unsigned)
        now = before.union(hashes)
        signature, key = read_erased(self._objects).signature, self._master_key
        is_signed = key is None or (signature and signature.key_id == key.current.key_id)
        if now != before or not is_signed:
            self.write(ERASED, written_erased(now, key))
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
        read.sort(key=_moment, reverse=True)
        signed = [one for one in read if self.vouches_for(one)]
        for one in read if signed else ():
            if _moment(one) > _moment(signed[-1]) and one not in signed:
                unread[one.id] = BackupForged("It bears no signature, though an older one does.")
        return Backups(read=tuple(one for one in read if one.id not in unread), unread=unread)

    def vouches_for(self, manifest: BackupManifest) -> bool:
        """Say whether a manifest of this place bears a signature of a key that is known here.

        Raises BackupForged for a signature that doesn't fit.
        """
        return self._master_key is not None and manifest.is_signed(self._master_key)

    @property
    def checks_signatures(self) -> bool:
        """Whether the master key is here, by which signatures are checked."""
        return self._master_key is not None

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
        self.vouches_for(manifest)
        return manifest

    def write_manifest(self, manifest: BackupManifest, *, signed: bool = True) -> BackupManifest:
        """Write what makes a backup one, at once, and return it as written.

        What takes the place of a manifest that nobody vouched for isn't ``signed`` either.
        """
        key = self._master_key if signed else None
        written = replace(manifest, signature=None) if key is None else manifest.signed(key)
        self.write(manifest_name(written.id), written.to_json())
        return written

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


def _moment(manifest: BackupManifest) -> tuple[datetime, str]:
    return manifest.created_at, manifest.id
