"""What a worker process runs, put together from the settings."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from threading import Event, Thread, Timer

from app.local_models import (
    build_decoder,
    build_labeller,
    build_listener,
)
from app.settings import OriginalAudio, Settings
from app.wiring.parts import rule_tools_on
from app.wiring.services import Services, build_services
from services import telemetry
from services.jobs.copies import CopyDeleter
from services.jobs.engine import JobEngine, open_jobs_engine
from services.jobs.janitor import Janitor
from services.jobs.line_vectors import VectorMaker
from services.jobs.notices import GIVEN_UP_AFTER
from services.jobs.processing import open_run
from services.jobs.progress_board import ProgressBoard
from services.jobs.rule_sweeps import SweepRunner
from services.jobs.slots import LocalSlots
from services.jobs.sounds import SoundKeeper, SoundPolicy
from services.jobs.workshop import Workshop
from services.storage.active import ActiveTranscripts
from services.storage.database import forget_log
from services.storage.line_vectors import LineVectors
from services.storage.sweeps import SweepStore
from services.storage.swept_calls import SweptCalls

# A dead worker's jobs are found soon; what lies about may lie a while longer. Listing a bucket
# costs money, and reading a whole one takes long; a folder of this machine is gone through often.
LOOK_EVERY_S = 2.0
LOOKS_PER_TIDYING = 8
TIDY_EVERY_S = 300.0
BUCKET_FIRST_AFTER_S = 600.0
BUCKET_EVERY_S = 6 * 3600.0
# A job leaves off where it can be gone on with; that is rarely further away than this.
FINISH_WINDOW_WITHIN_S = 10.0


@dataclass(frozen=True, kw_only=True)
class Worker:
    """What a worker process runs."""

    services: Services
    engine: JobEngine
    janitor: Janitor
    sounds: SoundKeeper
    sweeps: SweepRunner
    copies: CopyDeleter
    vectors: VectorMaker | None
    worker_id: str
    jobs_at_once: int
    sound_is_here: bool
    # Set once another process has this worker's id: its jobs are that one's.
    disowned: Event = field(default_factory=Event)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run jobs while the block does; those that are left off go back into their queues."""
        self.services.switches.set_up(at_once=self.jobs_at_once)
        with self.engine.running():
            self.janitor.begin()
            self.sweeps.start()
            yield
            self.sweeps.stop()
        if not self.disowned.is_set():
            self._hand_back()
        self.services.close()

    @contextmanager
    def draining(self, finish_within_s: float, leave: Callable[[], None]) -> Iterator[None]:
        """Have the end of ``running`` within the block wait for jobs, and call ``leave`` in time.

        From ``leave`` on, jobs leave off at their next window.
        """
        timer = Timer(finish_within_s, leave)
        timer.daemon = True
        timer.start()
        self.engine.finish_within(finish_within_s + FINISH_WINDOW_WITHIN_S)
        try:
            yield
        finally:
            timer.cancel()

    def _hand_back(self) -> None:
        """Let others go on with what was left off here; they would find it later anyway."""
        try:
            left = self.services.queue.jobs_of(self.worker_id)
            self.services.queue.put_back(left)
        except Exception as error:
            telemetry.fault("worker.not_handed_back", error)
            return
        if left:
            telemetry.event("worker.handed_back", count=len(left))

    def tend(self, stop: Event) -> None:
        """Put right what crashes leave behind, and score stored calls, until told to stop."""
        Thread(target=self.services.rescorer.keep_up, args=(stop,), daemon=True).start()
        Thread(target=self.services.rollups.keep_up, args=(stop,), daemon=True).start()
        # Services elsewhere may take long to answer; nothing else is to wait for them.
        Thread(target=self.copies.keep_up, args=(stop,), name="copies", daemon=True).start()
        if self.vectors is not None:
            Thread(target=self.vectors.keep_up, args=(stop,), name="vectors", daemon=True).start()
        # Nor is a job of a worker that is gone, for all that is stored.
        Thread(target=self._keep_tidy, args=(stop,), name="upkeep", daemon=True).start()
        looks = 0
        while not stop.wait(LOOK_EVERY_S):
            looks += 1
            self._do(self.services.switches.follow)
            if looks % LOOKS_PER_TIDYING == 0:
                self.janitor.look_after_jobs()
            else:
                self.janitor.take_over()

    def _keep_tidy(self, stop: Event) -> None:
        """Tidy the database every few minutes, a bucket every few hours, until told to stop."""
        sound_at = time.monotonic() + (0.0 if self.sound_is_here else BUCKET_FIRST_AFTER_S)
        while True:
            self._do_alone("tidying", self.janitor.tidy)
            if time.monotonic() >= sound_at:
                self._do_alone("upkeep", self._tidy_bucket)
                sound_at = time.monotonic() + (0.0 if self.sound_is_here else BUCKET_EVERY_S)
            if stop.wait(TIDY_EVERY_S):
                return
            self._do(self.janitor.begin)

    def _tidy_bucket(self) -> None:
        self.janitor.tidy_bucket()
        self.sounds.sweep()

    def _do_alone(self, what: str, part: Callable[[], object]) -> None:
        """Do a part unless another worker does it at this moment."""

        def unless_another_does() -> None:
            with self.services.workers.alone(what) as is_alone:
                if is_alone:
                    part()

        self._do(unless_another_does)

    def wait_until_idle(self, timeout_s: float) -> bool:
        """Wait until no job is active."""
        return self.engine.wait_until_idle(timeout_s)

    def _do(self, part: Callable[[], object]) -> None:
        """Do a part of what there is to tend; a server that is away ends no worker."""
        try:
            part()
        except Exception as error:
            telemetry.fault("worker.fault", error)


