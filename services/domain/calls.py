"""A call, the requests to process it, and how far they have come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Self

from services.domain.errors import InvalidRequest
from services.domain.findings import Finding, FindingKind
from services.domain.speech import SpeakerRole

MOST_SPEAKERS = 20
CALLS_QUEUE = "calls"


class Priority(IntEnum):
    """Who waits for whom in a queue: the lower number comes first, then whoever came first."""

    LIVE = 1
    SINGLE = 10
    BULK = 20


class CallState(StrEnum):
    """Where a call stands; the state of its newest run."""

    WAITING = "waiting"
    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"
    CANCELLED = "cancelled"


FINISHED_STATES = frozenset({CallState.READY, CallState.FAILED, CallState.CANCELLED})


class Direction(StrEnum):
    """Who placed the call, seen from the call centre."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class Consent(StrEnum):
    """How everybody on a call was told that it is recorded."""

    ANNOUNCED = "announced"
    ASKED = "asked"
    CONTRACT = "contract"


class Stage(StrEnum):
    """The parts of a run, in order, as the progress display names them."""

    DECODE = "decode"
    RECOGNISE = "recognise"
    SPEAKERS = "speakers"
    ANALYSE = "analyse"


@dataclass(frozen=True, kw_only=True)
class CallDetails:
    """What is known about a call besides its sound; ``started_at`` is in UTC.

    ``external_ref`` is what the system that the call came from calls it. ``consent`` was noted at
    ``consent_at`` (UTC) by the person ``consent_by``, None where nobody said so.
    """

    agent_name: str | None = None
    queue: str | None = None
    customer_ref: str | None = None
    direction: Direction | None = None
    started_at: datetime | None = None
    external_ref: str | None = None
    consent: Consent | None = None
    consent_at: datetime | None = None
    consent_by: str | None = None

    def noted(self, by: str, at: datetime) -> Self:
        """Return the same with who noted the consent and when, unless that is known."""
        if self.consent is None or self.consent_at is not None:
            return self
        return replace(self, consent_at=at, consent_by=by)


@dataclass(frozen=True, kw_only=True)
class ProcessingOptions:
    """How a run is to be done. ``language`` None means: detect it.

    ``expected_speakers`` is exact; ``min_speakers`` and ``max_speakers`` only bound what is found.
    ``vocabulary`` holds words to listen for, ``spelling`` pairs of what is heard and how it is to
    be written. Only [start_ms, end_ms) of the recording is transcribed (None: from its start, to
    its end). ``relabel_of`` names a transcript of the call whose words are kept: then nothing is
    recognised, only its speakers are told apart anew. ``fallback`` names the providers that are
    asked in turn when the first can't be reached. ``provider_options`` are names and values of what
    the providers declare beyond all this. ``channel_roles`` are who speaks on each channel, where
    whoever delivers the sound knows it; nothing has to be guessed then.
    """

    provider: str = "local"
    language: str | None = None
    expected_speakers: int | None = None
    min_speakers: int | None = None
    max_speakers: int | None = None
    redact: bool = True
    vocabulary: tuple[str, ...] = ()
    spelling: tuple[tuple[str, str], ...] = ()
    keep_fillers: bool = True
    start_ms: int | None = None
    end_ms: int | None = None
    relabel_of: str | None = None
    fallback: tuple[str, ...] = ()
    provider_options: tuple[tuple[str, str], ...] = ()
    channel_roles: tuple[SpeakerRole, ...] = ()


def providers_asked(
    defaults: ProcessingOptions, provider: str | None, fallback: Sequence[str] | None
) -> tuple[str, tuple[str, ...]]:
    """Return the provider and its fallback: what a person chose (None: nothing), else the defaults.

    The default fallback belongs to the default provider. Whoever chose another one has not asked
    for the sound to go anywhere else.
    """
    first = provider or defaults.provider
    if fallback is not None:
        return first, tuple(fallback)
    return first, defaults.fallback if first == defaults.provider else ()


