"""The composition root: from settings to services. The only file that names concrete classes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from threading import Event, Thread
from typing import TYPE_CHECKING

from sqlalchemy import Engine, text

from app.local_models import (
    build_labeller,
    build_listener,
    enrolling_in_child,
    shared_engine,
)
from app.settings import ROOT, OriginalAudio, Settings, load_settings
from app.sweep_wiring import build_sweep_children
from services.access.tokens import TokenSigner
from services.asking import AskService
from services.domain.people import LOCAL_USER
from services.domain.rules import Rule
from services.jobs.desk import JobDesk
from services.jobs.engine import JobEngine
from services.jobs.intake import Intake
from services.jobs.janitor import Janitor
from services.jobs.processing import open_run
from services.jobs.queue import JobQueue, prepare_queue
from services.jobs.rule_sweeps import SweepRunner
from services.jobs.sounds import SoundKeeper, SoundPolicy
from services.jobs.workshop import Workshop
from services.one_file import KnownVoices
from services.pipeline import Models
from services.providers.base import SpeechProvider
from services.providers.registry import ProviderRegistry
from services.reading_rules import read_by_book, rules_of
from services.refreshing import Refresher
from services.review import ReviewService
from services.rule_book import RuleBook
from services.scorecards.asking import ModelQuestions
from services.scorecards.keeping import ScoreKeeper
from services.scorecards.rescoring import Rescorer
from services.scorecards.service import ScorecardService
from services.searching import SearchService
from services.storage.active import ActiveTranscripts
from services.storage.analytics import Analytics
from services.storage.audio_vault import AudioVault
from services.storage.calls import CallStore
from services.storage.categories import CategoryStore
from services.storage.database import database_exists, forget_log, migrate, open_engine
from services.storage.keys import MasterKey
from services.storage.known_voices import KnownVoiceStore
from services.storage.objects import ObjectStore
from services.storage.rules import RuleStore
from services.storage.runs import RunStore
from services.storage.score_figures import ScoreAnalytics
from services.storage.scorecards import ScorecardStore
from services.storage.scores import ScoreStore
from services.storage.search import SearchIndex
from services.storage.summaries import SummaryStore
from services.storage.sweeps import SweepStore
from services.storage.swept_calls import SweptCalls
from services.storage.topic_analytics import TopicAnalytics
from services.storage.transcripts import TranscriptStore
from services.storage.vocabularies import VocabularyStore
from services.summaries import SummaryDesk
from services.sweeping.sweeper import Sweeper
from services.understanding.rules.ready_made import ready_made_rules
from services.understanding.typed import LineRedactor
from services.vocabulary import VocabularyService
from services.voices.desk import VoiceDesk

if TYPE_CHECKING:
    from services.understanding.models import UnderstandingModels
    from services.understanding.scorecards.model_answers import ModelAnswerer

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
    topics: TopicAnalytics
    scorecards: ScorecardService
    score_analytics: ScoreAnalytics
    questions: ModelQuestions
    rescorer: Rescorer
    refresher: Refresher
    vault: AudioVault
    intake: Intake
    desk: JobDesk
    review: ReviewService
    search: SearchService
    asking: AskService
    index: SearchIndex
    summaries: SummaryDesk
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


def build_services(settings: Settings, stopping: Callable[[], bool] = lambda: False) -> Services:
    """Connect everything for this installation and bring its database up to date.

    Work on stored calls leaves off once ``stopping()``.

    Raises DatabaseTooNew, WrongKey, StorageError.
    """
    engine = open_engine(settings.database_url)
    migrate(engine)
    prepare_queue(settings.database_url)
    master_key = _master_key(settings)
    models = build_models(settings)
    calls, runs, scores = CallStore(engine), RunStore(engine), ScoreStore(engine)
    cards = ScorecardStore(engine)
    rule_book = rule_tools_on(engine).book
    keeper = ScoreKeeper(cards, scores, models.redactor, rule_book)
    transcripts = TranscriptStore(engine, read_by_book, also=(keeper,))
    vocabularies = VocabularyStore(engine)
    vault = AudioVault(ObjectStore(settings.storage_url), master_key)
    known_voices = KnownVoiceStore(engine, master_key)
    providers = build_providers(settings)
    refresher = Refresher(calls, transcripts, known_voices, stopping)
    questions = ModelQuestions(keeper, scores, refresher, build_answerer(models))
    queue = JobQueue(open_engine(settings.database_url))
    index = SearchIndex(engine)
    search = SearchService(index)
    review = ReviewService(
        calls, transcripts, models.redactor, known_voices, rule_book, scores=scores
    )
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
        topics=TopicAnalytics(engine),
        scorecards=ScorecardService(cards, scores, keeper, refresher, questions, models.redactor),
        score_analytics=ScoreAnalytics(engine),
        questions=questions,
        rescorer=Rescorer(keeper, scores, refresher, stopping),
        refresher=refresher,
        vault=vault,
        intake=intake,
        desk=JobDesk(
            calls,
            runs,
            ActiveTranscripts(engine),
            vault,
            queue,
            intake,
            workers_folder=settings.workers_dir,
            demo_folder=DEMO_FOLDER,
        ),
        review=review,
        search=search,
        asking=AskService(
            review,
            search,
            models.redactor,
            embedder=lambda: models.embedder,
            answerer=lambda: models.answerer,
        ),
        index=index,
        summaries=SummaryDesk(
            review,
            transcripts,
            SummaryStore(engine),
            models.model_summariser if models.has_language_model else None,
        ),
        rule_book=rule_book,
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
    sweeper = Sweeper(calls, build_sweep_children(engine))
    book = RuleBook(RuleStore(engine), CategoryStore(engine), sweeps, sweeper)
    return RuleTools(book=book, calls=calls, sweeper=sweeper, sweeps=sweeps)


def build_rule_tools(settings: Settings) -> RuleTools:
    """Return the rules of this installation without anything else.

    Raises DatabaseTooNew, StorageError.
    """
    engine = open_engine(settings.database_url)
    migrate(engine)
    return rule_tools_on(engine)


def build_rules(settings: Settings) -> tuple[Rule, ...]:
    """Return the rules to read files by: this installation's, or the shipped ones.

    Makes no database: without one nobody has changed a rule. Raises DatabaseTooNew, StorageError.
    """
    if not database_exists(settings.database_url):
        return ready_made_rules()
    engine = open_engine(settings.database_url)
    migrate(engine)
    book = RuleStore(engine).book(LOCAL_USER.org_id)
    engine.dispose()
    return rules_of(book)


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


def build_models(settings: Settings) -> "UnderstandingModels":
    """Return the models over text; each is loaded, or connected to, when it is first needed."""
    from services.understanding.language_model import ModelAccess
    from services.understanding.models import UnderstandingModels

    return UnderstandingModels(ModelAccess(**given) if (given := settings.language_model) else None)


def build_answerer(models: "UnderstandingModels") -> "ModelAnswerer | None":
    """Return who answers questions about calls by a language model, None without a model."""
    if not models.has_language_model:
        return None
    from services.understanding.scorecards.model_answers import ModelAnswerer

    return ModelAnswerer(models.known_language_model, models.redactor)


@dataclass(frozen=True, kw_only=True)
class Worker:
    """What a worker process runs."""

    services: Services
    engine: JobEngine
    janitor: Janitor
    sounds: SoundKeeper
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
        """Put right what crashes leave behind, and score stored calls, until told to stop."""
        Thread(target=self.services.rescorer.keep_up, args=(stop,), daemon=True).start()
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
        transcripts=services.transcripts,
        vocabularies=services.vocabularies,
        vault=services.vault,
        providers=services.providers,
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
            rule_tools_on(services.engine).sweeper,
            stopping=stopping,
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
