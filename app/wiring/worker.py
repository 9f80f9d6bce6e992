"""What a worker process runs, put together from the settings."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from threading import Event, Thread

from app.local_models import (
    build_labeller,
    build_listener,
)
from app.settings import OriginalAudio, Settings
from app.wiring.parts import rule_tools_on
from app.wiring.services import Services, build_services
from services.jobs.copies import CopyDeleter
from services.jobs.engine import JobEngine
from services.jobs.janitor import Janitor
from services.jobs.notices import GIVEN_UP_AFTER
from services.jobs.processing import open_run
from services.jobs.rule_sweeps import SweepRunner
from services.jobs.slots import LocalSlots
from services.jobs.sounds import SoundKeeper, SoundPolicy
from services.jobs.workshop import Workshop
from services.storage.active import ActiveTranscripts
from services.storage.database import forget_log, open_engine
from services.storage.sweeps import SweepStore
from services.storage.swept_calls import SweptCalls

# A dead worker's jobs are found soon; what lies about may lie a while longer.
LOOK_EVERY_S = 15.0
LOOKS_PER_SWEEP = 20


@dataclass(frozen=True, kw_only=True)
class Worker:
    """What a worker process runs."""

    services: Services
    engine: JobEngine
    janitor: Janitor
    sounds: SoundKeeper
    sweeps: SweepRunner
    copies: CopyDeleter
    jobs_at_once: int

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run jobs while the block does."""
        self.services.queue.set_up(at_once=self.jobs_at_once)
        with self.engine.running():
            self.janitor.sweep()
            self.sweeps.start()
            yield
            self.sweeps.stop()
        self.services.close()

    def tend(self, stop: Event) -> None:
        """Put right what crashes leave behind, and score stored calls, until told to stop."""
        Thread(target=self.services.rescorer.keep_up, args=(stop,), daemon=True).start()
        # Services elsewhere may take long to answer; nothing else is to wait for them.
        Thread(target=self.copies.keep_up, args=(stop,), name="copies", daemon=True).start()
        looks = 0
        self.sounds.sweep()
        while not stop.wait(LOOK_EVERY_S):
            looks += 1
            if looks % LOOKS_PER_SWEEP:
                self.janitor.look_after_jobs()
            else:
                self.janitor.sweep()
                self.sounds.sweep()

    def wait_until_idle(self, timeout_s: float) -> bool:
        """Wait until no job is active."""
        return self.engine.wait_until_idle(timeout_s)


def build_worker(settings: Settings, worker_id: str, *, stopping: Callable[[], bool]) -> Worker:
    """Return a worker with this id; jobs leave off at their next window once ``stopping()``."""
    services = build_services(settings, stopping)
    policy = SoundPolicy(
        cover=settings.redacted_audio,
        keep_original=settings.original_audio is OriginalAudio.KEEP,
    )
    sounds = SoundKeeper(
        services.calls,
        services.transcripts,
        ActiveTranscripts(services.engine),
        services.vault,
        policy,
        working_folder=settings.working_folder,
        max_duration_ms=settings.max_duration_ms,
        stopping=stopping,
    )
    workshop = Workshop(
        engine=services.engine,
        calls=services.calls,
        runs=services.runs,
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
        stopping=stopping,
        ask_model=services.questions.ask,
    )
    engine = JobEngine(
        open_engine(settings.database_url),
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
        workers_folder=settings.workers_dir,
        working_folder=settings.working_folder,
        upkeep={
            "older_forms": services.refresher.refresh,
            "old_notices": partial(services.notices.forget_older, GIVEN_UP_AFTER),
            "old_phone_events": services.phone_callers.forget_old,
            **({"meaning": services.meaning.prepare} if services.meaning else {}),
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
            rule_tools_on(services.engine, settings.working_folder).sweeper,
            stopping=stopping,
        ),
        copies=CopyDeleter(services.copies, services.providers, stopping=stopping),
        jobs_at_once=settings.jobs_at_once,
    )
