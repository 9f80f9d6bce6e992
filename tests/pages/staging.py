"""A stage for the pages: real stores on a throw-away database, a desk that only takes notes."""

from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from app.settings import Settings
from app.wiring import rule_tools_on
from services.access.api_tokens import ApiTokens
from services.access.authority import Authority
from services.access.people import PeopleDesk
from services.access.token_desk import TokenDesk
from services.access.tokens import TokenSigner
from services.analysis.metrics import analyse
from services.asking import AskService
from services.audio.decode import Decode, decode
from services.auditing.desk import AuditDesk
from services.browsing.calls import CallBrowsing
from services.browsing.figures import FiguresDesk
from services.domain.calls import (
    Call,
    CallState,
    ProcessingOptions,
    Run,
    Stage,
)
from services.domain.errors import PartylineError
from services.domain.ids import new_id
from services.domain.metrics import AnalysedTranscript
from services.domain.people import LOCAL_USER
from services.domain.speech import (
    Transcript,
)
from services.jobs.line_vectors import VectorMaker
from services.jobs.rule_sweeps import SweepRunner
from services.meaning import MeaningSearch
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
from services.storage.api_tokens import ApiTokenStore
from services.storage.audit import AuditStore
from services.storage.audit_reading import AuditReader
from services.storage.call_pages import CallPages
from services.storage.calls import CallStore
from services.storage.categories import CategoryStore
from services.storage.database import open_engine
from services.storage.holds import HoldStore
from services.storage.keys import MasterKey, WrappedKey
from services.storage.known_voices import KnownVoiceStore
from services.storage.line_vectors import LineVectors
from services.storage.objects import ObjectStore
from services.storage.people import PeopleStore
from services.storage.retention import RetentionStore
from services.storage.runs import ProgressReport, RunStore
from services.storage.schema import migrate
from services.storage.score_figures import ScoreAnalytics
from services.storage.scorecards import ScorecardStore
from services.storage.scores import ScoreStore
from services.storage.search import SearchIndex
from services.storage.sweeps import SweepStore
from services.storage.swept_calls import SweptCalls
from services.storage.topic_analytics import TopicAnalytics
from services.storage.transcripts import TranscriptStore
from services.storage.usage import UsageStore
from services.storage.vocabularies import VocabularyStore
from services.storage.voice_signatures import VoiceSignatureStore
from services.understanding.answering import AnsweringModel
from services.upkeep.holding import HoldDesk
from services.upkeep.retaining import RetentionDesk
from services.upkeep.usage import UsageDesk
from services.vocabulary import VocabularyService
from services.voices.desk import VoiceDesk
from services.voices.signing import SignatureDesk
from tests.pages.live_stand_ins import StagedLive
from tests.pages.phone_stand_ins import StagedPhone
from tests.pages.samples import ORG, new_call, sample_transcript
from tests.pages.stand_ins import (
    AlikeVectors,
    StagedDesk,
    StagedEnrolling,
    StagedProviders,
    StagedSigning,
    StagedSummaries,
    StagedVault,
    UntouchedLines,
)


@dataclass(kw_only=True)
class StagedKeeping:
    """How long things stay and what is on hold; nothing is carried out."""

    retention: RetentionDesk
    holds: HoldDesk
    store: RetentionStore


@dataclass(kw_only=True)
class Staged:
    """The services as pages know them."""

    calls: CallStore
    runs: RunStore
    transcripts: TranscriptStore
    browsing: CallBrowsing
    figures: FiguresDesk
    review: ReviewService
    comparing: ComparingDesk
    vocabulary: VocabularyService
    search: SearchService
    meaning: MeaningSearch
    vectors: VectorMaker
    asking: AskService
    asked_model: list[AnsweringModel]
    scorecards: ScorecardService
    rescorer: Rescorer
    rule_book: RuleBook
    categories: CategoryStore
    sweeps: SweepRunner
    desk: StagedDesk
    voices: VoiceDesk
    signatures: SignatureDesk
    signing: StagedSigning
    enrolling: StagedEnrolling
    usage: UsageDesk
    audit: AuditDesk
    audit_store: AuditStore
    keeping: StagedKeeping
    sound: ObjectStore
    people: PeopleDesk
    token_desk: TokenDesk
    api_tokens: ApiTokens = field(default_factory=lambda: ApiTokens(None, LOCAL_USER))
    providers: StagedProviders = field(default_factory=StagedProviders)
    summaries: StagedSummaries = field(default_factory=StagedSummaries)
    decode: Decode = field(default=decode)
    tokens: TokenSigner = field(default_factory=lambda: TokenSigner(b"k" * 32))
    settings: Any = field(default_factory=Settings)
    intake: Any = None
    live: Any = field(default_factory=StagedLive)
    phone: StagedPhone = field(default_factory=StagedPhone)
    ready: dict[str, bool] = field(
        default_factory=lambda: {"database": True, "worker": True, "weights": True}
    )

    def readiness(self) -> dict[str, bool]:
        """Say what the test says."""
        return self.ready

    def add(self, *, state: CallState = CallState.WAITING, **details: Any) -> Call:
        """Add a call whose run is in this state, without a transcript."""
        call = new_call(**details)
        run = Run(call_id=call.id, number=1, options=ProcessingOptions(), state=CallState.WAITING)
        self.calls.add(call, run, WrappedKey(key_id="test", sealed=b"sealed"))
        if call.audio:
            self.calls.set_audio(call.id, call.audio)
        if state is CallState.PROCESSING:
            self.runs.begin(call.id, 1)
            self.runs.report(
                [
                    ProgressReport(
                        call_id=call.id,
                        number=1,
                        stage=Stage.RECOGNISE,
                        stage_fraction=0.5,
                        fraction=0.4,
                        left_ms=42_000,
                    )
                ]
            )
        elif state is CallState.CANCELLED:
            self.runs.cancelled(call.id, 1)
        return self.calls.get(ORG, call.id)

    def add_ready(self, transcript: Transcript | None = None, **details: Any) -> Call:
        """Add a call with a transcript."""
        call = self.add(**details)
        transcript = replace(transcript or sample_transcript(), id=new_id())
        analysed = AnalysedTranscript(transcript=transcript, analysis=analyse(transcript))
        self.transcripts.save(ORG, call.id, 1, analysed)
        self.runs.finish(call.id, 1, transcript.id)
        return self.calls.get(ORG, call.id)

    def add_transcript(
        self, call: Call, transcript: Transcript, *, run: int = 2, **options: Any
    ) -> Transcript:
        """Add a further run of a call with its transcript, which becomes the active one."""
        self.runs.start(ORG, call.id, ProcessingOptions(**options))
        transcript = replace(transcript, id=new_id())
        analysed = AnalysedTranscript(transcript=transcript, analysis=analyse(transcript))
        self.transcripts.save(ORG, call.id, run, analysed)
        self.runs.finish(call.id, run, transcript.id)
        return transcript

    def add_failed(self, error: PartylineError, **details: Any) -> Call:
        """Add a call whose run failed."""
        call = self.add(**details)
        self.runs.fail(call.id, 1, error)
        return self.calls.get(ORG, call.id)


