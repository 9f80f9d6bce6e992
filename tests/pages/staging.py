"""A stage for the pages: real stores on a throw-away database, a desk that only takes notes."""

import io
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from app.settings import Settings
from app.wiring import rule_tools_on
from services.access.tokens import TokenSigner
from services.analysis.metrics import analyse
from services.asking import AskService
from services.domain.calls import (
    AudioFacts,
    Call,
    CallDetails,
    CallState,
    ProcessingOptions,
    Run,
    RunProgress,
    SpeakerCount,
    Stage,
)
from services.domain.errors import NotFound, PartylineError, SoundGone
from services.domain.findings import Finding, FindingKind
from services.domain.ids import new_id
from services.domain.metrics import AnalysedTranscript
from services.domain.people import LOCAL_USER, User
from services.domain.running import RunContext
from services.domain.sound import CallSound, Listening, Original
from services.domain.speech import (
    Sentiment,
    SentimentLabel,
    Span,
    Speaker,
    SpeakerRole,
    Statement,
    Summary,
    Transcript,
    Utterance,
    Word,
)
from services.domain.topics import LineTopics, Topic
from services.domain.voices import Enrolment, Voiceprint, VoiceQuality
from services.jobs.rule_sweeps import SweepRunner
from services.providers.base import Capabilities, Readiness
from services.reading_rules import read_by_book
from services.review.refreshing import Refresher
from services.review.service import ReviewService
from services.rule_book import RuleBook
from services.scorecards.asking import ModelQuestions
from services.scorecards.keeping import ScoreKeeper
from services.scorecards.rescoring import Rescorer
from services.scorecards.service import ScorecardService
from services.searching import SearchService
from services.storage.analytics import Analytics
from services.storage.audio_vault import Rendition
from services.storage.calls import CallStore
from services.storage.categories import CategoryStore
from services.storage.database import migrate, open_engine
from services.storage.keys import MasterKey, WrappedKey
from services.storage.known_voices import KnownVoiceStore
from services.storage.runs import RunStore
from services.storage.score_figures import ScoreAnalytics
from services.storage.scorecards import ScorecardStore
from services.storage.scores import ScoreStore
from services.storage.search import SearchIndex
from services.storage.sweeps import SweepStore
from services.storage.swept_calls import SweptCalls
from services.storage.topic_analytics import TopicAnalytics
from services.storage.transcripts import TranscriptStore
from services.storage.vocabularies import VocabularyStore
from services.understanding.answering import AnsweringModel
from services.vocabulary import VocabularyService
from services.voices.desk import VoiceDesk
from services.voices.enrolling import VoiceSource

ORG = LOCAL_USER.org_id
VOICEPRINT = b"".join(struct.pack("<f", float(n == 3)) for n in range(256))
LINES: Sequence[tuple[str, str, float]] = (
    ("s1", "Bluefern Mobile, this is Dana. How can I help you today?", 0.1),
    ("s2", "My bill is wrong again. This is the third time I have to call.", -0.8),
    ("s1", "I am sorry to hear that. Let me look at it.", 0.0),
    ("s2", "Okay.", 0.0),
    ("s1", "I have taken the second charge off, and the fee as well.", 0.2),
    ("s2", "That is great, thank you so much!", 0.9),
)


