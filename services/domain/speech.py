"""What was said: words, utterances, speakers and the transcript that holds them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from services.domain.intervals import Interval
from services.domain.part import Part
from services.domain.topics import Entity, LineTopics, Topic


class SpeakerRole(StrEnum):
    """The part a speaker plays in the call."""

    AGENT = "agent"
    CUSTOMER = "customer"
    UNKNOWN = "unknown"


class SentimentLabel(StrEnum):
    """Whether an utterance speaks well of things, ill of them, or neither."""

    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"


class PiiType(StrEnum):
    """Kinds of personal data that are recognised and can be redacted.

    ``OTHER`` is what a provider has taken out without telling a kind that has a name here.
    """

    PERSON = "PERSON"
    PHONE = "PHONE"
    EMAIL = "EMAIL"
    CARD = "CARD"
    CVV = "CVV"
    SSN = "SSN"
    ADDRESS = "ADDRESS"
    DOB = "DOB"
    ACCOUNT = "ACCOUNT"
    IBAN = "IBAN"
    POLICY = "POLICY"
    BOOKING = "BOOKING"
    OTHER = "OTHER"


class HoldKind(StrEnum):
    """What the waiting party hears during a hold."""

    MUSIC = "music"
    SILENCE = "silence"


@dataclass(frozen=True, kw_only=True, slots=True)
class Word:
    """One recognised word with its place in the audio; confidence in 0..1 or None if not given."""

    text: str
    start_ms: int
    end_ms: int
    confidence: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """A voiced interval of one speaker, half-open: [start_ms, end_ms)."""

    speaker: str
    start_ms: int
    end_ms: int

    @property
    def duration_ms(self) -> int:
        """Length of the span in milliseconds."""
        return self.end_ms - self.start_ms


@dataclass(frozen=True, kw_only=True)
class Hold:
    """An interval in which one party waits and hears music or silence."""

    start_ms: int
    end_ms: int
    kind: HoldKind


@dataclass(frozen=True, kw_only=True, slots=True)
class Sentiment:
    """Sentiment of one utterance: a label and a score in -1..1."""

    label: SentimentLabel
    score: float


@dataclass(frozen=True, kw_only=True, slots=True)
class PiiMention:
    """Personal data in an utterance: character positions in the text as it is given beside it."""

    type: PiiType
    start_char: int
    end_char: int


@dataclass(frozen=True, kw_only=True)
class Speaker:
    """A voice in a call. ``label`` is shown to people; ``channel`` is set when it has its own.

    ``voice_id`` is the known voice that was recognised, ``voice_confidence`` in 0..1 how surely.
    """

    id: str
    label: str
    role: SpeakerRole = SpeakerRole.UNKNOWN
    role_confidence: float | None = None
    channel: int | None = None
    voice_id: str | None = None
    voice_confidence: float | None = None


@dataclass(frozen=True, kw_only=True)
class Utterance:
    """What one speaker says in one go. ``speaker`` is None when it can be given to nobody.

    ``provider_sentiment`` is what a provider says about it beside the words, ``sentiment`` our own
    finding (the provider's where we have none).
    """

    id: str
    speaker: str | None
    start_ms: int
    end_ms: int
    text: str
    channel: int | None = None
    confidence: float | None = None
    words: tuple[Word, ...] = ()
    sentiment: Sentiment | None = None
    provider_sentiment: Sentiment | None = None
    is_backchannel: bool = False
    pii: tuple[PiiMention, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One sentence of a summary with the ids of the utterances it rests on.

    ``who`` has to do it and ``due`` says until when, in the call's own words ("by Friday"); both
    None where that is not told or the statement is nothing to be done.
    """

    text: str
    utterances: tuple[str, ...] = ()
    who: SpeakerRole | None = None
    due: str | None = None


@dataclass(frozen=True, kw_only=True)
class SummaryOrigin:
    """Who wrote a summary and at what price.

    ``tokens_in`` and ``tokens_out`` are what a language model counted, None where nobody did;
    ``cost`` is in the currency its prices are set in. ``left_out`` counts statements that were
    dropped because their quotes don't stand in the call. ``instead_of`` is the sentence that says
    why a language model's summary is missing.
    """

    name: str
    took_ms: int = 0
    tokens_in: int | None = None
    tokens_out: int | None = None
    cost: float | None = None
    left_out: int = 0
    instead_of: str | None = None


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What happened in the call. ``resolved`` is None when the call doesn't tell.

    ``evidence`` holds the ids of the utterances by which ``resolved`` was decided. ``origin`` is
    None for a summary that a speech provider wrote.
    """

    reason: Statement | None = None
    actions: tuple[Statement, ...] = ()
    outcome: Statement | None = None
    resolved: bool | None = None
    promises: tuple[Statement, ...] = ()
    action_items: tuple[Statement, ...] = ()
    next_steps: tuple[Statement, ...] = ()
    evidence: tuple[str, ...] = ()
    origin: SummaryOrigin | None = None

    @property
    def statements(self) -> tuple[Statement, ...]:
        """All statements, in the order in which they are shown."""
        single = [s for s in (self.reason, self.outcome) if s is not None]
        return (*single, *self.actions, *self.promises, *self.action_items, *self.next_steps)


@dataclass(frozen=True, kw_only=True)
class Transcript:
    """One provider run over one call: who said what and when.

    ``utterances`` are ordered by start; ``spans`` keep overlaps (several speakers at once);
    ``loudness_dbfs`` holds, per speaker id, one RMS value in dBFS a second (None where the
    speaker is silent). ``stages`` names who did each part, e.g. ``{"recognition": "local
    whisper-base"}``. ``redacted`` says that the unredacted text does not exist any more,
    ``without_fillers`` that hesitations were taken out of the text. ``part`` is what of the
    recording was transcribed, None when all of it was; all times are the recording's, of which
    ``duration_ms`` is the length. ``topics`` follow from ``line_topics``, the roles and the places
    of the lines; ``entities`` name places in the text as it stands, in the order of the call.
    """

    id: str
    provider: str
    duration_ms: int
    speakers: tuple[Speaker, ...]
    utterances: tuple[Utterance, ...]
    spans: tuple[Span, ...]
    holds: tuple[Hold, ...] = ()
    language: str | None = None
    language_confidence: float | None = None
    loudness_dbfs: Mapping[str, tuple[float | None, ...]] = field(default_factory=dict)
    stages: Mapping[str, str] = field(default_factory=dict)
    summary: Summary | None = None
    redacted: bool = False
    without_fillers: bool = False
    part: Part | None = None
    line_topics: tuple[LineTopics, ...] = ()
    topics: tuple[Topic, ...] = ()
    entities: tuple[Entity, ...] = ()

    @property
    def covered(self) -> Interval:
        """What of the recording this transcript speaks of; all figures stand on it."""
        if self.part is not None:
            return (self.part.start_ms, self.part.end_ms)
        return (0, max(0, self.duration_ms))

    def speaker(self, speaker_id: str | None) -> Speaker | None:
        """Return the speaker with this id, or None."""
        return next((s for s in self.speakers if s.id == speaker_id), None)

    def role_of(self, speaker_id: str | None) -> SpeakerRole:
        """Return the role of the speaker with this id (unknown when there is none)."""
        speaker = self.speaker(speaker_id)
        return speaker.role if speaker else SpeakerRole.UNKNOWN
