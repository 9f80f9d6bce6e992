"""Puts right what kills and crashes leave behind."""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from services import telemetry
from services.domain.errors import InternalFault, NotFound
from services.jobs.queue import JobQueue, JobState
from services.jobs.versions import OlderJobs
from services.jobs.workers import Workers
from services.storage.audio_vault import AudioVault
from services.storage.calls import CallStore
from services.storage.run_reading import UnfinishedRun
from services.storage.runs import RunStore
from services.storage.working_files import remove_leftovers

# An upload may take hours; what has not grown for this long will not grow any more.
UPLOAD_GIVEN_UP_AFTER_S = 6 * 3600.0
# Sound is durable a moment before its call is.
ORPHAN_AFTER_S = 3600.0
IDS_AT_ONCE = 500
IDLE_S = 10.0
# A job that has just begun or moved is no lost one.
LOST_AFTER_S = 60.0


class Janitor:
    """Sweeps; each part by itself, so that one fault doesn't keep the others from being done."""

    def __init__(
        self,
        calls: CallStore,
        runs: RunStore,
        vault: AudioVault,
        queue: JobQueue,
        *,
        worker_id: str,
        own_jobs: Callable[[], frozenset[str]],
        workers: Workers,
        working_folder: Path,
        upkeep: Mapping[str, Callable[[], int]] | None = None,
        idle_s: float = IDLE_S,
        lost_after_s: float = LOST_AFTER_S,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        """Sweep for the worker ``worker_id``, which at present runs ``own_jobs()``.

        ``upkeep`` is more to tidy, by name; each tells how much there was to do. A job of its own
        that nobody has run for ``idle_s`` is put back; a run that was asked for ``lost_after_s``
        ago and whose job is over has failed. Going through the bucket ends once ``stopping()``.
        """
        self._calls = calls
        self._runs = runs
        self._vault = vault
        self._queue = queue
        self._worker_id = worker_id
        self._own_jobs = own_jobs
        self._workers = workers
        self._older_jobs = OlderJobs(calls, runs, queue, workers)
        self._working_folder = working_folder
        self._upkeep = dict(upkeep or {})
        self._idle_since: dict[str, float] = {}
        self._idle_s = idle_s
        self._lost_after_s = lost_after_s
        self._stopping = stopping

    def sweep(self) -> None:
        """Do every part once."""
        self.begin()
        self.tidy()
        self.tidy_bucket()

    def begin(self) -> None:
        """Do what a worker does before anything else: look after jobs and this host's files."""
        self.look_after_jobs()
        self._do(
            jobs_of_nobody=self._older_jobs.adopt_of_nobody,
            working_files=self._remove_working_files,
        )

    def tidy(self) -> None:
        """Do the upkeep of the database. One worker at a time is enough."""
        self._do(**self._upkeep)

    def tidy_bucket(self) -> None:
        """Go through all stored sound. One worker at a time is enough, every few hours."""
        self._do(uploads=self._remove_broken_uploads, orphans=self._remove_orphaned_sound)

    def take_over(self) -> None:
        """Do only what others wait for: have jobs of workers that are gone go on."""
        self._do(abandoned_jobs=self._put_back_abandoned_jobs)

    def look_after_jobs(self) -> None:
        """Do only what keeps calls from being finished."""
        self.take_over()
        self._do(older_jobs=self._older_jobs.adopt, lost_runs=self._look_for_lost_runs)

    def _do(self, **parts: Callable[[], int]) -> None:
        for name, part in parts.items():
            try:
                count = part()
            except Exception as error:
                telemetry.fault("janitor.fault", error, part=name)
            else:
                if count:
                    telemetry.event("janitor.swept", part=name, count=count)

    def _remove_working_files(self) -> int:
        return remove_leftovers(self._working_folder)

    def _remove_broken_uploads(self) -> int:
        return self._vault.remove_leftovers(older_than_s=UPLOAD_GIVEN_UP_AFTER_S)

    def _remove_orphaned_sound(self) -> int:
        before = datetime.now(UTC) - timedelta(seconds=ORPHAN_AFTER_S)
        old = (call_id for call_id, written in self._vault.stored_calls() if written < before)
        orphans = 0
        while (some := set(islice(old, IDS_AT_ONCE))) and not self._stopping():
            for call_id in some - self._calls.existing(some):
                self._vault.delete(call_id)
                orphans += 1
        return orphans

    def _put_back_abandoned_jobs(self) -> int:
        """Give jobs of workers that are gone, and own ones that nobody runs, back to the queue."""
        running = self._queue.running()
        own = {job for job, worker_id in running.items() if worker_id == self._worker_id}
        abandoned = self._idle_again(own)
        self._queue.put_back(abandoned)
        others = set(running.values()) - {self._worker_id}
        gone = self._workers.gone(others) | self._workers.without_a_process()
        return len(abandoned) + sum(map(self._take_over_from, gone - {self._worker_id}))

    def _idle_again(self, own: set[str]) -> set[str]:
        """Return own jobs that nobody runs.

        A job is claimed a moment before it runs, so it counts only when it was found idle some
        time before, too.
        """
        now = time.monotonic()
        idle = own - self._own_jobs()
        self._idle_since = {job: self._idle_since.get(job, now) for job in idle}
        return {job for job, since in self._idle_since.items() if now - since >= self._idle_s}

    def _take_over_from(self, worker_id: str) -> int:
        """Put the jobs of a worker that is gone back; return how many, 0 when another does it."""
        with self._workers.alone(f"taking over {worker_id}") as is_alone:
            if not is_alone:
                return 0
            # All read only now: meanwhile another may have done this, and the worker be there anew.
            row = self._workers.row_of(worker_id)
            if not self._workers.gone({worker_id}):
                return 0
            jobs = self._queue.jobs_of(worker_id)
            self._queue.put_back(jobs)
            if row is not None:
                self._workers.forget(row)
        telemetry.event("worker.replaced_by_others", count=len(jobs))
        return len(jobs)

    def _look_for_lost_runs(self) -> int:
        """End runs whose job ended without telling how; leave it to another who does so now."""
        with self._workers.alone("looking for lost runs") as is_alone:
            if not is_alone:
                return 0
            pages = self._runs.unfinished(older_than_s=self._lost_after_s)
            return sum(map(self._fail_lost_runs, pages))

    def _fail_lost_runs(self, unfinished: Sequence[UnfinishedRun]) -> int:
        states = self._queue.states(run.workflow_id for run in unfinished)
        over = [r for r in unfinished if states.get(r.workflow_id, JobState.OVER) is JobState.OVER]
        lost = [run for run in over if not self._has_moved(run)]
        for run in lost:
            self._runs.fail(run.call_id, run.number, InternalFault())
        return len(lost)

    def _has_moved(self, run: UnfinishedRun) -> bool:
        """Say whether another job has the run: it gets it before its own is over."""
        try:
            _, now = self._runs.load(run.call_id, run.number)
        except NotFound:
            return True
        return now.workflow_id != run.workflow_id
