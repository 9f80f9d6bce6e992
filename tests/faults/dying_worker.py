"""A worker that is killed by nobody but itself, when its run has come so far, not a step later."""

import os
import signal
import sys
from unittest import mock

from app.settings import load_settings
from app.worker import run_worker
from services.domain.calls import Stage
from services.jobs.progress import ProgressReporter
from services.jobs.progress_board import ProgressBoard
from services.storage.runs import ProgressReport


def main(stage: Stage, fraction: float) -> int:
    """Work until ``fraction`` of ``stage`` has been reported."""
    report = ProgressReporter.__call__

    def report_and_die(self: ProgressReporter, now: Stage, done: float) -> None:
        report(self, now, done)
        if now is stage and done >= fraction:
            os.kill(os.getpid(), signal.SIGKILL)

    def write_at_once(self: ProgressBoard, one: ProgressReport) -> None:
        self._write([one])

    with (
        mock.patch.object(ProgressReporter, "__call__", report_and_die),
        mock.patch.object(ProgressBoard, "report", write_at_once),
    ):
        return run_worker(load_settings())


if __name__ == "__main__":
    sys.exit(main(Stage(sys.argv[1]), float(sys.argv[2])))
