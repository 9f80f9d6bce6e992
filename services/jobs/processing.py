"""One run of one call, step by step, on the stores."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from services import pipeline, telemetry
from services.domain.calls import Stage
from services.domain.errors import GaveUp, PartylineError
from services.domain.part import part_of
from services.domain.speech import Transcript
from services.jobs.attempts import OUTCOMES, Attempts
from services.jobs.engine import Outcome, RunSteps
from services.jobs.job_rows import is_held
from services.jobs.material import RunMaterial
from services.jobs.progress import WorkerStopping
from services.jobs.sounds import write_heard
from services.jobs.storing import store_transcript
from services.jobs.words import words_of_run
from services.jobs.workshop import Workshop
from services.providers.capabilities import leaves_copy
from services.storage.database import forget_log
from services.storage.runs import Taken
from services.understanding.file_names import safe_name

MAX_ATTEMPTS = 4
# How much of the last stage is understanding; the rest is making what people hear.
UNDERSTANDING_SHARE = 0.45


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
        self._attempts = Attempts(workshop, self._material, call_id, run_number, job)
        # Not a cached property: up to Python 3.11 those of all instances share one lock, so that
        # one run would wait for another's provider.
        self._recognised: Transcript | None = None

    # --- steps --------------------------------------------------------------------------------

    def begin(self) -> Outcome:
        """Count the attempt; GaveUp when several got no further than the one before.

        Raises NotBegun when the database can't be reached: others may have the job then.
        """
        return self._attempts.at(self._begin)

    def prepare(self) -> Outcome:
        """Decode the recording, if there is one, and note its facts."""
        return self._attempts.at(self._prepare)

    def transcribe(self) -> Outcome:
        """Have the provider transcribe the recording, or tell its speakers apart anew."""
        return self._attempts.at(self._transcribe)

    def finish(self) -> Outcome:
        """Understand the transcript, store it and end the run."""
        return self._attempts.at(self._finish)

    def close(self) -> None:
        """Give working files back."""
        self._material.close()

    # --- what they do -------------------------------------------------------------------------

    def _begin(self) -> Outcome:
        run = self._material.run
        if run.workflow_id != self._job:
            return Outcome.MOVED
        taken = self._taken()
        if taken is None:
            return OUTCOMES.get(run.state, Outcome.GONE)
        self._material.claim = taken.claim
        telemetry.event("job.begun", attempt=taken.attempts, provider=run.options.provider)
        if taken.attempts > MAX_ATTEMPTS:
            raise GaveUp
        return Outcome.GO_ON

    def _taken(self) -> Taken | None:
        """Claim the run, unless another worker has been given its job meanwhile."""
        with self._workshop.calls.transaction() as connection:
            if not is_held(connection, self._job, self._workshop.worker_id):
                return None
            return self._workshop.runs.take(self._call_id, self._number, connection=connection)

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
