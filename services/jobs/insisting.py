"""Records what must be recorded, however long the database takes; and waits for stores."""

import time
from collections.abc import Callable
from typing import TypeVar

from services import telemetry
from services.domain.errors import StorageError
from services.jobs.progress import WorkerStopping

INSIST_EVERY_S = 1.0
INSIST_FOR_S = 600.0
# A server that starts again, or a store that answers nonsense for a while, is back by then.
PATIENT_PAUSES_S = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
STOPPING_ASKED_EVERY_S = 0.25

Done = TypeVar("Done")


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


def patiently(step: Callable[[], Done], stopping: Callable[[], bool]) -> Done:
    """Do a step that finds its own traces, again after a while when a store could not be reached.

    A full disk, a wrong key or damaged contents don't get better by waiting. Raises WorkerStopping
    once ``stopping()``, and the StorageError when it lasts too long.
    """
    for pause_s in PATIENT_PAUSES_S:
        try:
            return step()
        except StorageError as error:
            if type(error) is not StorageError:
                raise
        telemetry.event("job.waits_for_storage")
        give_up_at = time.monotonic() + pause_s
        while time.monotonic() < give_up_at:
            if stopping():
                raise WorkerStopping
            time.sleep(STOPPING_ASKED_EVERY_S)
    return step()
