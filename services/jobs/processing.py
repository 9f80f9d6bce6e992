"""One run of one call, step by step, on the stores."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cached_property
from typing import BinaryIO

from services import pipeline, telemetry
from services.audio.recording import Recording
from services.domain.calls import CallState, ProcessingOptions, Run, Stage
from services.domain.errors import (
    Cancelled,
    GaveUp,
    InternalFault,
    NotFound,
    PartylineError,
    TranscriptGone,
)
from services.domain.part import part_of
from services.domain.running import RunContext
from services.domain.speech import Transcript
from services.domain.vocabulary import with_vocabulary
from services.domain.voices import EnrolledVoice
from services.jobs.engine import Outcome, RunSteps
from services.jobs.insisting import insist
from services.jobs.progress import (
    RELABELLING_SHARES,
    TYPICAL_SHARES,
    CancelWatch,
    ProgressReporter,
    WaitsElsewhere,
    WorkerStopping,
)
from services.jobs.sounds import write_heard
from services.jobs.storing import store_transcript
from services.jobs.workshop import Workshop
from services.storage.audio_vault import Rendition
from services.storage.checkpoints import RunCheckpoints
from services.storage.database import forget_log
from services.storage.keys import WrappedKey
from services.storage.working_files import WorkingFile
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
        self._pcm_file: WorkingFile | None = None
        # Not cached properties: up to Python 3.11 those of all instances share one lock, so that
        # one run would wait for another's provider.
        self._prepared: Recording | None = None
        self._recognised: Transcript | None = None

    # --- steps --------------------------------------------------------------------------------

    def begin(self) -> Outcome:
        """Count the attempt; GaveUp when several got no further than the one before."""
        return self._attempt(self._begin)

    def prepare(self) -> Outcome:
        """Decode the recording and note its facts."""
        return self._attempt(self._prepare)

    def transcribe(self) -> Outcome:
        """Have the provider transcribe the recording, or tell its speakers apart anew."""
        return self._attempt(self._transcribe)

    def finish(self) -> Outcome:
        """Understand the transcript, store it and end the run."""
        return self._attempt(self._finish)

    def close(self) -> None:
        """Give working files back."""
        if self._pcm_file is not None:
            self._pcm_file.close()
            self._pcm_file = None

    # --- what they do -------------------------------------------------------------------------

    def _begin(self) -> Outcome:
        _, run = self._loaded
        runs = self._workshop.runs
        if run.workflow_id != self._job:
            return Outcome.MOVED
        if not runs.begin(self._call_id, self._number):
            return _OUTCOMES.get(run.state, Outcome.GONE)
        attempts = runs.count_attempt(self._call_id, self._number)
        telemetry.event("job.begun", attempt=attempts, provider=run.options.provider)
        if attempts > MAX_ATTEMPTS:
            raise GaveUp
        return Outcome.GO_ON

    def _prepare(self) -> Outcome:
        recording = self._recording
        self._workshop.calls.set_audio(self._call_id, recording.facts)
        # A part that this recording doesn't have is told before more work is done.
        part_of(recording.duration_ms, self._options.start_ms, self._options.end_ms)
        self._context.report(Stage.DECODE, 1.0)
        return Outcome.GO_ON

    def _transcribe(self) -> Outcome:
        _ = self._transcript
        return Outcome.GO_ON

    def _finish(self) -> Outcome:
        transcript, facts = self._transcript, self._recording.facts
        call = self._workshop.calls.get(self._org_id, self._call_id)
        analysed = pipeline.understand(
            transcript,
            call.details,
            self._options,
            self._workshop.models,
            replace(self._context, on_progress=self._report_understanding),
            known=self._known_voices,
        )
        if analysed.transcript.redacted:
            self._take_names_out(call.source_name, analysed.transcript)
        findings = pipeline.findings_of(self._recording, transcript)
        if findings != facts.findings:
            self._workshop.calls.set_audio(self._call_id, replace(facts, findings=findings))
        self._make_heard(analysed.transcript)
        stored = store_transcript(
            self._workshop, self._org_id, self._call_id, self._number, analysed
        )
        self._ask_model()
        self._workshop.runs.finish(
            self._call_id, self._number, stored, self._reporter.stage_times_ms
        )
        # The run has ended well whatever comes of this; the janitor's sweeps catch up on it.
        with suppress(PartylineError):
            self._workshop.sounds.tidy(self._call_id)
            forget_log(self._workshop.engine)
        return Outcome.READY

    def _report_understanding(self, stage: Stage, done: float) -> None:
        self._context.on_progress(stage, UNDERSTANDING_SHARE * done)

    def _make_heard(self, transcript: Transcript) -> None:
        """Store what people hear with this transcript before anybody can see the transcript."""
        write_heard(
            self._workshop.vault,
            self._call_id,
            self._key,
            transcript,
            self._recording.pcm,
            self._workshop.sound_policy.cover,
            lambda done: self._context.report(
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
            self._workshop.ask_model(self._org_id, self._call_id, self._context.is_cancelled)
        except PartylineError as error:
            telemetry.event("scores.not_asked", error=error.code)

    # --- what they work on --------------------------------------------------------------------

    @cached_property
    def _loaded(self) -> tuple[str, Run]:
        return self._workshop.runs.load(self._call_id, self._number)

    @property
    def _org_id(self) -> str:
        return self._loaded[0]

    @cached_property
    def _options(self) -> ProcessingOptions:
        """The run's options, with the words of the organisation behind the run's own."""
        org_id, run = self._loaded
        return with_vocabulary(run.options, self._workshop.vocabularies.get(org_id))

    @cached_property
    def _key(self) -> WrappedKey:
        return self._workshop.calls.key(self._org_id, self._call_id)

    @cached_property
    def _reporter(self) -> ProgressReporter:
        runs = self._workshop.runs

        def write(stage: Stage, stage_fraction: float, fraction: float, left: int | None) -> None:
            runs.set_progress(self._call_id, self._number, stage, stage_fraction, fraction, left)

        reached = runs.progress(self._org_id, [self._call_id])[self._call_id].fraction
        shares = TYPICAL_SHARES if self._options.relabel_of is None else RELABELLING_SHARES
        return ProgressReporter(write, reached=reached, shares=shares)

    @cached_property
    def _context(self) -> RunContext:
        def ask() -> bool:
            return self._workshop.runs.is_cancel_requested(self._call_id, self._number)

        def keep_copy(provider: str, reference: str) -> None:
            insist(
                lambda: self._workshop.copies.note(
                    self._org_id, self._call_id, self._number, provider, reference
                ),
                self._workshop.stopping,
            )

        data_key = self._workshop.vault.data_key(self._call_id, self._key)
        is_cancelled = CancelWatch(ask, self._workshop.stopping)
        return RunContext(
            on_progress=self._reporter,
            is_cancelled=is_cancelled,
            keep_copy=keep_copy,
            local_slot=lambda: self._workshop.local_slots.one(is_cancelled),
            take_turn=self._take_turn,
            checkpoints=RunCheckpoints(
                self._workshop.engine, self._call_id, self._number, data_key
            ),
        )

    def _take_turn(self, provider: str) -> None:
        """Leave off where a provider is about to be asked that others wait for elsewhere."""
        _, run = self._loaded
        queue = self._workshop.queue.queue_of(provider)
        if queue != run.queue:
            raise WaitsElsewhere(queue)

    @property
    def _recording(self) -> Recording:
        if self._prepared is None:
            self._prepared = self._decoded()
        return self._prepared

    def _decoded(self) -> Recording:
        workshop = self._workshop
        self._pcm_file = WorkingFile(workshop.working_folder)

        def open_source() -> BinaryIO:
            return workshop.vault.open(self._call_id, Rendition.ORIGINAL, self._key)

        name = workshop.calls.get(self._org_id, self._call_id).source_name
        with open_source() as source:
            return pipeline.prepare(
                source,
                self._pcm_file,
                self._context,
                max_duration_ms=workshop.max_duration_ms,
                open_source=open_source,
                source_name=name,
            )

    @property
    def _transcript(self) -> Transcript:
        if self._recognised is None:
            self._recognised = pipeline.recognise_voices(
                self._recording,
                self._spoken(),
                self._known_voices,
                self._workshop.listener,
                self._context,
            )
        return self._recognised

    def _spoken(self) -> Transcript:
        """Return what the provider makes of the recording, or the old words with new speakers."""
        options, labeller = self._options, self._workshop.labeller
        if options.relabel_of is not None:
            words = self._kept_words(options.relabel_of)
            return pipeline.relabel(self._recording, words, options, self._context, labeller)
        provider, *fallback = self._workshop.providers.in_turn(options)
        return pipeline.transcribe(
            self._recording, provider, options, self._context, labeller, fallback=fallback
        )

    @cached_property
    def _known_voices(self) -> tuple[EnrolledVoice, ...]:
        return self._workshop.known_voices.enrolled(self._org_id)

    def _kept_words(self, transcript_id: str) -> Transcript:
        """Return the transcript whose words are kept; a redacted run may have deleted it."""
        try:
            return self._workshop.transcripts.get(self._org_id, self._call_id, transcript_id)
        except NotFound:
            raise TranscriptGone from None

    # --- how they end -------------------------------------------------------------------------

    def _attempt(self, step: Callable[[], Outcome]) -> Outcome:
        """Do a step; whatever goes wrong ends this run and nothing else."""
        try:
            return step()
        except WorkerStopping:
            self._note_orderly_stop()
            raise
        except WaitsElsewhere as leaving:
            return self._move(leaving.queue)
        except Cancelled:
            return self._end(lambda: self._workshop.runs.cancelled(self._call_id, self._number))
        except PartylineError as error:
            return self._fail(error)
        except Exception as error:
            telemetry.fault("job.fault", error)
            return self._fail(InternalFault())

    def _note_orderly_stop(self) -> None:
        """Write a checkpoint, so that being stopped doesn't count as an attempt that failed."""
        with suppress(PartylineError):
            self._context.checkpoints["stopped"] = b""

    def _move(self, queue: str) -> Outcome:
        """Have the run wait in another queue; what it has come to is found there again."""
        has_moved = False

        def move() -> None:
            nonlocal has_moved
            with self._workshop.calls.transaction() as connection:
                moved = self._workshop.runs.move(
                    self._call_id, self._number, queue, connection=connection
                )
                if moved is not None:
                    self._workshop.queue.enqueue(connection, moved)
            has_moved = moved is not None

        insist(move, self._workshop.stopping)
        if not has_moved:
            return self._end(lambda: self._workshop.runs.cancelled(self._call_id, self._number))
        telemetry.event("job.moved", queue=queue)
        return Outcome.MOVED

    def _fail(self, error: PartylineError) -> Outcome:
        telemetry.event("job.failed", error=error.code, retryable=error.retryable)
        return self._end(lambda: self._workshop.runs.fail(self._call_id, self._number, error))

    def _end(self, record: Callable[[], bool]) -> Outcome:
        """Record how the run ended; the call may have been deleted in the meantime."""
        insist(record, self._workshop.stopping)
        try:
            _, run = self._workshop.runs.load(self._call_id, self._number)
        except NotFound:
            return Outcome.GONE
        return _OUTCOMES.get(run.state, Outcome.GONE)
