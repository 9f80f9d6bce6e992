"""Pausing queues: a row says so, and every worker follows it."""

from services.jobs.queue import JobQueue
from services.storage.job_queues import QueueStore, QueueSwitch


class QueueSwitches:
    """Pauses queues and lets them go on; jobs that run are finished.

    What holds is the row. Each worker sees to it that the queue does as the row says, so that one
    who died between the two, or a worker that was just starting, changes nothing for long.
    """

    def __init__(self, store: QueueStore, queue: JobQueue) -> None:
        """Work on this store and these queues."""
        self._store = store
        self._queue = queue

    def set_up(self, *, at_once: int) -> None:
        """Make the queues, for workers that run so many jobs together, paused ones paused."""
        rows = self._store.all().values()
        paused = frozenset(row.name for row in rows if row.paused_ms is not None)
        for name, by_worker in self._queue.set_up(at_once=at_once, paused=paused).items():
            self._store.note(name, by_worker)
        # Somebody may have paused one since.
        self.follow()

    def pause(self, name: str, by: str) -> None:
        """Begin no job of this queue any more, for this person."""
        self._store.pause(name, by)
        self.follow()

    def resume(self, name: str) -> None:
        """Let the queue go on."""
        self._store.resume(name)
        self.follow()

    def all(self) -> dict[str, QueueSwitch]:
        """Return how the queues are set, by name. Raises StorageError."""
        return self._store.all()

    def follow(self) -> int:
        """Have each queue do as its row says; return how many did not."""
        rows = self._store.all().values()
        return sum(
            self._queue.let_workers_take(row.name, row.at_once if row.paused_ms is None else 0)
            for row in rows
        )
