"""What backups, erasing and usage work with, put together from the settings."""

import tomllib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from sqlalchemy import Engine, inspect

from app.settings import ROOT, Settings
from app.wiring.parts import master_key_of
from app.wiring.services import Services
from services import telemetry
from services.domain.errors import BackupError, BackupMissing, NothingToKeep, StorageError
from services.jobs.copies import CopyDeleter
from services.jobs.liveness import is_any_worker_alive
from services.jobs.queue import JobQueue, prepare_queue
from services.jobs.workers import is_any_shown
from services.storage.audit_reading import AuditReader
from services.storage.calls import CallStore
from services.storage.customers import CustomerStore
from services.storage.database import database_exists, forget_log, open_engine
from services.storage.holds import HoldStore
from services.storage.key_sources import key_of_command
from services.storage.live_calls import LiveCallStore
from services.storage.objects import ObjectStore
from services.storage.removals import RemovalStore
from services.storage.retention_tables import ERASED_CALLS
from services.storage.schema import known_revisions, migrate
from services.storage.sealed_keys import SealedKeyStore
from services.storage.tapes import TapeStore
from services.upkeep.backup import BackupMaker, Tell
from services.upkeep.erasing import Eraser
from services.upkeep.lock import upkeep_folder
from services.upkeep.place import BackupPlace
from services.upkeep.remains import RemainsFinder
from services.upkeep.restore import Restorer
from services.upkeep.rotating import KeyRotator
from services.upkeep.scrubbing import BackupScrubber, Scrubbing
from services.upkeep.snapshots import DatabaseSnapshots


def backup_place(settings: Settings, place: str) -> BackupPlace:
    """Return where backups lie: a folder, or a bucket that is reached as STORAGE_URL's is.

    Signatures are checked where the master key is; none is made for that. Raises WrongKey,
    KeyCommandFailed, StorageError.
    """
    has_key = settings.has_given_key or settings.key_file.exists()
    key = master_key_of(settings) if has_key else None
    return BackupPlace(ObjectStore(_url_of(place), settings.bucket_access), key)


def existing_backups(settings: Settings, place: str) -> BackupPlace:
    """Return where backups lie already. Raises BackupMissing, also for a disk that isn't mounted.

    To say of a folder that isn't there that nothing is left in it would be a mistake.
    """
    url = urlsplit(_url_of(place))
    if url.scheme == "file" and not Path(url2pathname(url.path)).is_dir():
        raise BackupMissing("The folder isn't there.")
    return backup_place(settings, place)


def _url_of(place: str) -> str:
    return place if "://" in place else Path(place).expanduser().absolute().as_uri()


@contextmanager
def backup_maker(settings: Settings, tell: Tell) -> Iterator[BackupMaker]:
    """Give what backs this installation up.

    Raises UpkeepRunning, WrongKey, NothingToKeep.
    """
    if not database_exists(settings.database_url):
        raise NothingToKeep
    with upkeep_folder(settings.data_dir) as folder, _engine(settings) as engine:
        yield BackupMaker(
            _snapshots(engine, folder),
            CallStore(engine),
            _sound(settings),
            master_key_of(settings),
            version=_version(),
            erased=lambda: _known_erased(engine),
            tell=tell,
            heads=AuditReader(engine).heads,
        )


@contextmanager
def restorer(settings: Settings, tell: Tell) -> Iterator[Restorer]:
    """Give what brings backups back. Raises UpkeepRunning, WrongKey."""
    with upkeep_folder(settings.data_dir) as folder, _engine(settings) as engine:
        snapshots = _snapshots(engine, folder)

        def is_running() -> bool:
            if is_any_worker_alive(settings.workers_dir) or snapshots.is_in_use():
                return True
            # Of another host, and without a connection for the moment.
            return engine.dialect.name != "sqlite" and is_any_shown(engine)

        yield Restorer(
            snapshots,
            _sound(settings),
            master_key_of(settings),
            revisions=known_revisions(),
            is_running=is_running,
            settle=lambda erased: _settle(settings, engine, erased),
            erased=lambda: _erased_anywhere(settings, engine),
            tell=tell,
        )


def key_text(settings: Settings) -> str:
    """Return the master key as its file or setting has it. Raises WrongKey, StorageError."""
    master_key_of(settings)
    if settings.partyline_key:
        return settings.partyline_key.get_secret_value()
    if settings.key_command:
        return key_of_command(settings.key_command.get_secret_value())
    return settings.key_file.read_text("ascii")


