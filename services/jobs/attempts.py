"""Attempts at the steps of a run: whatever goes wrong in one ends this run and nothing else."""

from collections.abc import Callable
from contextlib import suppress

from services import telemetry
from services.domain.calls import CallState
from services.domain.errors import (
    Cancelled,
    InternalFault,
    NotFound,
    PartylineError,
    StorageError,
)
from services.jobs.engine import Outcome
from services.jobs.insisting import insist, patiently
from services.jobs.job_rows import is_held
from services.jobs.material import RunMaterial
from services.jobs.progress import (
    NotBegun,
    WaitsElsewhere,
    WorkerStopping,
)
from services.jobs.workshop import Workshop

OUTCOMES = {
    CallState.READY: Outcome.READY,
    CallState.FAILED: Outcome.FAILED,
    CallState.CANCELLED: Outcome.CANCELLED,
}


class Attempts:
    """Does the steps of one run and records how the run ends, with the claim the worker has."""

    def __init__(
        self, workshop: Workshop, material: RunMaterial, call_id: str, run_number: int, job: str
    ) -> None:
        """Record the end of this run, which the worker got with this job."""
        self._workshop = workshop
        self._material = material
        self._call_id = call_id
        self._number = run_number
        self._job = job

    def at(self, step: Callable[[], Outcome]) -> Outcome:
        """Do a step; return how it left the run.

        Raises WorkerStopping, and NotBegun when a store fails before the run is claimed.
        """
        try:
            return patiently(step, self._workshop.stopping)
        except WorkerStopping:
            self._note_orderly_stop()
            raise
        except WaitsElsewhere as leaving:
            return self._move(leaving.queue)
        except Cancelled:
            return self._end(self._cancelled)
        except PartylineError as error:
            return self._fail(error)
        except Exception as error:
            telemetry.fault("job.fault", error)
            return self._fail(InternalFault())

    def _note_orderly_stop(self) -> None:
        """Write a checkpoint, so that being stopped doesn't count as an attempt that failed."""
        if self._material.claim is None:
            return
        with suppress(PartylineError):
            self._material.context.checkpoints["stopped"] = b""

    def _move(self, queue: str) -> Outcome:
        """Have the run wait in another queue; what it has come to is found there again."""
        has_moved = False

        def move() -> None:
            nonlocal has_moved
            with self._workshop.calls.transaction() as connection:
                moved = self._workshop.runs.move(
                    self._call_id,
                    self._number,
                    queue,
                    claim=self._material.claim,
                    connection=connection,
                )
                if moved is not None:
                    self._workshop.queue.enqueue(connection, moved)
            has_moved = moved is not None

        insist(move, self._workshop.stopping)
        if not has_moved:
            return self._end(self._cancelled)
        telemetry.event("job.moved", queue=queue)
        return Outcome.MOVED

    def _fail(self, error: PartylineError) -> Outcome:
        if self._material.claim is None:
            return self._fail_unclaimed(error)
        telemetry.event("job.failed", error=error.code, retryable=error.retryable)
        return self._end(
            lambda: self._workshop.runs.fail(
                self._call_id, self._number, error, claim=self._material.claim
            )
        )

    def _fail_unclaimed(self, error: PartylineError) -> Outcome:
        """End a run that could not be begun with, if its job still is this worker's."""
        try:
            if isinstance(error, StorageError):
                raise error
            with self._workshop.calls.transaction() as connection:
                if not is_held(connection, self._job, self._workshop.worker_id):
                    return Outcome.GONE
                self._workshop.runs.fail(self._call_id, self._number, error, connection=connection)
        except StorageError as unreachable:
            telemetry.event("job.not_begun", error=unreachable.code)
            raise NotBegun from unreachable
        telemetry.event("job.failed", error=error.code, retryable=error.retryable)
        return Outcome.FAILED

    def _cancelled(self) -> bool:
        return self._workshop.runs.cancelled(
            self._call_id, self._number, claim=self._material.claim
        )

    def _end(self, record: Callable[[], bool]) -> Outcome:
        """Record how the run ended; the call may have been deleted in the meantime."""
        insist(record, self._workshop.stopping)
        try:
            _, run = self._workshop.runs.load(self._call_id, self._number)
        except NotFound:
            return Outcome.GONE
        return OUTCOMES.get(run.state, Outcome.GONE)
