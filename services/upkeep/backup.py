"""Makes backups: the database of one moment, and all sound that its calls had then."""

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from services import telemetry
from services.domain.audit_trail import NotedHead
from services.domain.errors import BackupDamaged, BackupUnsettled
from services.storage.calls import CallStore
from services.storage.encryption import EncryptedWriter
from services.storage.keys import MasterKey
from services.storage.objects import ObjectStore
from services.storage.removals import hash_of_call
from services.upkeep.copying import CopyPass, SoundCopier, owner_of
from services.upkeep.ledger import SoundLedger
from services.upkeep.manifest import BackupManifest, KeptObject
from services.upkeep.place import (
    BACKUPS,
    KEYS,
    SOUND,
    BackupPlace,
    new_backup_id,
)
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
        erased: Callable[[], frozenset[str]] = frozenset,
        tell: Tell = lambda _line: None,
        heads: Callable[[], Sequence[NotedHead]] = lambda: (),
    ) -> None:
        """Back these up, as this version of Partyline; ``tell`` hears how far it is.

        ``heads`` says how far the audit has come; ``erased`` are hashes of calls that no backup
        may bring back.
        """
        self._heads = heads
        self._snapshots = snapshots
        self._calls = calls
        self._sound = sound
        self._master_key = master_key
        self._version = version
        self._tell = tell
        self._erased = erased

    def make(self, place: BackupPlace, *, with_key: str | None = None) -> MadeBackup:
        """Make one; until it is whole the place holds what it held before.

        ``with_key`` is the master key as text, to be kept beside it. Raises BackupUnsettled,
        DatabaseToolsMissing, DatabaseRefused, DiskFull, StorageError.
        """
        self._snapshots.check_tools()
        place.remove_leftovers(older_than_s=LEFTOVER_AFTER_S)
        # First: a signed backup says how long the list is, and there is none without a list.
        place.note_erased(self._erased())
        with SoundLedger() as ledger:
            ledger.look(place.parts(SOUND))
            _know(ledger, place)
            manifest, passes = self._made(place, ledger)
        place.note_erased(self._erased())
        if with_key is not None:
            place.write(f"{KEYS}/{self._master_key.key_id}", with_key.encode())
        telemetry.event("backup.made", calls=manifest.call_count, objects=manifest.object_count)
        return MadeBackup(
            manifest=manifest,
            copied=sum(one.copied for one in passes),
            copied_bytes=sum(one.copied_bytes for one in passes),
        )

    def _made(
        self, place: BackupPlace, ledger: SoundLedger
    ) -> tuple[BackupManifest, list[CopyPass]]:
        copier = SoundCopier(self._sound, place, ledger)
        passes = [copier.copy()]
        self._tell(f"sound: {ledger.count()} files, {passes[0].copied} of them new")
        for _ in range(MOST_SNAPSHOTS):
            # Before the snapshot, so that all of them are in it.
            heads = tuple(self._heads())
            with self._snapshots.taken() as snapshot:
                passes.append(copier.copy())
                if self._is_settled(snapshot, ledger, passes[-1]):
                    return self._write(place, snapshot, ledger, heads), passes
        raise BackupUnsettled

    def _is_settled(self, snapshot: Snapshot, ledger: SoundLedger, last: CopyPass) -> bool:
        """Say whether nothing that the snapshot names was deleted before it could be copied."""
        if last.vanished & snapshot.call_ids:
            return False
        silent = snapshot.call_ids.difference(owner_of(one.key) for one in ledger.kept())
        # Some calls have no recording; one that is gone may have had one.
        return self._calls.existing(silent) == silent

    def _write(
        self,
        place: BackupPlace,
        snapshot: Snapshot,
        ledger: SoundLedger,
        heads: tuple[NotedHead, ...],
    ) -> BackupManifest:
        now = datetime.now(UTC)
        backup_id = new_backup_id(now, secrets.token_hex(3))
        kept = _KeptOf(snapshot.call_ids, ledger)
        key = self._master_key.new_data_key(backup_id)
        self._tell("database")
        database = place.sink(f"{BACKUPS}/{backup_id}/database")
        data_key = self._master_key.unwrap(key, backup_id)
        with EncryptedWriter(database, data_key, purpose=PURPOSE) as writer:
            snapshot.write(writer)
        objects = place.write_kept(backup_id, kept)
        manifest = BackupManifest(
            id=backup_id,
            created_at=now,
            version=self._version,
            dialect=self._snapshots.dialect,
            revision=snapshot.revision,
            key=key,
            database=database.part,
            objects=objects,
            call_count=len(snapshot.call_ids),
            object_count=kept.count,
            object_bytes=kept.size,
            audit=heads,
        )
        ledger.look(place.parts(SOUND))
        if not all(ledger.is_there(one.part.name, one.part.size) for one in kept):
            # Somebody on another machine: on this one they wait for each other.
            raise BackupUnsettled("Sound went from the place: it was pruned meanwhile.")
        erased = place.erased()
        if any(hash_of_call(call_id) in erased for call_id in snapshot.call_ids):
            # Its earlier backups have been rid of it just now.
            raise BackupUnsettled("A call was erased meanwhile.")
        return place.write_manifest(replace(manifest, erased_count=len(erased)))


class _KeptOf:
    """All sound of some calls, in order of the keys; counted as it is gone through."""

    def __init__(self, call_ids: frozenset[str], ledger: SoundLedger) -> None:
        self._call_ids = call_ids
        self._ledger = ledger
        self.count = self.size = 0

    def __iter__(self) -> Iterator[KeptObject]:
        self.count = self.size = 0
        for one in self._ledger.kept():
            if owner_of(one.key) in self._call_ids:
                self.count += 1
                self.size += one.part.size
                yield one


def _know(ledger: SoundLedger, place: BackupPlace) -> None:
    """Learn hashes from the newest backup whose list can be read."""
    for manifest in place.all():
        try:
            ledger.know(place.kept(manifest))
        except BackupDamaged:
            telemetry.warning("backup.list_damaged")
        else:
            return
