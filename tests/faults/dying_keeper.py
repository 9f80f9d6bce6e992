"""Deletes by period and erases a customer, again and again, each time killed at another moment.

Everything is imported once; each time a child does the work and dies as by kill -9. The last one
is let live. One line for each tells how it ended.
"""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from app.commands.erase import erase_customer
from app.settings import Settings, load_settings
from app.wiring import build_services
from services.jobs.queue import JobQueue
from services.storage.audio_vault import AudioVault
from services.storage.calls import CallStore
from services.storage.removals import RemovalStore
from services.storage.retention import RetentionStore
from services.upkeep.place import BackupPlace
from services.upkeep.scrubbing import BackupScrubber

REF = "C-9"
# Whose what is deadly the how manieth time, before it is done or right after.
MOMENTS: tuple[tuple[type, str, int, str], ...] = (
    (CallStore, "delete", 1, "before"),
    (CallStore, "delete", 2, "after"),
    (AudioVault, "delete", 1, "after"),
    (JobQueue, "forget", 1, "after"),
    (RemovalStore, "finish", 2, "before"),
    (RetentionStore, "begin_audio", 2, "after"),
    (RetentionStore, "delete_text", 2, "after"),
    (RetentionStore, "end_run", 1, "before"),
    (JobQueue, "withdraw", 1, "after"),
    (CallStore, "removed", 1, "before"),
    (BackupPlace, "write_kept", 1, "after"),
    (BackupScrubber, "_remove_strays", 2, "before"),
    (BackupPlace, "parts", 3, "before"),
)


def die() -> None:
    """End as by kill -9."""
    os.kill(os.getpid(), signal.SIGKILL)


def make_deadly(owner: type, name: str, nth: int, when: str) -> None:
    """Have the process die around a call of a method."""
    real: Callable[..., Any] = getattr(owner, name)
    left = [nth]

    def deadly(*given: Any, **named: Any) -> Any:
        left[0] -= 1
        if left[0] == 0 and when == "before":
            die()
        done = real(*given, **named)
        if left[0] == 0:
            die()
        return done

    setattr(owner, name, deadly)


def work(settings: Settings, place: str) -> None:
    """Delete all that is due, then erase the customer everywhere."""
    services = build_services(settings)
    services.keeping.keeper.run_due()
    services.close()
    erase_customer(settings, REF, [place], yes=True, as_json=True)


if __name__ == "__main__":
    given, lies = load_settings(), sys.argv[1]
    for moment in (*MOMENTS, None):
        child = os.fork()
        if child == 0:
            if moment is not None:
                make_deadly(*moment)
            work(given, lies)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        ended = f"killed {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else "lived"
        sys.stderr.write(f"ended: {ended}\n")
