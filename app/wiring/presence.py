"""How workers show themselves and see each other, put together from the settings."""

import os
import socket

from sqlalchemy import Engine

from app.settings import Settings
from services.domain.working import WorkerFacts
from services.jobs.presence import Presence, lock_name
from services.jobs.queue import JOBS_VERSION, queue_names
from services.jobs.workers import Workers
from services.storage.database import open_engine
from services.storage.worker_locks import SessionLock, open_watched_engine
from services.storage.workers import WorkerStore

MOST_HOST_CHARS = 100


def build_workers(settings: Settings, engine: Engine) -> Workers:
    """Return who works on this database, which ``engine`` reaches."""
    is_shared = engine.dialect.name != "sqlite"
    server = open_watched_engine(settings.database_url) if is_shared else None
    return Workers(WorkerStore(engine), settings.workers_dir, server)


def build_presence(settings: Settings, worker_id: str) -> Presence:
    """Return what shows that this process is the worker ``worker_id``."""
    engine = open_engine(settings.database_url)
    lock = None
    if engine.dialect.name != "sqlite":
        engine = open_watched_engine(settings.database_url)
        lock = SessionLock(engine, lock_name(worker_id))
    facts = WorkerFacts(
        id=worker_id,
        token=os.urandom(16).hex(),
        host=socket.gethostname()[:MOST_HOST_CHARS],
        pid=os.getpid(),
        version=JOBS_VERSION,
        queues=queue_names(settings.limits_elsewhere),
        jobs_at_once=settings.jobs_at_once,
    )
    return Presence(facts, settings.workers_dir, WorkerStore(engine), lock)
