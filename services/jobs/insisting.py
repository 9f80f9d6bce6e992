"""Records what must be recorded, however long the database takes."""

import time
from collections.abc import Callable

from services.domain.errors import StorageError
from services.jobs.progress import WorkerStopping

INSIST_EVERY_S = 1.0
INSIST_FOR_S = 600.0


def insist(record: Callable[[], object], stopping: Callable[[], bool]) -> None:
    """Record also when the database can't at the moment, as on a full disk.

    Meanwhile no other job could be processed either: it would only fail the same way. Raises
    WorkerStopping once ``stopping()``, and the StorageError when it lasts too long.
    """
    give_up_at = time.monotonic() + INSIST_FOR_S
    while True:
        try:
            record()
        except StorageError:
            if time.monotonic() > give_up_at:
                raise
            if stopping():
                raise WorkerStopping from None
            time.sleep(INSIST_EVERY_S)
        else:
            return