def build_worker(
    settings: Settings,
    worker_id: str,
    *,
    stopping: Callable[[], bool],
    leaving: Callable[[], bool] | None = None,
) -> Worker:
    """Return a worker with this id, which begins nothing any more once ``stopping()``.

    Jobs leave off at their next window once ``leaving()``; without it, once ``stopping()``.
    """
    services = build_services(settings, stopping)
    policy = SoundPolicy(
        cover=settings.redacted_audio,
        keep_original=settings.original_audio is OriginalAudio.KEEP,
    )
    decoder = build_decoder(settings)
    sounds = SoundKeeper(
        services.calls,
        services.transcripts,
        ActiveTranscripts(services.engine),
        services.vault,
        policy,
        working_folder=settings.working_folder,
        max_duration_ms=settings.max_duration_ms,
        stopping=stopping,
        decode=decoder,
    )
    workshop = Workshop(
        worker_id=worker_id,
        engine=services.engine,
        calls=services.calls,
        runs=services.runs,
        board=ProgressBoard(services.runs.report),
        queue=services.queue,
        transcripts=services.transcripts,
        vocabularies=services.vocabularies,
        vault=services.vault,
        copies=services.copies,
        providers=services.providers,
        local_slots=LocalSlots(settings.jobs_at_once),
        models=services.models,
        labeller=build_labeller(settings),
        redactor=services.redactor,
        known_voices=services.known_voices,
        listener=build_listener(settings),
        sounds=sounds,
        sound_policy=policy,
        working_folder=settings.working_folder,
        max_duration_ms=settings.max_duration_ms,
        stopping=leaving or stopping,
        ask_model=services.questions.ask,
        decode=decoder,
    )
    engine = JobEngine(
        open_jobs_engine(settings.database_url),
        worker_id=worker_id,
        queues=services.queue.names,
        open_run=partial(open_run, workshop),
    )
    janitor = Janitor(
        services.calls,
        services.runs,
        services.vault,
        services.queue,
        worker_id=worker_id,
        own_jobs=engine.active_jobs,
        workers=services.workers,
        working_folder=settings.working_folder,
        stopping=stopping,
        upkeep={
            "removals": services.keeping.remover.finish_all,
            "retention": services.keeping.keeper.run_due,
            "older_forms": services.refresher.refresh,
            "open_uploads": services.uploads.expire,
            "request_keys": services.request_keys.forget_old,
            "old_notices": partial(services.notices.forget_older, GIVEN_UP_AFTER),
            "old_phone_events": services.phone_callers.forget_old,
            "deleted_words": services.index.remove_deleted_words,
            # Last: what the others have deleted stands in the log until then.
            "log": partial(forget_log, services.engine),
        },
    )
    return Worker(
        services=services,
        engine=engine,
        janitor=janitor,
        sounds=sounds,
        sweeps=SweepRunner(
            SweepStore(services.engine),
            SweptCalls(services.engine),
            rule_tools_on(services.engine, services.authority, settings.working_folder).sweeper,
            stopping=stopping,
        ),
        copies=CopyDeleter(services.copies, services.providers, stopping=stopping),
        vectors=VectorMaker(
            LineVectors(services.engine),
            services.meaning.embedder,
            services.workers.alone,
            stopping=stopping,
        )
        if services.meaning
        else None,
        worker_id=worker_id,
        jobs_at_once=settings.jobs_at_once,
        sound_is_here=settings.storage_url.startswith("file:"),
    )