@dataclass(kw_only=True)
class StagedDesk:
    """Notes what it is asked for; progress is whatever the test puts in."""

    calls: CallStore
    runs: RunStore
    transcripts: TranscriptStore
    asked: list[tuple[str, str]] = field(default_factory=list)
    shown: dict[str, RunProgress] = field(default_factory=dict)
    demo: Callable[[], list[str]] | None = None
    alive: bool = True
    sound: bytes = b""
    refused: dict[str, PartylineError] = field(default_factory=dict)
    options: dict[str, ProcessingOptions] = field(default_factory=dict)
    relabelled: dict[str, SpeakerCount] = field(default_factory=dict)
    sounds: dict[str, CallSound] = field(default_factory=dict)
    without_sound: set[str] = field(default_factory=set)

    def _ask(self, act: str, call_id: str) -> None:
        if call_id in self.refused:
            raise self.refused[call_id]
        self.asked.append((act, call_id))

    def retry(self, user: User, call_id: str) -> None:
        """Note it."""
        self._ask("retry", call_id)

    def rerun(self, user: User, call_id: str, options: ProcessingOptions) -> None:
        """Note it."""
        self._ask(f"rerun {options.language} {options.expected_speakers}", call_id)
        self.options[call_id] = options

    def relabel(self, user: User, call_id: str, speakers: SpeakerCount) -> None:
        """Note it."""
        self._ask("relabel", call_id)
        self.relabelled[call_id] = speakers

    def sound_of(self, user: User, call_id: str) -> CallSound:
        """Say what the test says; else a redacted call is covered and its original kept."""
        if call_id in self.sounds:
            return self.sounds[call_id]
        call = self.calls.get(user.org_id, call_id)
        redacted = any(
            version.redacted and version.is_active
            for version in self.transcripts.list_for_call(user.org_id, call_id)
        )
        heard = Listening.COVERED if redacted else Listening.WHOLE
        return CallSound(
            listening=heard if call.audio else Listening.NOTHING,
            original=Original.KEPT,
            version=f"{heard}.{call.active_transcript_id}",
        )

    def why_no_run(self, user: User, call_id: str) -> PartylineError | None:
        """Say what the test says."""
        return SoundGone() if call_id in self.without_sound else None

    def cancel(self, user: User, call_id: str) -> None:
        """Note it."""
        self._ask("cancel", call_id)

    def delete(self, user: User, call_id: str) -> None:
        """Delete the rows."""
        self._ask("delete", call_id)
        self.calls.delete(user.org_id, call_id)

    def progress(self, user: User, call_ids: Sequence[str]) -> dict[str, RunProgress]:
        """Return what the test put in, else what the database has."""
        return self.runs.progress(user.org_id, call_ids) | {
            c: p for c, p in self.shown.items() if c in call_ids
        }

    def load_demo(self, user: User) -> list[str]:
        """Do what the test put in; without it there is no demo."""
        if self.demo is None:
            raise NotFound
        return self.demo()

    def worker_alive(self) -> bool:
        """Say what the test says."""
        return self.alive

    def open_playback(self, user: User, call_id: str) -> tuple[BinaryIO, int]:
        """Return the same sound for every call."""
        if not self.sound:
            raise NotFound
        return io.BytesIO(self.sound), len(self.sound)


class StagedEnrolling:
    """Learns what the test says, or refuses as it says."""

    def __init__(self) -> None:
        """Learn a good voice, unless told otherwise."""
        self.outcome: Enrolment | PartylineError = Enrolment(
            voiceprint=Voiceprint(packed=VOICEPRINT), quality=VoiceQuality.GOOD, speech_ms=43_000
        )
        self.sources: list[VoiceSource] = []

    def learn(self, recording: BinaryIO, source: VoiceSource) -> Enrolment:
        """Note where the voice is, and answer."""
        self.sources.append(source)
        if isinstance(self.outcome, PartylineError):
            raise self.outcome
        return self.outcome


@dataclass(kw_only=True)
class StagedSummaries:
    """Writes what the test says, or refuses as it says."""

    can_write: bool = False
    refusal: PartylineError | None = None
    asked: list[str] = field(default_factory=list)

    def write_again(self, user: User, call_id: str, context: RunContext) -> None:
        """Note it."""
        context.report(Stage.ANALYSE, 0.5)
        self.asked.append(call_id)
        if self.refusal is not None:
            raise self.refusal


class StagedVault:
    """Has the same few bytes as the sound of every call."""

    def open(self, call_id: str, rendition: Rendition, key: WrappedKey) -> BinaryIO:
        """Return them."""
        return io.BytesIO(b"sound")


