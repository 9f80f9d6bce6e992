"""Checks backups, brings them back, and lets go of old ones."""

from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from services import telemetry
from services.domain.errors import (
    BackupDamaged,
    BackupForged,
    BackupUnfit,
    BackupUnsigned,
    DatabaseTooNew,
    PlaceInUse,
    PruneRefused,
    StillRunning,
    WrongKey,
)
from services.storage.keys import DataKey, MasterKey
from services.storage.objects import ObjectStore
from services.storage.removals import hash_of_call
from services.upkeep.backup import Tell
from services.upkeep.copying import COPIES_AT_ONCE, owner_of, some_at_once
from services.upkeep.manifest import BackupManifest, KeptObject, StoredPart
from services.upkeep.place import BACKUPS, SOUND, BackupPlace, manifest_name
from services.upkeep.scrubbing import read_database
from services.upkeep.snapshots import DatabaseSnapshots


@dataclass(frozen=True, kw_only=True)
class BackupCheck:
    """What reading all of a backup came to: parts read, bytes, names of damaged parts."""

    parts: int
    size: int
    damaged: tuple[str, ...]


def check_backup(
    place: BackupPlace, manifest: BackupManifest, *, unsigned: bool = False
) -> BackupCheck:
    """Read all of a backup and compare it with its hashes.

    Raises BackupDamaged for its list, or that of what was erased, unless that may be ``unsigned``.
    """
    parts, size, damaged = 0, 0, []
    erased = place.erased(unsigned=unsigned)
    with ThreadPoolExecutor(COPIES_AT_ONCE, "check") as pool:
        for some in some_at_once(_parts(place, manifest, erased)):
            for part, is_whole in zip(some, pool.map(place.is_whole, some), strict=True):
                parts += 1
                size += part.size
                if not is_whole:
                    damaged.append(part.name)
    return BackupCheck(parts=parts, size=size, damaged=tuple(damaged))


def prune(place: BackupPlace, *, keep: int) -> int:
    """Delete all backups but the newest, and the sound that only they had; return how many.

    Nobody may be making a backup at this place meanwhile. Raises PruneRefused, before anything is
    deleted, while a backup can't be read, whichever it is.
    """
    there = place.look()
    if there.unread:
        raise _refused(min(there.unread))
    try:
        place.erased()
    except BackupDamaged as error:
        raise PruneRefused(error.user_message) from None
    staying, going = there.read[:keep], there.read[keep:]
    needed: set[str] = set()
    for manifest in staying:
        try:
            needed.update(kept.part.name for kept in place.kept(manifest))
        except BackupDamaged:
            raise _refused(manifest.id) from None
    for manifest in going:
        # First of all: a backup without its manifest is none.
        place.delete(manifest_name(manifest.id))
    whole = {f"{BACKUPS}/{manifest.id}" for manifest in staying}
    for found in list(place.parts(BACKUPS)):
        if found.key.rpartition("/")[0] not in whole:
            place.delete(found.key)
    for found in list(place.parts(SOUND)):
        if found.key not in needed:
            place.delete(found.key)
    return len(going)


def _refused(backup_id: str) -> PruneRefused:
    return PruneRefused(
        f"It is {backup_id}; delete {BACKUPS}/{backup_id} by hand once you don't want it any more."
    )


