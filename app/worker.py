"""The worker process: runs jobs, no Streamlit."""

import argparse
import os
import signal
import socket
import sys
import threading
from types import FrameType

from app.processes import give_way, keep_memory_together, killed_with_parent
from app.settings import Settings, load_settings
from app.wiring import build_worker
from services import telemetry
from services.domain.errors import PartylineError
from services.jobs.liveness import WorkerPresence

SUPERVISED_ID = "local"
WAIT_FOR_PREDECESSOR_S = 10.0
FINISH_WINDOW_WITHIN_S = 10.0
# Libraries whose log lines may quote what they work on.
TALKATIVE = (
    "asyncio",
    "concurrent",
    "sqlalchemy",
    "faster_whisper",
    "presidio-analyzer",
    "spacy",
    "httpx",
    "httpcore",
    "azure",
    "urllib3",
)


def run_worker(settings: Settings, *, supervised: bool = False) -> int:
    """Process waiting calls until told to stop by SIGTERM or SIGINT; the exit status.

    A supervised worker has the id ``local`` and dies with its parent; any other has WORKER_ID or
    a fresh id. Raises WorkerRunning when another process has the same id on this data folder.
    """
    keep_memory_together()
    stop = _stop_on_signals(supervised=supervised)
    worker_id = SUPERVISED_ID if supervised else settings.worker_id or _fresh_id()
    presence = WorkerPresence(settings.workers_dir, worker_id)
    with presence.hold(wait_s=WAIT_FOR_PREDECESSOR_S if supervised else 0.0):
        worker = build_worker(settings, worker_id, stopping=stop.is_set)
        with worker.running():
            telemetry.event("worker.started", supervised=supervised)
            worker.tend(stop)
            worker.wait_until_idle(FINISH_WINDOW_WITHIN_S)
    telemetry.event("worker.stopped")
    return 0


def _stop_on_signals(*, supervised: bool) -> threading.Event:
    stop = threading.Event()

    def told_to_stop(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, told_to_stop)
    # Ctrl-C reaches the whole group; the supervisor decides when its worker ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN if supervised else told_to_stop)
    return stop


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
    telemetry.keep_texts_out(*TALKATIVE)
    if supervised:
        _die_with_parent()
        # Pages are served beside it, and captions written; a recording can wait for them.
        give_way()
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
