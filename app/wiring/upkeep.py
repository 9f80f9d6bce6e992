"""What backups, erasing and usage work with, put together from the settings."""

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine

from app.settings import ROOT, Settings
from app.wiring.parts import master_key_of
from app.wiring.services import Services
from services.domain.errors import NothingToKeep
from services.jobs.copies import CopyDeleter
from services.jobs.liveness import is_any_worker_alive
from services.jobs.queue import JobQueue, prepare_queue
from services.jobs.workers import is_any_shown
from services.storage.calls import CallStore
from services.storage.customers import CustomerStore
from services.storage.database import (
    database_exists,
    forget_log,
    known_revisions,
    migrate,
    open_engine,
)
from services.storage.live_calls import LiveCallStore
from services.storage.objects import ObjectStore
from services.storage.tapes import TapeStore
from services.upkeep.backup import BackupMaker, Tell
from services.upkeep.erasing import CustomerEraser
from services.upkeep.lock import upkeep_folder
from services.upkeep.place import BackupPlace
from services.upkeep.restore import Restorer
from services.upkeep.snapshots import DatabaseSnapshots


def backup_place(settings: Settings, place: str) -> BackupPlace:
    """Return where backups lie: a folder, or a bucket that is reached as STORAGE_URL's is."""
    url = place if "://" in place else Path(place).expanduser().absolute().as_uri()
    return BackupPlace(ObjectStore(url, settings.bucket_access))


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
            tell=tell,
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
            settle=lambda: _settle(settings, engine),
            tell=tell,
        )


def key_text(settings: Settings) -> str:
    """Return the master key as its file or setting has it. Raises WrongKey, StorageError."""
    master_key_of(settings)
    secret = settings.partyline_key
    return secret.get_secret_value() if secret else settings.key_file.read_text("ascii")


def build_eraser(services: Services) -> CustomerEraser:
    """Return what erases everything of a customer."""
    key = master_key_of(services.settings)
    return CustomerEraser(
        CustomerStore(services.engine),
        services.desk,
        services.vault,
        LiveCallStore(services.engine),
        TapeStore(services.settings.live_folder, key),
        services.uploads,
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


def _settle(settings: Settings, engine: Engine) -> None:
    """Let any worker take the jobs that were being run, and forget calls that were being held."""
    migrate(engine)
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
