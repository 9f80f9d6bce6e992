"""``partyline backup`` and ``partyline restore``."""

import json

from app.commands.console import EXIT_BAD_INPUT, say
from app.settings import Settings
from app.wiring.upkeep import (
    backup_maker,
    backup_place,
    erased_here,
    existing_backups,
    key_text,
    restorer,
    scrubber,
)
from services.domain.errors import BackupUnsigned
from services.upkeep.lock import upkeep_folder
from services.upkeep.manifest import BackupManifest
from services.upkeep.place import BackupPlace
from services.upkeep.restore import check_backup, check_erased, prune

MEGABYTE = 1_000_000


def make_backup(settings: Settings, place: str, *, with_key: bool, as_json: bool) -> int:
    """Make a backup; what was made goes to standard output. Raises what the maker raises."""
    key = key_text(settings) if with_key else None
    with backup_maker(settings, say) as maker:
        made = maker.make(backup_place(settings, place), with_key=key)
    manifest = made.manifest
    if as_json:
        told = {
            "id": manifest.id,
            "calls": manifest.call_count,
            "objects": manifest.object_count,
            "object_bytes": manifest.object_bytes,
            "copied": made.copied,
            "copied_bytes": made.copied_bytes,
            "database_bytes": manifest.database.size,
        }
        print(json.dumps(told))
    else:
        print(
            f"{manifest.id}: {manifest.call_count} calls, {_mb(manifest.object_bytes)} of sound "
            f"({_mb(made.copied_bytes)} copied), database {_mb(manifest.database.size)}"
        )
    if with_key:
        say("The master key lies beside the backup: whoever has the place can hear every call.")
    else:
        where = "PARTYLINE_KEY" if settings.has_given_key else str(settings.key_file)
        say(
            f"Without the master key ({where}) this backup can't be opened by anybody. "
            "Keep a copy of the key, in another place than the backup."
        )
    return 0


def verify_backup(settings: Settings, place: str, which: str | None) -> int:
    """Check a backup; 2 when it is damaged, whose parts go to standard output, or not signed."""
    lies = existing_backups(settings, place)
    manifest = lies.get(which)
    unlisted = check_erased(lies, erased_here(settings))
    check = check_backup(lies, manifest)
    for name in check.damaged:
        print(f"damaged: {name}")
    state = f"{len(check.damaged)} damaged" if check.damaged else "all whole"
    print(
        f"{manifest.id}: {check.parts} parts, {_mb(check.size)}, {state}{_unsigned(lies, manifest)}"
    )
    if unlisted:
        say(f"{unlisted} calls were erased since the list of this place was brought up to date.")
    is_unsigned = lies.checks_signatures and not lies.vouches_for(manifest)
    if is_unsigned:
        say(BackupUnsigned().user_message)
    return EXIT_BAD_INPUT if check.damaged or is_unsigned else 0


def print_backups(settings: Settings, place: str) -> int:
    """List backups, those that can't be read as well."""
    lies = existing_backups(settings, place)
    there = lies.look()
    for one in there.read:
        print(
            f"{one.id}  {one.created_at:%Y-%m-%d %H:%M} UTC  {one.dialect}  "
            f"{one.call_count} calls  {_mb(one.object_bytes)} of sound{_unsigned(lies, one)}"
        )
    for backup_id, error in sorted(there.unread.items(), reverse=True):
        print(f"{backup_id}  can't be read: {error.user_message}")
    return 0


def prune_backups(settings: Settings, place: str, *, keep: int) -> int:
    """Delete old backups. Raises UpkeepRunning, PruneRefused."""
    with upkeep_folder(settings.data_dir):
        gone = prune(existing_backups(settings, place), keep=keep)
    print(f"{gone} backups deleted")
    return 0


def scrub_backups(settings: Settings, place: str, *, unsigned: bool = False) -> int:
    """Take erased calls out of backups; 2 when some can't be looked into. Raises UpkeepRunning."""
    with scrubber(settings, say, unsigned=unsigned) as work:
        done = work(place)
    print(f"taken out of {done.backups} backups, {done.sounds} sound files")
    for backup_id in done.unread:
        print(f"{backup_id}: can't be looked into")
    return EXIT_BAD_INPUT if done.unread else 0


def restore_backup(
    settings: Settings, place: str, which: str | None, *, overwrite: bool, unsigned: bool = False
) -> int:
    """Bring a backup back. Raises what the restorer raises; then nothing has changed for calls."""
    lies = existing_backups(settings, place)
    manifest = lies.get(which)
    with restorer(settings, say) as work:
        work.restore(lies, manifest, overwrite=overwrite, unsigned=unsigned)
    if unsigned and not lies.vouches_for(manifest):
        say("It bears no signature: nobody vouches for what was restored.")
    print(f"{manifest.id}: {manifest.call_count} calls restored")
    return 0


def _unsigned(lies: BackupPlace, manifest: BackupManifest) -> str:
    """Return what is said of a backup that nobody vouches for."""
    if lies.vouches_for(manifest):
        return ""
    return ", not signed" if lies.checks_signatures else ", signature not checked: no master key"


def _mb(size: int) -> str:
    return f"{size / MEGABYTE:.1f} MB"