@dataclass(frozen=True, kw_only=True)
class SpeakerCount:
    """What is known about how many people speak; with nothing given it is found out.

    ``exactly`` goes before the bounds ``least`` and ``most``.
    """

    exactly: int | None = None
    least: int | None = None
    most: int | None = None

    @classmethod
    def of(cls, options: ProcessingOptions) -> Self:
        """Return what the options of a run say about it."""
        return cls(
            exactly=options.expected_speakers,
            least=options.min_speakers,
            most=options.max_speakers,
        )

    def put_into(self, options: ProcessingOptions) -> ProcessingOptions:
        """Return the options with this instead of what they said."""
        return replace(
            options,
            expected_speakers=self.exactly,
            min_speakers=self.least,
            max_speakers=self.most,
        )

    def check(self) -> None:
        """Refuse numbers that no call can have. Raises InvalidRequest."""
        given = [n for n in (self.exactly, self.least, self.most) if n is not None]
        if any(not 1 <= n <= MOST_SPEAKERS for n in given):
            raise InvalidRequest("The number of speakers is out of range.")
        if self.least is not None and self.most is not None and self.least > self.most:
            raise InvalidRequest("The least number of speakers is above the most.")


@dataclass(frozen=True, kw_only=True)
class AudioFacts:
    """What the probe and the decoder found out about a recording.

    Where there is none, ``duration_ms`` is that of the call, and the rest is 0 or empty.
    """

    duration_ms: int
    channels: int
    sample_rate: int
    codec: str
    container: str
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Call:
    """One conversation and its facts. ``audio`` is None until it has been decoded once.

    ``added_by`` is the id of the person who recorded it or handed it in, where one did.
    """

    id: str
    org_id: str
    source_name: str
    content_hash: str
    size_bytes: int
    state: CallState
    created_at: datetime
    details: CallDetails = field(default_factory=CallDetails)
    audio: AudioFacts | None = None
    run: int = 1
    active_transcript_id: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    is_demo: bool = False
    reviewed_at: datetime | None = None
    reviewed_by: str | None = None
    added_by: str | None = None

    @property
    def has_recording(self) -> bool:
        """Whether there is, or was, a recording: of some phone calls only words were sent."""
        found = self.audio.findings if self.audio else ()
        return all(finding.kind is not FindingKind.NO_RECORDING for finding in found)

    @property
    def held_at(self) -> datetime:
        """When the call took place as far as is known: its start, else when it was added."""
        return self.details.started_at or self.created_at


@dataclass(frozen=True, kw_only=True)
class RunProgress:
    """How far a run has come. ``fraction`` covers the whole run; ``left_ms`` None if unknown."""

    call_id: str
    run: int
    state: CallState
    stage: Stage | None = None
    stage_fraction: float = 0.0
    fraction: float = 0.0
    left_ms: int | None = None
    waiting_ahead: int = 0
    error_message: str | None = None
    retryable: bool = False


def job_ids(call_id: str, number: int, moves: int) -> tuple[str, ...]:
    """Return the identities of all jobs that a run which has moved so often has had."""
    first = f"{call_id}.{number}"
    return (first, *(f"{first}.{move}" for move in range(1, moves + 1)))


@dataclass(frozen=True, kw_only=True)
class Run:
    """One request to process a call. ``queue`` names the queue in which its job waits.

    ``moves`` counts how often it was given another job, because another provider stepped in, or
    because its own was of a version that no worker runs any more.
    """

    call_id: str
    number: int
    options: ProcessingOptions
    state: CallState
    attempts: int = 0
    transcript_id: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    retryable: bool = False
    created_at: datetime | None = None
    finished_at: datetime | None = None
    stage_times_ms: Mapping[str, int] = field(default_factory=dict)
    queue: str = CALLS_QUEUE
    moves: int = 0
    priority: Priority = Priority.SINGLE

    @property
    def workflow_id(self) -> str:
        """The identity of the durable job that has the run: doubles of it are the same job."""
        return self.workflow_ids[-1]

    @property
    def workflow_ids(self) -> tuple[str, ...]:
        """The identities of all jobs the run has had, one for each queue it stood in."""
        return job_ids(self.call_id, self.number, self.moves)