class UntouchedLines:
    """Finds no personal data in what is typed."""

    def redact_line(self, transcript: Transcript, utterance_id: str, text: str) -> str:
        """Return the text."""
        return text

    def redact_comment(self, transcript: Transcript, utterance_id: str, text: str) -> str:
        """Return the text."""
        return text

    def redact(self, transcript: Transcript) -> Transcript:
        """Return the transcript."""
        return replace(transcript, redacted=True)

    def redact_texts(self, texts: Sequence[str], language: str | None = None) -> list[str]:
        """Return the texts."""
        return list(texts)


class AlikeVectors:
    """Finds all texts equally close."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the same vector for each."""
        return np.ones((len(texts), 1), dtype=np.float32)


class StagedProviders:
    """One provider that is ready and one that lacks its key."""

    def names(self) -> tuple[str, ...]:
        """Return both names."""
        return ("local", "azure")

    def capabilities(self, name: str) -> Capabilities:
        """Return what the provider can do."""
        local = name == "local"
        title = "This machine" if local else "Azure Speech"
        return Capabilities(
            name=name,
            title=title,
            language_detection=True,
            vocabulary=local,
            leaves_machine=not local,
        )

    def readiness(self, name: str) -> Readiness:
        """Return whether its key is there."""
        missing = () if name == "local" else ("AZURE_SPEECH_KEY",)
        return Readiness(ready=not missing, missing=missing)


@dataclass(kw_only=True)
class Staged:
    """The services as pages know them."""

    calls: CallStore
    runs: RunStore
    transcripts: TranscriptStore
    analytics: Analytics
    topics: TopicAnalytics
    review: ReviewService
    vocabulary: VocabularyService
    asking: AskService
    asked_model: list[AnsweringModel]
    scorecards: ScorecardService
    score_analytics: ScoreAnalytics
    rescorer: Rescorer
    rule_book: RuleBook
    categories: CategoryStore
    sweeps: SweepRunner
    desk: StagedDesk
    voices: VoiceDesk
    enrolling: StagedEnrolling
    providers: StagedProviders = field(default_factory=StagedProviders)
    summaries: StagedSummaries = field(default_factory=StagedSummaries)
    tokens: TokenSigner = field(default_factory=lambda: TokenSigner(b"k" * 32))
    settings: Any = field(default_factory=Settings)
    intake: Any = None

    def add(self, *, state: CallState = CallState.WAITING, **details: Any) -> Call:
        """Add a call whose run is in this state, without a transcript."""
        call = new_call(**details)
        run = Run(call_id=call.id, number=1, options=ProcessingOptions(), state=CallState.WAITING)
        self.calls.add(call, run, WrappedKey(key_id="test", sealed=b"sealed"))
        if call.audio:
            self.calls.set_audio(call.id, call.audio)
        if state is CallState.PROCESSING:
            self.runs.begin(call.id, 1)
            self.runs.set_progress(call.id, 1, Stage.RECOGNISE, 0.5, 0.4, 42_000)
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
    cards, rules = ScorecardStore(engine), rule_tools_on(engine)
    keeper = ScoreKeeper(cards, scores, UntouchedLines(), rules.book)
    transcripts = TranscriptStore(engine, read_by_book, also=(keeper,))
    known_voices = KnownVoiceStore(engine, MasterKey(bytes(range(32))))
    review = ReviewService(
        calls, transcripts, UntouchedLines(), known_voices, rules.book, scores=scores
    )
    asked_model: list[AnsweringModel] = []
    asking = AskService(
        review,
        SearchService(SearchIndex(engine)),
        UntouchedLines(),
        embedder=AlikeVectors,
        answerer=lambda: asked_model[0] if asked_model else None,
    )
    enrolling = StagedEnrolling()
    vault: Any = StagedVault()
    refresher = Refresher(calls, transcripts, known_voices)
    questions = ModelQuestions(keeper, scores, refresher, None)
    return Staged(
        calls=calls,
        runs=runs,
        transcripts=transcripts,
        analytics=Analytics(engine),
        topics=TopicAnalytics(engine),
        review=review,
        asking=asking,
        asked_model=asked_model,
        scorecards=ScorecardService(cards, scores, keeper, refresher, questions, UntouchedLines()),
        score_analytics=ScoreAnalytics(engine),
        rescorer=Rescorer(keeper, scores, refresher),
        rule_book=rules.book,
        categories=CategoryStore(engine),
        sweeps=SweepRunner(SweepStore(engine, debounce_s=0), SweptCalls(engine)),
        vocabulary=VocabularyService(VocabularyStore(engine)),
        voices=VoiceDesk(known_voices, calls, transcripts, vault, enrolling),
        enrolling=enrolling,
        desk=StagedDesk(calls=calls, runs=runs, transcripts=transcripts),
    )


