"""What the steps of a run work on and with, each made when it is first asked for."""

from functools import cached_property
from typing import BinaryIO

from services import pipeline
from services.audio.recording import Recording
from services.domain.calls import ProcessingOptions, Run, Stage
from services.domain.running import RunContext
from services.domain.vocabulary import with_vocabulary
from services.domain.voices import EnrolledVoice
from services.jobs.insisting import insist
from services.jobs.progress import (
    READING_SHARES,
    RELABELLING_SHARES,
    TYPICAL_SHARES,
    CancelWatch,
    ProgressReporter,
    WaitsElsewhere,
)
from services.jobs.workshop import Workshop
from services.providers.capabilities import Capabilities, redacting
from services.storage.audio_vault import Rendition
from services.storage.checkpoints import RunCheckpoints
from services.storage.keys import WrappedKey
from services.storage.runs import ProgressReport
from services.storage.working_files import WorkingFile


class RunMaterial:
    """A run as it is stored, its recording, and the surroundings it is processed in."""

    def __init__(self, workshop: Workshop, call_id: str, run_number: int) -> None:
        """Read nothing yet."""
        self._workshop = workshop
        self._call_id = call_id
        self._number = run_number
        # That of the worker which has begun with the run; whoever has an older one is replaced.
        self.claim: int | None = None
        self._pcm_file: WorkingFile | None = None
        # Not a cached property: up to Python 3.11 those of all instances share one lock, so that
        # one run would wait for another's decoding.
        self._prepared: Recording | None = None

    def close(self) -> None:
        """Give working files back, and say no more of the run."""
        self._workshop.board.forget(self._call_id, self._number)
        if self._pcm_file is not None:
            self._pcm_file.close()
            self._pcm_file = None

    @cached_property
    def _loaded(self) -> tuple[str, Run]:
        return self._workshop.runs.load(self._call_id, self._number)

    @property
    def org_id(self) -> str:
        """Whose call it is. Raises NotFound, as all of this, once the call is deleted."""
        return self._loaded[0]

    @property
    def run(self) -> Run:
        """The run as it was when it was opened."""
        return self._loaded[1]

    @cached_property
    def options(self) -> ProcessingOptions:
        """The run's options as they hold: with the organisation's words behind its own."""
        vocabulary = self._workshop.vocabularies.get(self.org_id)
        options = with_vocabulary(self.run.options, vocabulary)
        if options.relabel_of is not None or not self.has_recording:
            return options
        return redacting(self.asked_first, options)

    @property
    def asked_first(self) -> Capabilities:
        """What the provider can do that the run asks first."""
        return self._workshop.providers.capabilities(self.run.options.provider)

    @cached_property
    def has_recording(self) -> bool:
        """Whether there is sound to work on; else there are words, which came as they are."""
        return self._workshop.calls.get(self.org_id, self._call_id).has_recording

    @cached_property
    def key(self) -> WrappedKey:
        """The key of the call's sound."""
        return self._workshop.calls.key(self.org_id, self._call_id)

    @cached_property
    def reporter(self) -> ProgressReporter:
        """What tells of the progress."""
        runs = self._workshop.runs

        def write(stage: Stage, stage_fraction: float, fraction: float, left: int | None) -> None:
            self._workshop.board.report(
                ProgressReport(
                    call_id=self._call_id,
                    number=self._number,
                    claim=self.claim,
                    stage=stage,
                    stage_fraction=stage_fraction,
                    fraction=fraction,
                    left_ms=left,
                )
            )

        reached = runs.progress(self.org_id, [self._call_id])[self._call_id].fraction
        shares = TYPICAL_SHARES if self.options.relabel_of is None else RELABELLING_SHARES
        if not self.has_recording:
            shares = READING_SHARES
        return ProgressReporter(write, reached=reached, shares=shares)

    @cached_property
    def context(self) -> RunContext:
        """The surroundings in which providers and models work on the run."""

        def ask() -> bool:
            return self._workshop.runs.is_cancel_requested(
                self._call_id, self._number, claim=self.claim
            )

        def keep_copy(provider: str, reference: str) -> None:
            insist(
                lambda: self._workshop.copies.note(
                    self.org_id, self._call_id, self._number, provider, reference
                ),
                self._workshop.stopping,
            )

        data_key = self._workshop.vault.data_key(self._call_id, self.key)
        is_cancelled = CancelWatch(ask, self._workshop.stopping)
        return RunContext(
            org_id=self.org_id,
            on_progress=self.reporter,
            is_cancelled=is_cancelled,
            keep_copy=keep_copy,
            local_slot=lambda: self._workshop.local_slots.one(is_cancelled),
            take_turn=self._take_turn,
            checkpoints=RunCheckpoints(
                self._workshop.engine, self._call_id, self._number, data_key, claim=self.claim
            ),
        )

    def _take_turn(self, provider: str) -> None:
        """Leave off where a provider is about to be asked that others wait for elsewhere."""
        queue = self._workshop.queue.queue_of(provider)
        if queue != self.run.queue:
            raise WaitsElsewhere(queue)

    @property
    def recording(self) -> Recording:
        """The decoded recording."""
        if self._prepared is None:
            self._prepared = self._decoded()
        return self._prepared

    def _decoded(self) -> Recording:
        workshop = self._workshop
        # A step that is done again decodes anew, into a file of its own.
        self.close()
        self._pcm_file = WorkingFile(workshop.working_folder)

        def open_source() -> BinaryIO:
            return workshop.vault.open(self._call_id, Rendition.ORIGINAL, self.key)

        name = workshop.calls.get(self.org_id, self._call_id).source_name
        with open_source() as source:
            return pipeline.prepare(
                source,
                self._pcm_file,
                self.context,
                max_duration_ms=workshop.max_duration_ms,
                open_source=open_source,
                source_name=name,
                decode=workshop.decode,
            )

    @cached_property
    def known_voices(self) -> tuple[EnrolledVoice, ...]:
        """The voices that the organisation knows."""
        return self._workshop.known_voices.enrolled(self.org_id)
