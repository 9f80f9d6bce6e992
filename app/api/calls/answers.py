"""What programs are told of calls."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, Field

from services.domain.calls import Call, CallState, Consent, Direction, Run, RunProgress, Stage
from services.domain.searching import FoundLine
from services.domain.speech import SentimentLabel, SpeakerRole
from services.jobs.intake import Received
from services.storage.uploads import Upload


class RunAnswer(BaseModel):
    """One request to process a call, and the job that does it."""

    number: int
    state: CallState
    provider: str
    redact: bool
    created_at: datetime | None
    finished_at: datetime | None
    error_code: str | None
    error_message: str | None
    retryable: bool

    @classmethod
    def of(cls, run: Run) -> Self:
        """Return what is told of a run."""
        return cls(
            number=run.number,
            state=run.state,
            provider=run.options.provider,
            redact=run.options.redact,
            created_at=run.created_at,
            finished_at=run.finished_at,
            error_code=run.error_code,
            error_message=run.error_message,
            retryable=run.retryable,
        )


class RunsAnswer(BaseModel):
    """The runs of a call, oldest first."""

    runs: list[RunAnswer]


class JobAnswer(BaseModel):
    """How far the newest run of a call has come."""

    run: int
    state: CallState
    stage: Stage | None = None
    fraction: float = Field(default=0.0, description="Of the whole run, 0 to 1.")
    left_ms: int | None = Field(default=None, description="About how long it takes still.")
    waiting_ahead: int = Field(default=0, description="How many calls wait before it.")

    @classmethod
    def of(cls, progress: RunProgress) -> Self:
        """Return what is told of a run's progress."""
        return cls(
            run=progress.run,
            state=progress.state,
            stage=progress.stage,
            fraction=progress.fraction,
            left_ms=progress.left_ms,
            waiting_ahead=progress.waiting_ahead,
        )


class ReceivedAnswer(BaseModel):
    """What became of a recording: a new call, or the one that has this very content."""

    id: str = Field(description="The call's id.")
    duplicate: bool = Field(description="Whether this content was among the calls already.")
    state: CallState = Field(description="How the job of its newest run stands.")

    @classmethod
    def of(cls, received: Received) -> Self:
        """Return what is told of a recording that was handed in."""
        return cls(id=received.call_id, duplicate=received.duplicate, state=received.state)


class CallAnswer(BaseModel):
    """A call and its facts."""

    id: str
    state: CallState
    source_name: str
    external_ref: str | None
    agent_name: str | None
    queue: str | None
    customer_ref: str | None
    direction: Direction | None
    started_at: datetime | None
    consent: Consent | None = Field(
        description="How everybody on it was told that it is recorded, where that was noted."
    )
    consent_at: datetime | None
    consent_by: str | None
    held_at: datetime = Field(description="When it was held, else when it was handed in.")
    created_at: datetime
    duration_ms: int | None
    size_bytes: int
    sha256: str = Field(description="Of the recording as it came in.")
    has_transcript: bool
    run: int = Field(description="The number of its newest run.")
    error_code: str | None
    error_message: str | None
    reviewed_at: datetime | None

    @classmethod
    def of(cls, call: Call) -> Self:
        """Return what is told of a call."""
        details = call.details
        return cls(
            id=call.id,
            state=call.state,
            source_name=call.source_name,
            external_ref=details.external_ref,
            agent_name=details.agent_name,
            queue=details.queue,
            customer_ref=details.customer_ref,
            direction=details.direction,
            started_at=details.started_at,
            consent=details.consent,
            consent_at=details.consent_at,
            consent_by=details.consent_by,
            held_at=call.held_at,
            created_at=call.created_at,
            duration_ms=call.audio.duration_ms if call.audio else None,
            size_bytes=call.size_bytes,
            sha256=call.content_hash,
            has_transcript=call.active_transcript_id is not None,
            run=call.run,
            error_code=call.error_code,
            error_message=call.error_message,
            reviewed_at=call.reviewed_at,
        )


class OneCallAnswer(CallAnswer):
    """A call, its facts, and how far its job has come."""

    job: JobAnswer | None = None


class CallsAnswer(BaseModel):
    """A page of calls, those held last first."""

    calls: list[CallAnswer]
    next_cursor: str | None = Field(description="Gives the next page; null on the last.")


class FoundLineAnswer(BaseModel):
    """A line that was found, and the call it was said in."""

    call_id: str
    source_name: str
    agent_name: str | None
    held_at: datetime
    utterance: str
    role: SpeakerRole
    start_ms: int
    end_ms: int
    text: str
    sentiment: SentimentLabel | None
    sentiment_score: float | None

    @classmethod
    def of(cls, line: FoundLine) -> Self:
        """Return what is told of a line."""
        return cls(
            call_id=line.call_id,
            source_name=line.source_name,
            agent_name=line.agent_name,
            held_at=line.held_at,
            utterance=line.utterance_id,
            role=line.role,
            start_ms=line.start_ms,
            end_ms=line.end_ms,
            text=line.text,
            sentiment=line.sentiment,
            sentiment_score=line.sentiment_score,
        )


class FoundLinesAnswer(BaseModel):
    """The lines that were found, newest calls first."""

    lines: list[FoundLineAnswer]
    next_cursor: str | None = Field(description="Gives the next page; null on the last.")
    looked_back_to: datetime | None = Field(
        description="Given when looking took too long: calls held before come with the next page."
    )


class UploadAnswer(BaseModel):
    """How an upload stands."""

    id: str
    size: int
    offset: int = Field(description="So many bytes have arrived; go on from there.")
    expires_at: datetime = Field(description="When it is given up unless somebody goes on.")
    call_id: str | None = Field(description="The call it has become.")

    @classmethod
    def of(cls, upload: Upload, expires_at: datetime) -> Self:
        """Return what is told of an upload."""
        return cls(
            id=upload.id,
            size=upload.size_bytes,
            offset=upload.offset_bytes,
            expires_at=expires_at,
            call_id=upload.call_id,
        )
