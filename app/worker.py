"""The worker process: runs jobs, no Streamlit."""

import argparse
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from app.processes import (
    give_way,
    keep_libraries_quiet,
    keep_memory_together,
    killed_with_parent,
    loading,
)
from services import telemetry
from services.domain.errors import PartylineError, WorkerRunning

if TYPE_CHECKING:
    from app.settings import Settings
    from services.jobs.presence import Presence

SUPERVISED_ID = "local"
WAIT_FOR_PREDECESSOR_S = 10.0
# Libraries whose log lines may quote what they work on.


def run_worker(settings: "Settings", *, supervised: bool = False) -> int:
    """Process waiting calls until told to stop by SIGTERM or SIGINT; the exit status.

    A supervised worker has the id ``local`` where nobody else has, dies with its parent, and leaves
    off at once when it is told to stop. Any other has WORKER_ID or a fresh id, and finishes what it
    can within the time that is set; the second signal cuts that short. Raises WorkerRunning when
    another process has the same id.
    """
    with loading():
        from app.wiring import build_worker

    keep_memory_together()
    ending = _Ending(supervised=supervised)
    drain_s = 0.0 if supervised else settings.drain_ms / 1000
    with _present(settings, supervised=supervised) as presence:
        worker = build_worker(
            settings,
            presence.worker.id,
            stopping=ending.told.is_set,
            leaving=ending.leaving.is_set,
        )
        with ExitStack() as until_ended:
            until_ended.enter_context(presence.shown(ending.replaced))
            with worker.running():
                telemetry.event("worker.started", supervised=supervised)
                worker.tend(ending.told)
                if ending.was_replaced:
                    worker.disowned.set()
                presence.drain()
                until_ended.enter_context(worker.draining(drain_s, ending.leaving.set))
    telemetry.event("worker.stopped")
    if ending.was_replaced:
        raise WorkerRunning
    return 0


@contextmanager
def _present(settings: "Settings", *, supervised: bool) -> "Iterator[Presence]":
    """Be the worker of one id, which no other process has."""
    from app.wiring import build_presence

    if not supervised:
        presence = build_presence(settings, settings.worker_id or _fresh_id())
        with presence.hold():
            yield presence
        return
    with ExitStack() as held:
        presence = build_presence(settings, SUPERVISED_ID)
        try:
            held.enter_context(presence.hold(wait_s=WAIT_FOR_PREDECESSOR_S))
        except WorkerRunning:
            if not presence.is_taken_elsewhere:
                raise
            # Another host on the same database has its own child of this name.
            presence = build_presence(settings, _fresh_id())
            held.enter_context(presence.hold())
        yield presence


class _Ending:
    """How a worker is told to end: to begin nothing any more, then to leave off."""

    def __init__(self, *, supervised: bool) -> None:
        """Listen to signals from now on."""
        self.told = threading.Event()
        self.leaving = threading.Event()
        self.was_replaced = False
        signal.signal(signal.SIGTERM, self._signalled)
        # Ctrl-C reaches the whole group; the supervisor decides when its worker ends.
        signal.signal(signal.SIGINT, signal.SIG_IGN if supervised else self._signalled)

    def replaced(self) -> None:
        """End because another process has this worker's id."""
        self.was_replaced = True
        self.leaving.set()
        self.told.set()

    def _signalled(self, _signal: int, _frame: FrameType | None) -> None:
        if self.told.is_set():
            self.leaving.set()
        self.told.set()


def _fresh_id() -> str:
    """Return an id that no living worker has, on whatever host."""
    return f"{socket.gethostname()}-{os.getpid()}-{os.urandom(4).hex()}"


def _die_with_parent() -> None:
    """End at once when the parent does.

    Standard input is a pipe from it: its end is the sign that works everywhere. On Linux the
    kernel sees to it as well.
    """
    killed_with_parent()

    def watch() -> None:
        while sys.stdin.buffer.read(1):
            pass
        os._exit(1)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


def main() -> int:
    """Run as the supervised child or by hand."""
    parser = argparse.ArgumentParser(prog="python -m app.worker")
    parser.add_argument("--supervised", action="store_true")
    supervised: bool = parser.parse_args().supervised
    telemetry.configure()
    keep_libraries_quiet()
    if supervised:
        _die_with_parent()
        # Pages are served beside it, and captions written; a recording can wait for them.
        give_way()
    with loading():
        from app.settings import load_settings
    try:
        return run_worker(load_settings(), supervised=supervised)
    except PartylineError as error:
        sys.stderr.write(f"partyline: {error.user_message}\n")
        return 2


if __name__ == "__main__":
    # Threads of native libraries may still run; a worker that is done must not wait for them.
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