def build_eraser(services: Services) -> Eraser:
    """Return what erases calls, and everything of a customer."""
    key = master_key_of(services.settings)
    return Eraser(
        CustomerStore(services.engine),
        services.desk,
        services.vault,
        LiveCallStore(services.engine),
        TapeStore(services.settings.live_folder, key),
        services.uploads,
        HoldStore(services.engine),
        RemovalStore(services.engine),
        services.keeping.remover,
        authority=services.authority,
        delete_copies=CopyDeleter(services.copies, services.providers).sweep,
        tidy=lambda: (
            services.index.remove_deleted_words(),
            # Until then changes of sums stand beside them, with the names of agents and queues.
            services.rollups.fold(),
            forget_log(services.engine),
        ),
    )


@contextmanager
def remains_finder(
    services: Services, places: Iterable[str], logs: Iterable[Path]
) -> Iterator[RemainsFinder]:
    """Give what looks everywhere for what is left.

    Raises UpkeepRunning, WrongKey, BackupMissing.
    """
    settings = services.settings
    named = dict.fromkeys([*settings.backup_places, *places])
    with upkeep_folder(settings.data_dir) as folder:
        yield RemainsFinder(
            services.engine,
            _sound(settings),
            master_key_of(settings),
            _snapshots(services.engine, folder),
            erased=_known_erased(services.engine),
            folders=(settings.live_folder, settings.working_folder),
            places=[
                (f"place {number}", existing_backups(settings, place))
                for number, place in enumerate(named, 1)
            ],
            logs=logs,
        )


@contextmanager
def scrubber(
    settings: Settings, tell: Tell, *, unsigned: bool = False
) -> Iterator[Callable[[str], Scrubbing]]:
    """Give what takes erased calls out of a place's backups. Raises UpkeepRunning, WrongKey."""
    with upkeep_folder(settings.data_dir) as folder, _engine(settings) as engine:
        work = BackupScrubber(_snapshots(engine, folder), master_key_of(settings), tell=tell)
        yield lambda place: work.scrub(
            existing_backups(settings, place), _known_erased(engine), unsigned=unsigned
        )


def erased_here(settings: Settings) -> frozenset[str]:
    """Return the hashes of what this installation knows to be erased, if there is any here."""
    # A backup can be looked at where the database is gone: all the more then.
    with suppress(StorageError):
        if database_exists(settings.database_url):
            with _engine(settings) as engine:
                return _known_erased(engine)
    return frozenset()


def build_rotator(services: Services, places: Iterable[str], tell: Tell) -> KeyRotator:
    """Return what puts a new master key in place of another, there and at these places too."""
    settings = services.settings
    key = master_key_of(settings)
    named = [*settings.backup_places, *places]
    return KeyRotator(
        key,
        SealedKeyStore(services.engine),
        TapeStore(settings.live_folder, key),
        [existing_backups(settings, place) for place in dict.fromkeys(named)],
        services.authority,
        key_file=None if settings.has_given_key else settings.key_file,
        tell=tell,
    )


@contextmanager
def _engine(settings: Settings) -> Iterator[Engine]:
    engine = open_engine(settings.database_url)
    try:
        yield engine
    finally:
        engine.dispose()


def _snapshots(engine: Engine, folder: Path) -> DatabaseSnapshots:
    if engine.dialect.name == "sqlite":
        from services.upkeep.sqlite_snapshots import SqliteSnapshots

        return SqliteSnapshots(engine, folder)
    from services.upkeep.postgres_snapshots import PostgresSnapshots

    return PostgresSnapshots(engine, folder)


def _sound(settings: Settings) -> ObjectStore:
    return ObjectStore(settings.storage_url, settings.bucket_access)


def _erased_anywhere(settings: Settings, engine: Engine) -> frozenset[str]:
    """Return what this database, or any place that can be reached, knows to be erased."""
    known = _known_erased(engine)
    for place in settings.backup_places:
        # A place that is away, or was changed, is no reason not to restore from another one.
        try:
            known |= existing_backups(settings, place).erased()
        except (StorageError, BackupMissing):
            continue
        except BackupError:
            telemetry.warning("backup.list_damaged")
    return known


def _known_erased(engine: Engine) -> frozenset[str]:
    """Return what this database knows to be erased; one of an earlier version knows nothing."""
    has_table = inspect(engine).has_table(ERASED_CALLS.name)
    return RemovalStore(engine).erased() if has_table else frozenset()


def _settle(settings: Settings, engine: Engine, erased: frozenset[str]) -> None:
    """Let any worker take the jobs that were being run, and forget calls that were being held."""
    migrate(engine)
    RemovalStore(engine).note_erased(erased, settings.org)
    prepare_queue(settings.database_url)
    queue = JobQueue(open_engine(settings.database_url), settings.limits_elsewhere)
    try:
        queue.put_back(queue.running())
    finally:
        queue.close()
    tapes = TapeStore(settings.live_folder, master_key_of(settings))
    LiveCallStore(engine).forget_without_sound(tapes.ids())


def _version() -> str:
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"])
