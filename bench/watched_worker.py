"""A job worker in a process of its own, watched from outside: its memory and its reports."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from app.commands.console import say
from app.settings import ROOT, Settings
from app.wiring import Services
from services.domain.calls import FINISHED_STATES, CallState, RunProgress, Stage
from services.domain.errors import PartylineError
from services.domain.people import LOCAL_USER

POLL_S = 0.1
END_WITHIN_S = 60
KIB_PER_MIB = 1024
WORKER_ID = "bench"
HIGH_WATER = "VmHWM:"


class WorkerEnded(PartylineError):
    """The worker ended by itself; start one by hand with `partyline worker` to see why."""


@dataclass(kw_only=True)
class Watched:
    """What was seen of a run: reports that reached the database, and the worker's peak memory.

    ``peak_mib`` holds the highest resident size so far at the last look into each stage.
    """

    state: CallState | None = None
    reports: int = 0
    largest_gap_s: float = 0.0
    gap_in: Stage | None = None
    took_s: float = 0.0
    peak_mib: dict[Stage, float] = field(default_factory=dict)

    def note(self, progress: RunProgress, gap_s: float) -> None:
        """Take a report that came ``gap_s`` after the one before."""
        self.reports += 1
        if gap_s > self.largest_gap_s:
            self.largest_gap_s, self.gap_in = gap_s, progress.stage


class WatchedWorker:
    """``python -m app.worker`` over an installation; always with the same id.

    With one id, a worker takes the runs of its killed predecessor over at once.
    """

    def __init__(self, settings: Settings) -> None:
        """Start it."""
        environment = {
            **os.environ,
            **settings.places(),
            "PARTYLINE_MAX_DURATION_MS": str(settings.max_duration_ms),
            "WORKER_ID": WORKER_ID,
            "PYTHONPATH": str(ROOT),
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "app.worker"],
            env=environment,
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def watch(
        self,
        services: Services,
        call_id: str,
        *,
        enough: Callable[[], bool] = lambda: False,
    ) -> Watched:
        """Watch the call's newest run until it is finished or ``enough()`` has been seen.

        Raises WorkerEnded.
        """
        seen, last, started = Watched(), None, time.monotonic()
        reported = started
        while not enough():
            progress = services.desk.progress(LOCAL_USER, [call_id])[call_id]
            now = time.monotonic()
            shown = (progress.stage, progress.stage_fraction, progress.fraction)
            if progress.stage is not None and shown != last:
                seen.note(progress, now - reported if last else 0.0)
                last, reported = shown, now
            if progress.stage is not None:
                seen.peak_mib[progress.stage] = self.peak_mib()
            seen.state, seen.took_s = progress.state, now - started
            if progress.state in FINISHED_STATES:
                if progress.error_message:
                    say(progress.error_message)
                break
            self._check()
            time.sleep(POLL_S)
        return seen

    def peak_mib(self) -> float:
        """Return the most memory that the process has had resident so far, in MiB."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        line = next((one for one in status.splitlines() if one.startswith(HIGH_WATER)), None)
        return int(line.split()[1]) / KIB_PER_MIB if line else 0.0

    def kill(self) -> float:
        """Kill it as a power cut would; returns when, in seconds since 1970."""
        self._process.send_signal(signal.SIGKILL)
        killed_at = time.time()
        self._process.wait(END_WITHIN_S)
        return killed_at

    def end(self) -> None:
        """Have it end; kill it when it doesn't."""
        if self._process.poll() is None:
            self._process.terminate()
        try:
            self._process.wait(END_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def _check(self) -> None:
        if self._process.poll() is not None:
            raise WorkerEnded


@contextmanager
def working(settings: Settings) -> Iterator[WatchedWorker]:
    """Have a worker while the block runs."""
    worker = WatchedWorker(settings)
    try:
        yield worker
    finally:
        worker.end()
