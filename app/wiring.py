"""The composition root: from settings to services. The only file that names concrete classes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from threading import Event
from typing import TYPE_CHECKING

from sqlalchemy import Engine, text

from app.local_models import (
    build_labeller,
    build_listener,
    enrolling_in_child,
    shared_engine,
)
from app.settings import ROOT, Settings, load_settings
from services.access.tokens import TokenSigner
from services.domain.people import LOCAL_USER
from services.jobs.desk import JobDesk
from services.jobs.engine import JobEngine
from services.jobs.intake import Intake
from services.jobs.janitor import Janitor
from services.jobs.processing import open_run
from services.jobs.queue import JobQueue, prepare_queue
from services.jobs.rule_sweeps import SweepRunner
from services.jobs.workshop import Workshop
from services.one_file import KnownVoices
from services.pipeline import Models
from services.providers.base import SpeechProvider
from services.providers.registry import ProviderRegistry
from services.reading_rules import read_by_book
from services.refreshing import Refresher
from services.review import ReviewService
from services.rule_book import RuleBook
from services.searching import SearchService
from services.storage.analytics import Analytics
from services.storage.audio_vault import AudioVault
from services.storage.calls import CallStore
from services.storage.categories import CategoryStore
from services.storage.database import database_exists, migrate, open_engine
from services.storage.keys import MasterKey
from services.storage.known_voices import KnownVoiceStore
from services.storage.objects import ObjectStore
from services.storage.rules import RuleStore
from services.storage.runs import RunStore
from services.storage.search import SearchIndex
from services.storage.sweeps import SweepStore
from services.storage.swept_calls import SweptCalls
from services.storage.transcripts import TranscriptStore
from services.storage.vocabularies import VocabularyStore
from services.sweeping import Sweeper
from services.understanding.typed import LineRedactor
from services.vocabulary import VocabularyService
from services.voices.desk import VoiceDesk

if TYPE_CHECKING:
    from services.understanding.models import UnderstandingModels

DEMO_FOLDER = ROOT / "demo"
# A dead worker's jobs are found soon; what lies about may lie a while longer.
LOOK_EVERY_S = 15.0
LOOKS_PER_SWEEP = 20


@dataclass(frozen=True, kw_only=True)
class Services:
    """What pages, routes and commands work with."""

    settings: Settings
    calls: CallStore
    categories: CategoryStore
    runs: RunStore
    transcripts: TranscriptStore
    vocabularies: VocabularyStore
    known_voices: KnownVoiceStore
    voices: VoiceDesk
    analytics: Analytics
    vault: AudioVault
    intake: Intake
    desk: JobDesk
    review: ReviewService
    search: SearchService
    index: SearchIndex
    vocabulary: VocabularyService
    rule_book: RuleBook
    providers: ProviderRegistry
    models: Models
    redactor: LineRedactor
    tokens: TokenSigner
    queue: JobQueue
    engine: Engine

    def readiness(self) -> dict[str, bool]:
        """Check what serving calls needs: the database, a worker and the local weights."""
        return {
            "database": _answers(self.engine),
            "worker": self.desk.worker_alive(),
            "weights": self.providers.readiness("local").ready,
        }

    def close(self) -> None:
        """Let go of the database."""
        self.queue.close()
        self.engine.dispose()


def build_services(settings: Settings) -> Services:
    """Connect everything for this installation and bring its database up to date.

    Raises DatabaseTooNew, WrongKey, StorageError.
    """
    engine = open_engine(settings.database_url)
    migrate(engine)
    prepare_queue(settings.database_url)
    master_key = _master_key(settings)
    calls, runs = CallStore(engine), RunStore(engine)
    transcripts = TranscriptStore(engine, read_by_book)
    rule_book = rule_tools_on(engine).book
    vocabularies = VocabularyStore(engine)
    vault = AudioVault(ObjectStore(settings.storage_url), master_key)
    known_voices = KnownVoiceStore(engine, master_key)
    providers = build_providers(settings)
    models = build_models(settings)
    queue = JobQueue(open_engine(settings.database_url))
    index = SearchIndex(engine)
    intake = Intake(calls, vault, providers, queue)
    return Services(
        settings=settings,
        calls=calls,
        categories=CategoryStore(engine),
        runs=runs,
        transcripts=transcripts,
        vocabularies=vocabularies,
        known_voices=known_voices,
        voices=VoiceDesk(known_voices, calls, transcripts, vault, enrolling_in_child(settings)),
        analytics=Analytics(engine),
        vault=vault,
        intake=intake,
        desk=JobDesk(
            calls,
            runs,
            vault,
            queue,
            intake,
            workers_folder=settings.workers_dir,
            demo_folder=DEMO_FOLDER,
        ),
        review=ReviewService(calls, transcripts, models.redactor, known_voices, rule_book),
        rule_book=rule_book,
        search=SearchService(index),
        index=index,
        vocabulary=VocabularyService(vocabularies),
        providers=providers,
        models=models,
        redactor=models.redactor,
        tokens=TokenSigner(master_key.derive("tokens")),
        queue=queue,
        engine=engine,
    )


@cache
def process_services() -> Services:
    """Return the services of this process, built at the first call."""
    return build_services(load_settings())


def build_vocabulary(settings: Settings) -> VocabularyService:
    """Return the vocabularies of this installation without anything else.

    Raises DatabaseTooNew, StorageError.
    """
    engine = open_engine(settings.database_url)
    migrate(engine)
    return VocabularyService(VocabularyStore(engine))


@dataclass(frozen=True, kw_only=True)
class RuleTools:
    """The rules, and what it takes to look for them in all calls."""

    book: RuleBook
    calls: SweptCalls
    sweeper: Sweeper
    sweeps: SweepStore


def rule_tools_on(engine: Engine) -> RuleTools:
    """Return the rules on this database with what belongs to them."""
    calls, sweeps = SweptCalls(engine), SweepStore(engine)
    sweeper = Sweeper(calls)
    book = RuleBook(RuleStore(engine), CategoryStore(engine), sweeps, sweeper)
    return RuleTools(book=book, calls=calls, sweeper=sweeper, sweeps=sweeps)


def build_rule_tools(settings: Settings) -> RuleTools:
    """Return the rules of this installation without anything else.

    Raises DatabaseTooNew, StorageError.
    """
    engine = open_engine(settings.database_url)
    migrate(engine)
    return rule_tools_on(engine)


def build_search(settings: Settings) -> SearchService:
    """Return the search over this installation's calls without anything else.

    Raises DatabaseTooNew, StorageError.
    """
    engine = open_engine(settings.database_url)
    migrate(engine)
    return SearchService(SearchIndex(engine))


def build_known_voices(settings: Settings) -> KnownVoices | None:
    """Return the voices to recognise in files, None when this installation knows none.

    Makes neither a database nor a key: without one of them no voice can be known. Raises
    DatabaseTooNew, WrongKey, StorageError.
    """
    has_key = bool(settings.partyline_key) or settings.key_file.exists()
    if not (has_key and database_exists(settings.database_url)):
        return None
    engine = open_engine(settings.database_url)
    migrate(engine)
    enrolled = KnownVoiceStore(engine, _master_key(settings)).enrolled(LOCAL_USER.org_id)
    engine.dispose()
    if not enrolled:
        return None
    return KnownVoices(enrolled=enrolled, listener=build_listener(settings))


def build_providers(settings: Settings) -> ProviderRegistry:
    """Return all speech providers; making one loads no model and connects to nothing."""

    def local() -> SpeechProvider:
        from services.providers.local import LocalProvider

        return LocalProvider(
            settings.models_dir,
            settings.whisper_model,
            settings.threads,
            engine=shared_engine(settings),
        )

    def scripted() -> SpeechProvider:
        from services.providers.scripted import ScriptedProvider

        return ScriptedProvider(pause_ms=settings.scripted_pause_ms)

    factories: dict[str, Callable[[], SpeechProvider]] = {"local": local}
    if settings.scripted_provider:
        factories["scripted"] = scripted
    return ProviderRegistry(factories)


def build_models(_settings: Settings) -> "UnderstandingModels":
    """Return the models over text; each is loaded when it is first needed."""
    from services.understanding.models import UnderstandingModels

    return UnderstandingModels()


@dataclass(frozen=True, kw_only=True)
class Worker:
    """What a worker process runs."""

    services: Services
    engine: JobEngine
    janitor: Janitor
    sweeps: SweepRunner
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
        """Put right what crashes leave behind, until told to stop."""
        looks = 0
        while not stop.wait(LOOK_EVERY_S):
            looks += 1
            if looks % LOOKS_PER_SWEEP:
                self.janitor.look_after_jobs()
            else:
                self.janitor.sweep()

    def wait_until_idle(self, timeout_s: float) -> bool:
        """Wait until no job is active."""
        return self.engine.wait_until_idle(timeout_s)


def build_worker(settings: Settings, worker_id: str, *, stopping: Callable[[], bool]) -> Worker:
    """Return a worker with this id; jobs leave off at their next window once ``stopping()``."""
    services = build_services(settings)
    workshop = Workshop(
        engine=services.engine,
        calls=services.calls,
        runs=services.runs,
        transcripts=services.transcripts,
        vocabularies=services.vocabularies,
        vault=services.vault,
        providers=services.providers,
        models=services.models,
        labeller=build_labeller(settings),
        redactor=services.redactor,
        known_voices=services.known_voices,
        listener=build_listener(settings),
        working_folder=settings.working_folder,
        max_duration_ms=settings.max_duration_ms,
        stopping=stopping,
    )
    engine = JobEngine(
        open_engine(settings.database_url),
        worker_id=worker_id,
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
            "older_forms": Refresher(
                services.calls, services.transcripts, services.known_voices, stopping
            ).refresh,
            "deleted_words": services.index.remove_deleted_words,
        },
    )
    return Worker(
        services=services,
        engine=engine,
        janitor=janitor,
        sweeps=SweepRunner(
            SweepStore(services.engine), SweptCalls(services.engine), stopping=stopping
        ),
        jobs_at_once=settings.jobs_at_once,
    )


def _master_key(settings: Settings) -> MasterKey:
    secret = settings.partyline_key
    return MasterKey.load(secret.get_secret_value() if secret else None, settings.key_file)


def _answers(engine: Engine) -> bool:
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except Exception:
        return False
    return True