def new_call(
    *,
    source_name: str = "call.wav",
    duration_ms: int = 40_000,
    findings: tuple[Finding, ...] = (Finding(kind=FindingKind.SEPARATE_CHANNELS),),
    created_at: datetime = datetime(2026, 11, 12, 9, 30, tzinfo=UTC),
    is_demo: bool = False,
    **details: Any,
) -> Call:
    """Return a call; further keywords are its details."""
    audio = AudioFacts(
        duration_ms=duration_ms,
        channels=2,
        sample_rate=16_000,
        codec="flac",
        container="flac",
        findings=findings,
    )
    return Call(
        id=new_id(),
        org_id=ORG,
        source_name=source_name,
        content_hash=new_id(),
        size_bytes=123_456,
        state=CallState.WAITING,
        created_at=created_at,
        details=CallDetails(**details),
        audio=audio,
        is_demo=is_demo,
    )


def sample_transcript(lines: Iterable[tuple[str, str, float]] = LINES) -> Transcript:
    """Return a transcript of these (speaker, text, score) lines, one after the other.

    A word takes 300 ms; between lines lie 400 ms.
    """
    at_ms, utterances = 500, []
    for number, (speaker, text, score) in enumerate(lines):
        words = []
        for text_of_word in text.split():
            words.append(
                Word(text=text_of_word, start_ms=at_ms, end_ms=at_ms + 300, confidence=0.9)
            )
            at_ms += 300
        utterances.append(
            Utterance(
                id=f"u{number}",
                speaker=speaker,
                start_ms=words[0].start_ms,
                end_ms=at_ms,
                text=text,
                words=tuple(words),
                sentiment=Sentiment(label=_label(score), score=score),
                is_backchannel=text == "Okay.",
            )
        )
        at_ms += 400
    return Transcript(
        id=new_id(),
        provider="local",
        duration_ms=at_ms,
        speakers=(
            Speaker(id="s1", label="Speaker 1", role=SpeakerRole.AGENT, channel=0),
            Speaker(id="s2", label="Speaker 2", role=SpeakerRole.CUSTOMER, channel=1),
        ),
        utterances=tuple(utterances),
        spans=tuple(
            Span(speaker=u.speaker or "s1", start_ms=u.start_ms, end_ms=u.end_ms)
            for u in utterances
        ),
        language="en",
        loudness_dbfs={"s1": (-20.0, None, -22.0), "s2": (None, -31.0, -30.0)},
        stages={"recognition": "local whisper-base"},
        summary=Summary(
            reason=Statement(text="My bill is wrong again.", utterances=("u1",)), resolved=True
        ),
        line_topics=(LineTopics(utterance="u1", probabilities=(("billing_dispute", 0.9),)),),
        topics=(Topic(id="billing_dispute", confidence=0.8, utterances=("u1",)),),
    )


def _label(score: float) -> SentimentLabel:
    if score > 0.3:
        return SentimentLabel.POSITIVE
    return SentimentLabel.NEGATIVE if score < -0.3 else SentimentLabel.NEUTRAL
