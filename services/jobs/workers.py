"""Which workers there are, on whatever host, which of them are gone, and who takes over from them.

On SQLite all are on this machine, and the locks of the file system tell. On PostgreSQL a lock of
the server does, with the row that each worker keeps fresh: whoever has lost the lock for a moment
is not gone yet, and whoever holds it and is silent is, as a process is that was stopped, or a host
that lost its power.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, inspect

from services.domain.working import SeenWorker, WorkerFacts
from services.jobs.liveness import LockState, file_alone, is_any_worker_alive, lock_state
from services.jobs.presence import lock_name
from services.storage.database import reading
from services.storage.worker_locks import alone, held_keys, key_of
from services.storage.worker_tables import WORKERS
from services.storage.workers import WorkerStore

LOST_AFTER_MS = 6_000
FROZEN_AFTER_MS = 30_000
# Workers of older versions show themselves to their own machine only.
UNKNOWN_AFTER_S = 120.0


class Workers:
    """Who works on this database."""

    def __init__(
        self,
        store: WorkerStore,
        folder: Path,
        server: Engine | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Look into this store and folder, and at the locks of ``server`` where there is one."""
        self._store = store
        self._folder = folder
        self._server = server
        self._clock = clock
        self._unknown_since: dict[str, float] = {}

    def all(self) -> list[SeenWorker]:
        """Return every worker that has a row. Raises StorageError."""
        return self._store.all()

    def any_alive(self) -> bool:
        """Say whether some worker has shown itself lately. Raises StorageError."""
        if self._server is None:
            return is_any_worker_alive(self._folder)
        return any(worker.silent_ms < FROZEN_AFTER_MS for worker in self._store.all())

    def gone(self, worker_ids: Iterable[str]) -> frozenset[str]:
        """Return those of these workers that work no more. Raises StorageError."""
        ids = set(worker_ids)
        if self._server is None:
            return frozenset(i for i in ids if lock_state(self._folder, i) is LockState.FREE)
        if not ids:
            return frozenset()
        # Rows before locks: a worker takes its lock first.
        rows = {worker.facts.id: worker for worker in self._store.all()}
        held = held_keys(self._server)
        return frozenset(
            i
            for i in ids
            if self._is_silent_too_long(i, rows.get(i), has_lock=key_of(lock_name(i)) in held)
        )

    def without_a_process(self) -> frozenset[str]:
        """Return the ids of workers that have a row and work no more. Raises StorageError."""
        return self.gone(worker.facts.id for worker in self._store.all())

    def _is_silent_too_long(
        self, worker_id: str, row: SeenWorker | None, *, has_lock: bool
    ) -> bool:
        if row is not None:
            self._unknown_since.pop(worker_id, None)
            return row.silent_ms > (FROZEN_AFTER_MS if has_lock else LOST_AFTER_MS)
        if has_lock:
            return False
        on_this_machine = lock_state(self._folder, worker_id)
        if on_this_machine is not LockState.UNKNOWN:
            return on_this_machine is LockState.FREE
        since = self._unknown_since.setdefault(worker_id, self._clock())
        return self._clock() - since > UNKNOWN_AFTER_S

    @contextmanager
    def alone(self, what: str) -> Iterator[bool]:
        """Be the only one, of all workers, who does this; False when another does it now."""
        if self._server is None:
            with file_alone(self._folder, what) as is_alone:
                yield is_alone
        else:
            with alone(self._server, f"partyline {what}") as is_alone:
                yield is_alone

    def row_of(self, worker_id: str) -> WorkerFacts | None:
        """Return what is known of a worker; None of one that has no row. Raises StorageError."""
        rows = (worker.facts for worker in self._store.all())
        return next((facts for facts in rows if facts.id == worker_id), None)

    def forget(self, worker: WorkerFacts) -> None:
        """Forget a worker whose jobs others have, unless it has shown itself anew since."""
        self._store.remove(worker)


def is_any_shown(server: Engine) -> bool:
    """Say whether some worker's row on a server is fresh; no table of workers, no worker."""
    with reading(server) as connection:
        if not inspect(connection).has_table(WORKERS.name):
            return False
    return any(worker.silent_ms < FROZEN_AFTER_MS for worker in WorkerStore(server).all())