def stage(folder: Path) -> Staged:
    """Return services on a fresh database in this folder."""
    engine = open_engine(f"sqlite:///{folder / 'pages.db'}")
    migrate(engine)
    calls, runs, scores = CallStore(engine), RunStore(engine), ScoreStore(engine)
    master_key = MasterKey(bytes(range(32)))
    audit_store = AuditStore(engine, master_key)
    authority = Authority(calls, audit_store)
    cards, rules = ScorecardStore(engine), rule_tools_on(engine, authority=authority)
    keeper = ScoreKeeper(cards, scores, UntouchedLines(), rules.book)
    transcripts = TranscriptStore(engine, read_by_book, also=(keeper,))
    known_voices = KnownVoiceStore(engine, master_key)
    review = ReviewService(
        calls, transcripts, UntouchedLines(), known_voices, rules.book, scores, authority=authority
    )
    asked_model: list[AnsweringModel] = []
    search = SearchService(SearchIndex(engine), authority=authority)
    asking = AskService(
        review,
        search,
        UntouchedLines(),
        embedder=AlikeVectors,
        answerer=lambda: asked_model[0] if asked_model else None,
        active=ActiveTranscripts(engine),
        authority=authority,
    )
    enrolling, signing = StagedEnrolling(), StagedSigning()
    vault: Any = StagedVault()
    refresher = Refresher(calls, transcripts, known_voices)
    sound = ObjectStore(str(folder / "audio"))
    folders = {"models": folder / "models"}
    prices = {"local": 0.0, "scripted": 0.6}
    questions = ModelQuestions(keeper, scores, refresher, None)
    return Staged(
        calls=calls,
        runs=runs,
        transcripts=transcripts,
        browsing=CallBrowsing(
            calls, runs, CallPages(engine), CategoryStore(engine), authority=authority
        ),
        figures=FiguresDesk(
            Analytics(engine),
            TopicAnalytics(engine),
            CategoryStore(engine),
            ScoreAnalytics(engine),
            authority=authority,
        ),
        review=review,
        comparing=ComparingDesk(review, transcripts, runs, known_voices, authority=authority),
        search=search,
        meaning=MeaningSearch(LineVectors(engine), AlikeVectors, authority=authority),
        vectors=VectorMaker(LineVectors(engine), AlikeVectors, lambda _: nullcontext(True)),
        asking=asking,
        asked_model=asked_model,
        scorecards=ScorecardService(
            cards, scores, keeper, refresher, questions, UntouchedLines(), authority=authority
        ),
        rescorer=Rescorer(keeper, scores, refresher),
        rule_book=rules.book,
        categories=CategoryStore(engine),
        sweeps=SweepRunner(SweepStore(engine, debounce_s=0), SweptCalls(engine)),
        vocabulary=VocabularyService(VocabularyStore(engine), authority=authority),
        voices=VoiceDesk(known_voices, calls, transcripts, vault, enrolling, authority=authority),
        signatures=SignatureDesk(
            signing,
            VoiceSignatureStore(engine, master_key),
            known_voices,
            enrolling,
            authority=authority,
            working_folder=folder / "working",
        ),
        signing=signing,
        enrolling=enrolling,
        usage=UsageDesk(UsageStore(engine), calls, sound, folders, prices.get, authority=authority),
        audit=AuditDesk(AuditReader(engine), audit_store, authority),
        audit_store=audit_store,
        keeping=StagedKeeping(
            retention=RetentionDesk(RetentionStore(engine), authority),
            holds=HoldDesk(HoldStore(engine), calls, authority),
            store=RetentionStore(engine),
        ),
        sound=sound,
        people=PeopleDesk(PeopleStore(engine), authority),
        token_desk=TokenDesk(ApiTokenStore(engine), authority),
        desk=StagedDesk(calls=calls, runs=runs, transcripts=transcripts),
    )
