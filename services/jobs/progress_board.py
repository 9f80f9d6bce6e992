"""Where the runs of a worker say how far they are; it is written down for all of them together.

Nobody needs to see it sooner than pages look, nor after a crash. So it costs a worker with many
runs at once a few transactions a second, not one for each report.
"""

import threading
from collections.abc import Callable, Sequence

from services import telemetry
from services.domain.errors import PartylineError
from services.jobs.progress import WRITE_EVERY_S
from services.storage.runs import ProgressReport


class ProgressBoard:
    """Keeps the latest report of each run until it is written. Safe across threads."""

    def __init__(
        self,
        write: Callable[[Sequence[ProgressReport]], object],
        *,
        every_s: float = WRITE_EVERY_S,
    ) -> None:
        """Write through ``write``, ``every_s`` seconds apart at least; the first at once."""
        self._write = write
        self._every_s = every_s
        self._changed = threading.Condition()
        self._latest: dict[tuple[str, int], ProgressReport] = {}
        self._writer: threading.Thread | None = None
        self._is_closed = False

    def report(self, report: ProgressReport) -> None:
        """Take a report; it goes in the place of one of the same run that isn't written yet."""
        with self._changed:
            self._latest[report.call_id, report.number] = report
            if self._writer is None and not self._is_closed:
                self._writer = threading.Thread(target=self._write_on, name="progress", daemon=True)
                self._writer.start()
            self._changed.notify_all()

    def forget(self, call_id: str, number: int) -> None:
        """Leave out what isn't written yet of a run that has ended."""
        with self._changed:
            self._latest.pop((call_id, number), None)

    def close(self) -> None:
        """Write what there is and stop."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
            writer = self._writer
        if writer is not None:
            writer.join()

    def _write_on(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._latest or self._is_closed)
                reports = list(self._latest.values())
                self._latest.clear()
                if not reports:
                    return
            self._write_these(reports)
            with self._changed:
                self._changed.wait_for(lambda: self._is_closed, self._every_s)

    def _write_these(self, reports: Sequence[ProgressReport]) -> None:
        try:
            self._write(reports)
        except PartylineError as error:
            # The next report comes soon, and how the run ends is written by the run itself.
            telemetry.warning("progress.not_written", error=error.code)
