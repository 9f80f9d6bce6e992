"""Takes erased calls out of backups, so that nobody gets one back who has the master key in hand.

A backup's database is written anew without the call's rows, its key among them, and sealed under a
key of its own; the key of the earlier copy goes with the manifest that named it. Then the sound
goes. The manifest is replaced last and at once: before, the backup is what it was; whatever a kill
leaves is named by no manifest, and goes the next time.
"""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from services import telemetry
from services.domain.errors import BackupDamaged, DataDamaged, WrongKey
from services.storage.encryption import EncryptedReader, EncryptedWriter
from services.storage.keys import DataKey, MasterKey
from services.storage.removals import hash_of_call
from services.upkeep.backup import PURPOSE, Tell
from services.upkeep.copying import owner_of
from services.upkeep.manifest import BackupManifest, KeptObject
from services.upkeep.place import BACKUPS, SOUND, BackupPlace, manifest_name
from services.upkeep.snapshots import DatabaseSnapshots

BLOCK_BYTES = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Scrubbing:
    """What was done at a place. ``unread`` are backups that nobody could look into."""

    backups: int
    sounds: int
    unread: tuple[str, ...]


class BackupScrubber:
    """Takes calls out of all backups of a place. Nobody may make one there meanwhile."""

    def __init__(
        self,
        snapshots: DatabaseSnapshots,
        master_key: MasterKey,
        *,
        tell: Tell = lambda _line: None,
    ) -> None:
        """Look into backups of this kind of database, that this key opens."""
        self._snapshots = snapshots
        self._master_key = master_key
        self._tell = tell

    def scrub(
        self, place: BackupPlace, erased: frozenset[str], *, unsigned: bool = False
    ) -> Scrubbing:
        """Take out all calls whose hashes these are, or lie at the place.

        With ``unsigned`` the list there is taken, and signed, though nobody vouches for it. Raises
        BackupDamaged, DatabaseToolsMissing, DiskFull, StorageError; then it can be asked for again.
        """
        # First: a restore looks at these before anything else.
        known = place.note_erased(erased, unsigned=unsigned)
        if not known:
            return Scrubbing(backups=0, sounds=0, unread=())

        def is_erased(call_id: str) -> bool:
            return hash_of_call(call_id) in known

        there = place.look()
        unread, done = list(there.unread), 0
        for manifest in there.read:
            try:
                done += self._scrub(place, manifest, is_erased)
            except (WrongKey, DataDamaged, BackupDamaged):
                unread.append(manifest.id)
        sounds = 0
        for found in list(place.parts(SOUND)):
            if is_erased(owner_of(found.key.removeprefix(f"{SOUND}/"))):
                place.delete(found.key)
                sounds += 1
        telemetry.event("backups.scrubbed", backups=done, sounds=sounds, unread=len(unread))
        return Scrubbing(backups=done, sounds=sounds, unread=tuple(sorted(unread)))

    def _scrub(
        self, place: BackupPlace, manifest: BackupManifest, is_erased: Callable[[str], bool]
    ) -> bool:
        """Replace a backup by one without these calls; say whether there was one of them."""
        self._remove_strays(place, manifest)
        if manifest.dialect != self._snapshots.dialect:
            raise WrongKey
        data_key = self._master_key.unwrap(manifest.key, manifest.id)

        def content() -> Iterator[bytes]:
            return read_database(place, manifest, data_key)

        gone = self._snapshots.erased_in(content, is_erased)
        kept = list(place.kept(manifest))
        staying = [one for one in kept if not is_erased(owner_of(one.key))]
        if not gone and len(staying) == len(kept):
            return False
        self._tell(f"{manifest.id}: {len(gone)} calls to take out")
        fresh = self._written(place, manifest, staying, self._snapshots.without(content, is_erased))
        fresh = replace(fresh, call_count=max(0, manifest.call_count - len(gone)))
        place.write_manifest(fresh, signed=place.vouches_for(manifest))
        self._remove_strays(place, fresh)
        return True

    def _written(
        self,
        place: BackupPlace,
        manifest: BackupManifest,
        staying: list[KeptObject],
        content: Iterator[bytes],
    ) -> BackupManifest:
        token = secrets.token_hex(3)
        key = self._master_key.new_data_key(manifest.id)
        database = place.sink(f"{BACKUPS}/{manifest.id}/database.{token}")
        opened = self._master_key.unwrap(key, manifest.id)
        with EncryptedWriter(database, opened, purpose=PURPOSE) as writer:
            for block in content:
                writer.write(block)
        return replace(
            manifest,
            key=key,
            database=database.part,
            objects=place.write_kept(manifest.id, staying, token=token),
            object_count=len(staying),
            object_bytes=sum(one.part.size for one in staying),
        )

    def _remove_strays(self, place: BackupPlace, manifest: BackupManifest) -> None:
        """Delete what lies in a backup's folder and doesn't belong to it any more."""
        folder = f"{BACKUPS}/{manifest.id}"
        named = {manifest_name(manifest.id), manifest.database.name, manifest.objects.name}
        for found in list(place.parts(folder)):
            if found.key not in named:
                place.delete(found.key)


def read_database(place: BackupPlace, manifest: BackupManifest, key: DataKey) -> Iterator[bytes]:
    """Yield a backup's database, opened."""
    part = manifest.database
    reader = EncryptedReader(
        lambda start, stop: place.read_range(part.name, start, stop),
        part.size,
        key,
        purpose=PURPOSE,
    )
    while block := reader.read(BLOCK_BYTES):
        yield block
