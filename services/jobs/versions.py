"""Jobs that were made for workers of an earlier version, of which none is left."""

from services import telemetry
from services.domain.errors import NotFound
from services.jobs.queue import JobQueue, OlderJob
from services.jobs.workers import FROZEN_AFTER_MS, Workers
from services.storage.calls import CallStore
from services.storage.runs import RunStore


class OlderJobs:
    """Gives their runs jobs of this version. A run finds again what it had come to."""

    def __init__(self, calls: CallStore, runs: RunStore, queue: JobQueue, workers: Workers) -> None:
        """Work on these stores."""
        self._calls = calls
        self._runs = runs
        self._queue = queue
        self._workers = workers

    def adopt_of_nobody(self) -> int:
        """Replace waiting jobs that don't say whose they are, where that is asked."""
        count = 0
        with self._workers.alone("adopting older jobs") as is_alone:
            # One that has been replaced is not found again.
            while is_alone and (found := self._queue.jobs_of_nobody()):
                for job in found:
                    self._replace(job)
                count += len(found)
        return count

    def adopt(self) -> int:
        """Replace older jobs that nobody will run; return how many.

        As long as a worker of a job's own version shows itself, it is left to that.
        """
        older = self._queue.older_jobs()
        if not older:
            return 0
        with self._workers.alone("adopting older jobs") as is_alone:
            if not is_alone:
                return 0
            served = {
                worker.facts.version
                for worker in self._workers.all()
                if worker.silent_ms < FROZEN_AFTER_MS
            }
            left = [job for job in older if job.version not in served]
            for job in left:
                self._replace(job)
        if left:
            telemetry.event("jobs.of_older_version", count=len(left))
        return len(left)

    def _replace(self, job: OlderJob) -> None:
        """Give the run another job in the same moment in which this one loses it."""
        try:
            _, run = self._runs.load(job.call_id, job.run)
        except NotFound:
            self._queue.withdraw([job.id])
            return
        if run.workflow_id == job.id:
            with self._calls.transaction() as connection:
                moved = self._runs.move(job.call_id, job.run, run.queue, connection=connection)
                if moved is not None:
                    self._queue.enqueue(connection, moved)
            if moved is None:
                self._runs.cancelled(job.call_id, job.run)
        self._queue.withdraw([job.id])
