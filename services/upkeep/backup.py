"""Makes backups: the database of one moment, and all sound that its calls had then."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from services import telemetry
from services.domain.errors import BackupUnsettled
from services.storage.calls import CallStore
from services.storage.encryption import EncryptedWriter
from services.storage.keys import MasterKey
from services.storage.objects import ObjectStore
from services.upkeep.copying import CopyPass, SoundCopier, owner_of
from services.upkeep.manifest import BackupManifest
from services.upkeep.place import BACKUPS, KEYS, BackupPlace, manifest_name, new_backup_id
from services.upkeep.snapshots import DatabaseSnapshots, Snapshot

# Sound is deleted now and then, and so between a snapshot and the look at what there is.
MOST_SNAPSHOTS = 5
LEFTOVER_AFTER_S = 6 * 3600.0
PURPOSE = "database"

Tell = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class MadeBackup:
    """A backup, and how much of its sound was not at the place before."""

    manifest: BackupManifest
    copied: int
    copied_bytes: int


class BackupMaker:
    """Backs an installation up while it runs.

    Sound is durable before its call is, and never changes: so all that a snapshot names is there
    when the snapshot has been taken, unless it has been deleted since. Then another snapshot is
    taken, which doesn't name it any more.
    """

    def __init__(
        self,
        snapshots: DatabaseSnapshots,
        calls: CallStore,
        sound: ObjectStore,
        master_key: MasterKey,
        *,
        version: str,
        tell: Tell = lambda _line: None,
    ) -> None:
        """Back these up, as this version of Partyline; ``tell`` hears how far it is."""
        self._snapshots = snapshots
        self._calls = calls
        self._sound = sound
        self._master_key = master_key
        self._version = version
        self._tell = tell

    def make(self, place: BackupPlace, *, with_key: str | None = None) -> MadeBackup:
        """Make one; until it is whole the place holds what it held before.

        ``with_key`` is the master key as text, to be kept beside it. Raises BackupUnsettled,
        DatabaseToolsMissing, DatabaseRefused, DiskFull, StorageError.
        """
        self._snapshots.check_tools()
        place.remove_leftovers(older_than_s=LEFTOVER_AFTER_S)
        before = place.all()
        copier = SoundCopier(self._sound, place, place.kept(before[0]) if before else ())
        passes = [copier.copy()]
        self._tell(f"sound: {len(copier.kept)} files, {passes[0].copied} of them new")
        for _ in range(MOST_SNAPSHOTS):
            with self._snapshots.taken() as snapshot:
                passes.append(copier.copy())
                if self._is_settled(snapshot, copier, passes[-1]):
                    manifest = self._write(place, snapshot, copier)
                    break
        else:
            raise BackupUnsettled
        if with_key is not None:
            place.write(f"{KEYS}/{self._master_key.key_id}", with_key.encode())
        telemetry.event("backup.made", calls=manifest.call_count, objects=manifest.object_count)
        return MadeBackup(
            manifest=manifest,
            copied=sum(one.copied for one in passes),
            copied_bytes=sum(one.copied_bytes for one in passes),
        )

    def _is_settled(self, snapshot: Snapshot, copier: SoundCopier, last: CopyPass) -> bool:
        """Say whether nothing that the snapshot names was deleted before it could be copied."""
        if last.vanished & snapshot.call_ids:
            return False
        heard = {owner_of(key) for key in copier.kept}
        silent = snapshot.call_ids - heard
        # Some calls have no recording; one that is gone may have had one.
        return self._calls.existing(silent) == silent

    def _write(self, place: BackupPlace, snapshot: Snapshot, copier: SoundCopier) -> BackupManifest:
        now = datetime.now(UTC)
        backup_id = new_backup_id(now, secrets.token_hex(3))
        kept = [one for one in copier.kept.values() if owner_of(one.key) in snapshot.call_ids]
        key = self._master_key.new_data_key(backup_id)
        self._tell("database")
        database = place.sink(f"{BACKUPS}/{backup_id}/database")
        data_key = self._master_key.unwrap(key, backup_id)
        with EncryptedWriter(database, data_key, purpose=PURPOSE) as writer:
            snapshot.write(writer)
        manifest = BackupManifest(
            id=backup_id,
            created_at=now,
            version=self._version,
            dialect=self._snapshots.dialect,
            revision=snapshot.revision,
            key=key,
            database=database.part,
            objects=place.write_kept(backup_id, sorted(kept, key=lambda one: one.key)),
            call_count=len(snapshot.call_ids),
            object_count=len(kept),
            object_bytes=sum(one.part.size for one in kept),
        )
        place.write(manifest_name(backup_id), manifest.to_json())
        return manifest
