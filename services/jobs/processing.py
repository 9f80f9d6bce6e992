"""One run of one call, step by step, on the stores."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from services import pipeline, telemetry
from services.domain.calls import CallState, Stage
from services.domain.errors import (
    Cancelled,
    GaveUp,
    InternalFault,
    NotFound,
    PartylineError,
)
from services.domain.part import part_of
from services.domain.speech import Transcript
from services.jobs.engine import Outcome, RunSteps
from services.jobs.insisting import insist, patiently
from services.jobs.material import RunMaterial
from services.jobs.progress import (
    WaitsElsewhere,
    WorkerStopping,
)
from services.jobs.sounds import write_heard
from services.jobs.storing import store_transcript
from services.jobs.words import words_of_run
from services.jobs.workshop import Workshop
from services.providers.capabilities import leaves_copy
from services.storage.database import forget_log
from services.understanding.file_names import safe_name

MAX_ATTEMPTS = 4
# How much of the last stage is understanding; the rest is making what people hear.
UNDERSTANDING_SHARE = 0.45

_OUTCOMES = {
    CallState.READY: Outcome.READY,
    CallState.FAILED: Outcome.FAILED,
    CallState.CANCELLED: Outcome.CANCELLED,
}


@contextmanager
def open_run(workshop: Workshop, call_id: str, run_number: int, job: str) -> Iterator[RunSteps]:
    """Open a run for the steps of a job; what lies in memory and in files goes away afterwards.

    Raises WorkerStopping when the worker has been told to end.
    """
    if workshop.stopping():
        raise WorkerStopping
    opened = OpenRun(workshop, call_id, run_number, job)
    try:
        yield opened
    finally:
        opened.close()


class OpenRun:
    """A run that is being processed in this process.

    The decoded sound and the transcript stay here between steps. After a crash they are missing
    and are made again: decoding is quick, and recognition finds its windows among the
    checkpoints.
    """

    def __init__(self, workshop: Workshop, call_id: str, run_number: int, job: str) -> None:
        """Read nothing yet."""
        self._workshop = workshop
        self._call_id = call_id
        self._number = run_number
        self._job = job
        self._material = RunMaterial(workshop, call_id, run_number)
        # Not a cached property: up to Python 3.11 those of all instances share one lock, so that
        # one run would wait for another's provider.
        self._recognised: Transcript | None = None

    # --- steps --------------------------------------------------------------------------------

    def begin(self) -> Outcome:
        """Count the attempt; GaveUp when several got no further than the one before."""
        return self._attempt(self._begin)

    def prepare(self) -> Outcome:
        """Decode the recording, if there is one, and note its facts."""
        return self._attempt(self._prepare)

    def transcribe(self) -> Outcome:
        """Have the provider transcribe the recording, or tell its speakers apart anew."""
        return self._attempt(self._transcribe)

    def finish(self) -> Outcome:
        """Understand the transcript, store it and end the run."""
        return self._attempt(self._finish)

    def close(self) -> None:
        """Give working files back."""
        self._material.close()

    # --- what they do -------------------------------------------------------------------------

    def _begin(self) -> Outcome:
        run = self._material.run
        runs = self._workshop.runs
        if run.workflow_id != self._job:
            return Outcome.MOVED
        taken = runs.take(self._call_id, self._number)
        if taken is None:
            return _OUTCOMES.get(run.state, Outcome.GONE)
        self._material.claim = taken.claim
        telemetry.event("job.begun", attempt=taken.attempts, provider=run.options.provider)
        if taken.attempts > MAX_ATTEMPTS:
            raise GaveUp
        return Outcome.GO_ON

    def _prepare(self) -> Outcome:
        if not self._material.has_recording:
            return Outcome.GO_ON
        recording = self._material.recording
        self._workshop.calls.set_audio(self._call_id, recording.facts)
        # A part that this recording doesn't have is told before more work is done.
        part_of(
            recording.duration_ms, self._material.options.start_ms, self._material.options.end_ms
        )
        self._material.context.report(Stage.DECODE, 1.0)
        return Outcome.GO_ON

    def _transcribe(self) -> Outcome:
        _ = self._transcript
        return Outcome.GO_ON

    def _finish(self) -> Outcome:
        transcript = self._transcript
        call = self._workshop.calls.get(self._material.org_id, self._call_id)
        analysed = pipeline.understand(
            transcript,
            call.details,
            self._material.options,
            self._workshop.models,
            replace(self._material.context, on_progress=self._report_understanding),
            known=self._material.known_voices,
        )
        if analysed.transcript.redacted:
            self._take_names_out(call.source_name, analysed.transcript)
        if self._material.has_recording:
            self._note_findings(transcript)
            self._make_heard(analysed.transcript)
        stored = store_transcript(
            self._workshop,
            self._material.org_id,
            self._call_id,
            self._number,
            analysed,
            self._material.claim,
        )
        self._ask_model()
        self._workshop.runs.finish(
            self._call_id,
            self._number,
            stored,
            self._material.reporter.stage_times_ms,
            leaves_copy=self._leaves_copy(analysed.transcript),
            claim=self._material.claim,
        )
        # The run has ended well whatever comes of this; the janitor's sweeps catch up on it.
        with suppress(PartylineError):
            self._workshop.sounds.tidy(self._call_id)
            forget_log(self._workshop.engine)
        return Outcome.READY

    def _leaves_copy(self, transcript: Transcript) -> bool:
        """Whether the service keeps its copy: not of words that have been taken out here."""
        options = self._material.options
        kept_words = options.relabel_of is not None or not self._material.has_recording
        if not transcript.redacted or kept_words:
            return True
        return leaves_copy(self._material.asked_first, options)

    def _report_understanding(self, stage: Stage, done: float) -> None:
        self._material.context.on_progress(stage, UNDERSTANDING_SHARE * done)

    def _note_findings(self, transcript: Transcript) -> None:
        """Note what only the transcript has shown of the recording."""
        facts = self._material.recording.facts
        findings = pipeline.findings_of(self._material.recording, transcript)
        if findings != facts.findings:
            self._workshop.calls.set_audio(self._call_id, replace(facts, findings=findings))

    def _make_heard(self, transcript: Transcript) -> None:
        """Store what people hear with this transcript before anybody can see the transcript."""
        write_heard(
            self._workshop.vault,
            self._call_id,
            self._material.key,
            transcript,
            self._material.recording.pcm,
            self._workshop.sound_policy.cover,
            lambda done: self._material.context.report(
                Stage.ANALYSE, UNDERSTANDING_SHARE + (1 - UNDERSTANDING_SHARE) * done
            ),
        )

    def _take_names_out(self, name: str, redacted: Transcript) -> None:
        safe = safe_name(self._workshop.redactor, self._transcript, redacted, name)
        if safe != name:
            self._workshop.calls.set_source_name(self._call_id, safe)

    def _ask_model(self) -> None:
        """Have questions of scorecards answered; the call is stored whatever comes of that."""
        if self._workshop.ask_model is None:
            return
        try:
            self._workshop.ask_model(
                self._material.org_id, self._call_id, self._material.context.is_cancelled
            )
        except PartylineError as error:
            telemetry.event("scores.not_asked", error=error.code)

    # --- what they work on --------------------------------------------------------------------

    @property
    def _transcript(self) -> Transcript:
        if self._recognised is None:
            self._recognised = words_of_run(self._workshop, self._material)
        return self._recognised

    # --- how they end -------------------------------------------------------------------------

    def _attempt(self, step: Callable[[], Outcome]) -> Outcome:
        """Do a step; whatever goes wrong ends this run and nothing else."""
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
        telemetry.event("job.failed", error=error.code, retryable=error.retryable)
        return self._end(
            lambda: self._workshop.runs.fail(
                self._call_id, self._number, error, claim=self._material.claim
            )
        )

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
        return _OUTCOMES.get(run.state, Outcome.GONE)
