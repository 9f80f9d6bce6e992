"""A worker shows that it is there: by a lock nobody else can hold, and by a row it keeps fresh."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from services import telemetry
from services.domain.errors import PartylineError, StorageError, WorkerRunning
from services.domain.working import WorkerFacts
from services.jobs.liveness import BEAT_EVERY_S, RETRY_LOCK_S, WorkerPresence
from services.storage.worker_locks import SessionLock
from services.storage.workers import WorkerStore

# On SQLite the row is only shown to people: the lock of the file system tells who is alive.
SHOWN_BEAT_EVERY_S = 10.0


def lock_name(worker_id: str) -> str:
    """Return the name of the lock that the worker with this id holds on a server."""
    return f"partyline worker {worker_id}"


class Presence:
    """The presence of one worker, on this machine and on the database that all hosts share.

    On PostgreSQL a connection of its own holds the lock. When that is lost for a moment, it is made
    again; when others have taken the worker for dead meanwhile and have its jobs, it is simply
    there anew. Only when another process has its id by then is it ``lost``.
    """

    def __init__(
        self,
        worker: WorkerFacts,
        folder: Path,
        store: WorkerStore,
        lock: SessionLock | None,
    ) -> None:
        """Name the worker, the folder of this machine's workers, and where all hosts look.

        ``is_taken_elsewhere``: it was another host's worker, or one of another data folder, that
        had the id when it was last asked for.
        """
        self.worker = worker
        self._files = WorkerPresence(folder, worker.id)
        self._store = store
        self._lock = lock
        self._beat_every_s = BEAT_EVERY_S if lock else SHOWN_BEAT_EVERY_S
        self._stop = threading.Event()
        self._draining = False
        self.is_taken_elsewhere = False

    @contextmanager
    def hold(self, *, wait_s: float = 0.0) -> Iterator[None]:
        """Be the only process with this id until the block ends.

        Waits up to ``wait_s`` for a predecessor to go. Raises WorkerRunning when it stays,
        StorageError when the server can't be reached.
        """
        with self._files.hold(wait_s=wait_s):
            if self._lock is None:
                yield
                return
            give_up_at = time.monotonic() + wait_s
            while not self._lock.hold():
                self.is_taken_elsewhere = True
                if time.monotonic() >= give_up_at:
                    raise WorkerRunning
                time.sleep(RETRY_LOCK_S)
            try:
                yield
            finally:
                self._lock.let_go()

    @contextmanager
    def shown(self, on_lost: Callable[[], None]) -> Iterator[None]:
        """Keep the row fresh until the block ends; tell when another process has this id."""
        self._store.register(self.worker)
        beat = threading.Thread(target=self._beat, args=(on_lost,), name="presence", daemon=True)
        beat.start()
        try:
            yield
        finally:
            self._stop.set()
            beat.join()
            with suppress(PartylineError):
                self._store.remove(self.worker)

    def drain(self) -> None:
        """Say that it takes nothing new any more."""
        self._draining = True
        with suppress(PartylineError):
            self._store.beat(self.worker, draining=True)

    def _beat(self, on_lost: Callable[[], None]) -> None:
        while not self._stop.wait(self._beat_every_s):
            try:
                self._show(on_lost)
            except StorageError as error:
                telemetry.event("worker.not_shown", error=error.code)
            except Exception as error:
                telemetry.fault("worker.fault", error)

    def _show(self, on_lost: Callable[[], None]) -> None:
        # A connection that the server doesn't know to be dead may hold the lock a while longer.
        has_lock = self._lock is None or self._lock.hold()
        if self._store.beat(self.worker, draining=self._draining):
            return
        if has_lock:
            telemetry.warning("worker.replaced")
            self._store.register(self.worker)
        elif any(w.facts.id == self.worker.id for w in self._store.all()):
            telemetry.warning("worker.lost")
            on_lost()
