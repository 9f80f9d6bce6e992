"""Deletes calls so that whoever is killed meanwhile leaves nothing that isn't finished later.

A call's rows go first, its key among them, and with them what is left to do is written down. Its
sound, which nobody can hear any more, and its jobs go then. So a call is there or it is not.
"""

from collections.abc import Callable

from sqlalchemy import Connection

from services import telemetry
from services.jobs.queue import JobQueue
from services.storage.audio_vault import AudioVault
from services.storage.calls import CallStore
from services.storage.removals import Removal, RemovalStore
from services.storage.retention import check_over

AT_ONCE = 100


class CallRemover:
    """Deletes calls and finishes what others have begun. Safe to be done by several at once."""

    def __init__(
        self, calls: CallStore, removals: RemovalStore, vault: AudioVault, queue: JobQueue
    ) -> None:
        """Work on these."""
        self._calls = calls
        self._removals = removals
        self._vault = vault
        self._queue = queue

    def remove(
        self, org_id: str, call_id: str, *, also: Callable[[Connection], None] = lambda _: None
    ) -> None:
        """Delete a call that is not being processed; ``also`` is done with its rows.

        Raises NotFound, OnHold, StillInWork, StorageError; then it is there as before, or all of
        it goes as soon as the storage can be reached.
        """

        def checked(connection: Connection) -> None:
            check_over(connection, call_id)
            also(connection)

        self._calls.delete(org_id, call_id, also=checked)
        self.finish(call_id)

    def finish(self, call_id: str) -> None:
        """Delete the sound and the jobs of a call whose rows are gone, or whose key is new."""
        removal = self._removals.get(call_id)
        if removal is not None:
            self._finish(removal)

    def finish_all(self) -> int:
        """Finish whatever anybody has begun; return how many there were."""
        finished = 0
        while some := self._removals.begun(AT_ONCE):
            for removal in some:
                self._finish(removal)
            finished += len(some)
        if finished:
            telemetry.event("removals.finished", count=finished)
        return finished

    def _finish(self, removal: Removal) -> None:
        self._queue.withdraw(removal.jobs)
        self._vault.delete(removal.call_id)
        self._queue.forget(removal.jobs)
        self._removals.finish(removal.call_id)