class Restorer:
    """Brings an installation back."""

    def __init__(
        self,
        snapshots: DatabaseSnapshots,
        sound: ObjectStore,
        master_key: MasterKey,
        *,
        revisions: Collection[str],
        is_running: Callable[[], bool],
        settle: Callable[[frozenset[str]], None],
        erased: Callable[[], frozenset[str]] = frozenset,
        tell: Tell = lambda _line: None,
    ) -> None:
        """Restore into these; ``revisions`` are the schemas that this version knows.

        ``settle`` lets go of what only the processes of that time could have gone on with, and is
        told the hashes of all calls that were erased. ``erased`` are those that the installation
        itself knows before it is replaced.
        """
        self._erased = erased
        self._snapshots = snapshots
        self._sound = sound
        self._master_key = master_key
        self._revisions = revisions
        self._is_running = is_running
        self._settle = settle
        self._tell = tell

    def restore(
        self,
        place: BackupPlace,
        manifest: BackupManifest,
        *,
        overwrite: bool = False,
        unsigned: bool = False,
    ) -> None:
        """Bring a backup back: the sound first, then the database at once.

        Calls that were erased since it was made stay away, by what this place and the installation
        know of them: they are taken out before anything is written.
        With ``unsigned`` backup and list need bear no signature.
        Everything is checked before anything is changed, and whether somebody works here again
        before each step. Raises BackupUnfit, BackupUnsigned, DatabaseTooNew, WrongKey,
        StillRunning, PlaceInUse, BackupDamaged, DatabaseToolsMissing, DatabaseRefused, DiskFull,
        StorageError.
        """
        data_key = self._check_fits(manifest)
        if not unsigned and not manifest.is_signed(self._master_key):
            raise BackupUnsigned("--unsigned takes it all the same.")
        self._check_alone()
        self._snapshots.check_tools()
        if not overwrite and not self._snapshots.is_empty():
            raise PlaceInUse("Choose an empty place, or say --overwrite.")
        self._tell("checking the backup")
        damaged = check_backup(place, manifest, unsigned=unsigned).damaged
        if damaged:
            raise BackupDamaged(f"{len(damaged)} of its parts.")
        # Reading everything may have taken hours.
        self._check_alone()
        erased = self._known_erased(place, unsigned)

        def is_erased(call_id: str) -> bool:
            return hash_of_call(call_id) in erased

        self._tell(f"sound: {manifest.object_count} files")
        with ThreadPoolExecutor(COPIES_AT_ONCE, "restore") as pool:
            for some in some_at_once(place.kept(manifest)):
                wanted = [kept for kept in some if not is_erased(owner_of(kept.key))]
                list(pool.map(lambda kept: self._bring_back(place, kept), wanted))
        self._check_alone()
        self._tell("database")
        self._snapshots.restore(self._without(place, manifest, data_key, erased))
        self._settle(erased)
        telemetry.event("backup.restored", calls=manifest.call_count, objects=manifest.object_count)

    def _known_erased(self, place: BackupPlace, unsigned: bool) -> frozenset[str]:
        listed, known = place.erased(unsigned=unsigned), self._erased()
        if unlisted := len(known - listed):
            self._tell(f"{unlisted} calls were erased that the list at the place doesn't know of")
        return listed | known

    def _check_alone(self) -> None:
        if self._is_running():
            raise StillRunning

    def _check_fits(self, manifest: BackupManifest) -> DataKey:
        if manifest.dialect != self._snapshots.dialect:
            raise BackupUnfit(
                f"It is of a {manifest.dialect} database, and DATABASE_URL names "
                f"a {self._snapshots.dialect} one; one can't become the other."
            )
        if manifest.revision not in self._revisions:
            raise DatabaseTooNew
        try:
            return self._master_key.unwrap(manifest.key, manifest.id)
        except WrongKey:
            raise WrongKey("The backup was made under another master key.") from None

    def _bring_back(self, place: BackupPlace, kept: KeptObject) -> None:
        with self._sound.write(kept.key) as writer:
            for block in place.read(kept.part):
                writer.write(block)

    def _without(
        self, place: BackupPlace, manifest: BackupManifest, key: DataKey, erased: frozenset[str]
    ) -> Iterator[bytes]:
        """Return the database, without erased calls if there are any."""

        def content() -> Iterator[bytes]:
            return read_database(place, manifest, key)

        def is_erased(call_id: str) -> bool:
            return hash_of_call(call_id) in erased

        if erased and self._snapshots.erased_in(content, is_erased):
            return self._snapshots.without(content, is_erased)
        return content()


def check_erased(place: BackupPlace, known: frozenset[str]) -> int:
    """Return how many of the erasures that an installation knows of a place's list lacks.

    Raises BackupForged where there is no list at all.
    """
    if known and not place.has_erased:
        raise BackupForged("The list of what was erased is missing.")
    return len(known - place.erased())


def _parts(
    place: BackupPlace, manifest: BackupManifest, erased: frozenset[str]
) -> Iterator[StoredPart]:
    yield manifest.database
    for kept in place.kept(manifest):
        # The sound of an erased call may have gone already, and comes back to nobody.
        if hash_of_call(owner_of(kept.key)) not in erased:
            yield kept.part
