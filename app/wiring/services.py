"""What pages, routes and commands work with, put together from the settings."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from sqlalchemy import Engine, text

from app.local_models import (
    build_decoder,
    enrolling_in_child,
)
from app.settings import ROOT, Settings, load_settings
from app.wiring.access import build_access
from app.wiring.alerts import build_alerts
from app.wiring.ingest import build_uploads
from app.wiring.keeping import Keeping, build_keeping
from app.wiring.live import LiveStores, build_live
from app.wiring.parts import (
    build_answerer,
    build_models,
    build_providers,
    build_signing,
    master_key_of,
    rule_tools_on,
)
from app.wiring.phone import build_callers
from app.wiring.phone_streams import build_phone_streams
from app.wiring.presence import build_workers
from app.wiring.usage import build_usage
from services.access.api_tokens import ApiTokens
from services.access.authority import Authority
from services.access.people import PeopleDesk
from services.access.sign_ins import SignIns
from services.access.token_desk import TokenDesk
from services.access.tokens import TokenSigner
from services.asking import AskService
from services.audio.decode import Decode, decode
from services.auditing.desk import AuditDesk
from services.browsing.calls import CallBrowsing
from services.browsing.figures import FiguresDesk
from services.ingest.uploads import Uploads
from services.jobs.desk import JobDesk
from services.jobs.intake import Intake
from services.jobs.overview import JobsOverview
from services.jobs.queue import JobQueue, prepare_queue
from services.jobs.switches import QueueSwitches
from services.jobs.workers import Workers
from services.live.alerting.alerts import LiveAlerts
from services.live.desk import LiveDesk
from services.live.recogniser.recognising import Recogniser
from services.live.recording.keeping import LiveKeeper
from services.meaning import MeaningSearch
from services.providers.registry import ProviderRegistry
from services.reading_rules import read_by_book
from services.review.comparing import ComparingDesk
from services.review.refreshing import Refresher
from services.review.service import ReviewService
from services.rule_book import RuleBook
from services.scorecards.asking import ModelQuestions
from services.scorecards.keeping import ScoreKeeper
from services.scorecards.rescoring import Rescorer
from services.scorecards.service import ScorecardService
from services.searching import SearchService
from services.storage.active import ActiveTranscripts
from services.storage.analytics import Analytics
from services.storage.audio_vault import AudioVault
from services.storage.audit import AuditStore
from services.storage.audit_reading import AuditReader
from services.storage.call_pages import CallPages
from services.storage.calls import CallStore
from services.storage.categories import CategoryStore
from services.storage.database import open_engine
from services.storage.ingested_files import IngestedFileStore
from services.storage.job_queues import QueueStore
from services.storage.known_voices import KnownVoiceStore
from services.storage.line_vectors import LineVectors
from services.storage.objects import ObjectStore
from services.storage.phone_seen import PhoneSeenStore
from services.storage.provider_copies import ProviderCopyStore
from services.storage.provider_notices import ProviderNoticeStore
from services.storage.request_keys import RequestKeyStore
from services.storage.rollups import RollupStore
from services.storage.run_counts import RunCounts
from services.storage.run_overview import RunOverview
from services.storage.runs import RunStore
from services.storage.schema import migrate
from services.storage.score_figures import ScoreAnalytics
from services.storage.scorecards import ScorecardStore
from services.storage.scores import ScoreStore
from services.storage.search import SearchIndex
from services.storage.summaries import SummaryStore
from services.storage.topic_analytics import TopicAnalytics
from services.storage.transcripts import TranscriptStore
from services.storage.vocabularies import VocabularyStore
from services.storage.voice_signatures import VoiceSignatureStore
from services.summaries import SummaryDesk
from services.telephony.acs.callers import PhoneCallers
from services.telephony.acs.desk import PhoneDesk
from services.telephony.streaming.streams import PhoneStreams
from services.understanding.interfaces import Models
from services.understanding.typed import LineRedactor
from services.upkeep.usage import UsageDesk
from services.vocabulary import VocabularyService
from services.voices.desk import VoiceDesk
from services.voices.signing import SignatureDesk

DEMO_FOLDER = ROOT / "demo"


@dataclass(frozen=True, kw_only=True)
class Services:
    """What pages, routes and commands work with."""

    settings: Settings
    calls: CallStore
    browsing: CallBrowsing
    figures: FiguresDesk
    categories: CategoryStore
    runs: RunStore
    transcripts: TranscriptStore
    vocabularies: VocabularyStore
    known_voices: KnownVoiceStore
    voices: VoiceDesk
    signatures: SignatureDesk
    analytics: Analytics
    rollups: RollupStore
    topics: TopicAnalytics
    scorecards: ScorecardService
    score_analytics: ScoreAnalytics
    questions: ModelQuestions
    rescorer: Rescorer
    refresher: Refresher
    vault: AudioVault
    copies: ProviderCopyStore
    notices: ProviderNoticeStore
    intake: Intake
    ingested: IngestedFileStore
    run_counts: RunCounts
    request_keys: RequestKeyStore
    call_pages: CallPages
    uploads: Uploads
    desk: JobDesk
    review: ReviewService
    comparing: ComparingDesk
    search: SearchService
    meaning: MeaningSearch | None
    asking: AskService
    index: SearchIndex
    summaries: SummaryDesk
    vocabulary: VocabularyService
    rule_book: RuleBook
    providers: ProviderRegistry
    models: Models
    redactor: LineRedactor
    authority: Authority
    audit: AuditDesk
    sign_ins: SignIns
    people: PeopleDesk
    token_desk: TokenDesk
    tokens: TokenSigner
    api_tokens: ApiTokens
    queue: JobQueue
    switches: QueueSwitches
    workers: Workers
    jobs: JobsOverview
    engine: Engine
    alerts: LiveAlerts
    live: LiveDesk
    live_keeper: LiveKeeper
    phone: PhoneDesk
    phone_callers: PhoneCallers
    live_readers: Recogniser
    phone_streams: PhoneStreams
    usage: UsageDesk
    keeping: Keeping
    close_live: Callable[[], None]
    decode: Decode = decode

    def readiness(self) -> dict[str, bool]:
        """Check what serving calls needs: the database, a worker and the local weights."""
        return {
            "database": _answers(self.engine),
            "worker": self.desk.worker_alive(),
            "weights": self.providers.readiness("local").ready,
        }

    def is_needed(self, check: str) -> bool:
        """Say whether this process can't serve without it; workers may be on other machines."""
        return check != "worker" or self.settings.embedded_worker

    def close(self) -> None:
        """Let go of live calls and of the database."""
        self.close_live()
        self.alerts.close()
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
    master_key = master_key_of(settings)
    models = build_models(settings)
    calls, runs, scores = CallStore(engine), RunStore(engine), ScoreStore(engine)
    audit = AuditStore(engine, master_key)
    authority = Authority(calls, audit)
    access = build_access(settings, engine, authority, master_key)
    cards, categories = ScorecardStore(engine), CategoryStore(engine)
    rule_book = rule_tools_on(engine, authority=authority).book
    keeper = ScoreKeeper(cards, scores, models.redactor, rule_book)
    transcripts = TranscriptStore(engine, read_by_book, also=(keeper,))
    vocabularies = VocabularyStore(engine)
    objects = ObjectStore(settings.storage_url, settings.bucket_access)
    vault = AudioVault(objects, master_key)
    enrolling = enrolling_in_child(settings)
    known_voices = KnownVoiceStore(engine, master_key)
    signatures = VoiceSignatureStore(engine, master_key)
    notices = ProviderNoticeStore(engine)
    providers = build_providers(settings, signatures.all, notices)
    refresher = Refresher(calls, transcripts, known_voices, stopping)
    questions = ModelQuestions(keeper, scores, refresher, build_answerer(models))
    queue = JobQueue(
        open_engine(settings.database_url),
        settings.limits_elsewhere,
        org_at_once=settings.org_at_once,
    )
    switches = QueueSwitches(QueueStore(engine), queue)
    workers = build_workers(settings, engine)
    index = SearchIndex(engine)
    search = SearchService(index, authority=authority)
    review = ReviewService(
        calls, transcripts, models.redactor, known_voices, rule_book, scores, authority=authority
    )
    intake = Intake(calls, vault, providers, queue, authority=authority)
    desk = JobDesk(
        calls,
        runs,
        ActiveTranscripts(engine),
        vault,
        queue,
        intake,
        authority=authority,
        workers=workers,
        demo_folder=DEMO_FOLDER,
        defaults=settings.default_options,
    )
    vocabulary = VocabularyService(vocabularies, authority=authority)
    stores = LiveStores(
        engine=engine,
        master_key=master_key,
        vault=vault,
        calls=calls,
        runs=runs,
        transcripts=transcripts,
        queue=queue,
        intake=intake,
        vocabulary=vocabulary,
        authority=authority,
    )
    alerts = build_alerts(settings)
    live = build_live(settings, stores, providers, lambda: models, alerts.told)
    return Services(
        settings=settings,
        calls=calls,
        browsing=CallBrowsing(calls, runs, CallPages(engine), categories, authority=authority),
        figures=FiguresDesk(
            Analytics(engine),
            TopicAnalytics(engine),
            categories,
            ScoreAnalytics(engine),
            authority=authority,
        ),
        categories=categories,
        runs=runs,
        transcripts=transcripts,
        vocabularies=vocabularies,
        known_voices=known_voices,
        voices=VoiceDesk(known_voices, calls, transcripts, vault, enrolling, authority=authority),
        signatures=SignatureDesk(
            build_signing(settings),
            signatures,
            known_voices,
            enrolling,
            authority=authority,
            working_folder=settings.working_folder,
            decode=build_decoder(settings),
        ),
        decode=build_decoder(settings),
        analytics=Analytics(engine),
        rollups=RollupStore(engine),
        topics=TopicAnalytics(engine),
        scorecards=ScorecardService(
            cards, scores, keeper, refresher, questions, models.redactor, authority=authority
        ),
        score_analytics=ScoreAnalytics(engine),
        questions=questions,
        rescorer=Rescorer(keeper, scores, refresher, stopping),
        refresher=refresher,
        vault=vault,
        copies=ProviderCopyStore(engine),
        notices=notices,
        intake=intake,
        ingested=IngestedFileStore(engine),
        run_counts=RunCounts(engine),
        request_keys=RequestKeyStore(engine),
        call_pages=CallPages(engine),
        uploads=build_uploads(settings, engine, objects, master_key, intake, authority),
        desk=desk,
        review=review,
        comparing=ComparingDesk(review, transcripts, runs, known_voices, authority=authority),
        search=search,
        meaning=MeaningSearch(LineVectors(engine), lambda: models.embedder, authority=authority)
        if settings.search_by_meaning
        else None,
        asking=AskService(
            review,
            search,
            models.redactor,
            embedder=lambda: models.embedder,
            answerer=lambda: models.answerer,
            active=ActiveTranscripts(engine),
            authority=authority,
        ),
        index=index,
        summaries=SummaryDesk(
            review,
            transcripts,
            SummaryStore(engine),
            models.model_summariser if models.has_language_model else None,
            authority=authority,
        ),
        rule_book=rule_book,
        vocabulary=vocabulary,
        providers=providers,
        models=models,
        redactor=models.redactor,
        authority=authority,
        audit=AuditDesk(AuditReader(engine), audit, authority),
        sign_ins=access.sign_ins,
        people=access.people,
        token_desk=access.token_desk,
        tokens=access.tokens,
        api_tokens=access.api_tokens,
        queue=queue,
        switches=switches,
        workers=workers,
        jobs=JobsOverview(RunOverview(engine), queue, switches, workers, desk, authority=authority),
        engine=engine,
        alerts=alerts,
        live=live.desk,
        live_keeper=live.keeper,
        phone=live.phone,
        live_readers=live.readers,
        phone_callers=build_callers(settings, live.phone, PhoneSeenStore(engine)),
        phone_streams=build_phone_streams(settings, live.desk, providers),
        usage=build_usage(settings, engine, providers, authority),
        keeping=build_keeping(
            engine, authority, calls, vault, queue, known_voices, workers, stopping
        ),
        close_live=live.close,
    )


@cache
def process_services() -> Services:
    """Return the services of this process, built at the first call."""
    return build_services(load_settings())


def _answers(engine: Engine) -> bool:
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except Exception:
        return False
    return True
