"""Keeps a worker process running beside this one and takes it down with it."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from app.settings import ROOT, Settings
from services import telemetry
from services.jobs.liveness import is_any_worker_alive

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
HEALTHY_AFTER_S = 20.0
STOP_WITHIN_S = 15.0
WORKER_COMMAND = (sys.executable, "-m", "app.worker", "--supervised")


class WorkerSupervisor:
    """Starts the worker, starts it again when it ends, stops it with ``stop``.

    The worker holds the other end of a pipe as its standard input and ends when that closes, so
    it can't outlive this process however that dies. The thread that starts it lives as long as
    the worker may, because the kernel's parent-death signal follows the starting thread.
    """

    def __init__(self, settings: Settings, *, command: tuple[str, ...] = WORKER_COMMAND) -> None:
        """Run this command on the data that the settings name."""
        self._command = command
        self._environment = {**os.environ, **settings.places()}
        self._stopping = threading.Event()
        self._child: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep_running, name="supervisor", daemon=True)

    def start(self) -> None:
        """Start the worker in the background."""
        self._thread.start()

    def stop(self) -> None:
        """End the worker, by force when it takes too long, and wait for that."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def worker_pid(self) -> int | None:
        """Process id of the worker that runs now."""
        child = self._child
        return child.pid if child is not None and child.poll() is None else None

    def _keep_running(self) -> None:
        pause_s = FIRST_PAUSE_S
        while not self._stopping.is_set():
            started = time.monotonic()
            exit_code = self._run_once()
            if self._stopping.is_set():
                return
            telemetry.warning("worker.ended", exit_code=exit_code)
            if time.monotonic() - started > HEALTHY_AFTER_S:
                pause_s = FIRST_PAUSE_S
            self._stopping.wait(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    def _run_once(self) -> int | None:
        """Run one worker to its end, or to ours; return its exit code."""
        try:
            child = subprocess.Popen(
                self._command, cwd=ROOT, env=self._environment, stdin=subprocess.PIPE
            )
        except OSError as error:
            telemetry.fault("worker.not_started", error)
            return None
        self._child = child
        while child.poll() is None:
            if self._stopping.wait(0.1):
                return _end(child)
        if child.stdin is not None:
            child.stdin.close()
        return child.returncode


def _end(child: subprocess.Popen[bytes]) -> int:
    child.terminate()
    try:
        child.wait(STOP_WITHIN_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    if child.stdin is not None:
        child.stdin.close()
    return child.returncode


class WorkerAtHand:
    """Sees to it that some worker runs on the data folder: another process's, else an own one."""

    def __init__(self, settings: Settings) -> None:
        """Start nothing yet."""
        self._settings = settings
        self._own: WorkerSupervisor | None = None

    def ensure(self) -> None:
        """Start a worker unless one runs; to be called now and then while waiting for work."""
        if self._own is None and not is_any_worker_alive(self._settings.workers_dir):
            self._own = WorkerSupervisor(self._settings)
            self._own.start()

    def stop(self) -> None:
        """Stop the own worker, if there is one."""
        if self._own is not None:
            self._own.stop()


@contextmanager
def worker_running(settings: Settings) -> Iterator[WorkerAtHand]:
    """Make sure that a worker runs while the block does; one that runs already is used."""
    worker = WorkerAtHand(settings)
    worker.ensure()
    try:
        yield worker
    finally:
        worker.stop()
