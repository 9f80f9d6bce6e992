"""What programs are told of phone calls."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, Field

from app.phone_settings import Answering
from services.domain.calls import CallDetails, Direction
from services.domain.live_calls import LiveGlance, LiveState, RunningCall
from services.domain.phone import PhoneFacts, PhoneWay
from services.domain.speech import SentimentLabel
from services.telephony.acs.orders import RingingCall
from services.telephony.acs.wire.wishes import PhoneWish


class ReadinessAnswer(BaseModel):
    """Whether there can be phone calls, and what they are begun with."""

    ready: bool
    missing: list[str] = Field(description="Settings without which there are no phone calls.")
    can_place: bool = Field(description="Whether there is a number to call from.")
    can_be_called: bool = Field(description="Whether calls that come in are told here.")
    answers: Answering = Field(description="Who answers those: a person, or this server.")
    locales: list[str] = Field(description="In which languages calls are heard, unless asked for.")
    redacts: bool = Field(description="Whether personal data is taken out, unless asked for.")
    consent_required: bool


class RingingAnswer(BaseModel):
    """Somebody calls and isn't answered yet; of a number the last three digits are told."""

    id: str
    at: datetime
    caller: str | None
    caller_name: str | None

    @classmethod
    def of(cls, call: RingingCall) -> Self:
        """Return what is told of a call that rings."""
        return cls(id=call.id, at=call.at, caller=call.caller, caller_name=call.caller_name)


class RingingCallsAnswer(BaseModel):
    """The calls that ring, newest first."""

    calls: list[RingingAnswer]


class TranscriptionAnswer(BaseModel):
    """How the telephone service was asked to transcribe the call last."""

    is_wanted: bool = Field(description="Whether it is to transcribe the call at present.")
    is_transcribed: bool | None = Field(
        description="Whether it does, as far as is known; null when another process holds the call."
    )
    locales: list[str]
    partials: bool
    model: str | None
    masking: str | None
    sentiment: bool
    summary: bool
    summary_locale: str | None

    @classmethod
    def of(cls, wish: PhoneWish, is_transcribed: bool | None) -> Self:
        """Return what is told of a wish."""
        return cls(
            is_wanted=wish.starts_at_once,
            is_transcribed=is_transcribed,
            locales=list(wish.locales),
            partials=wish.intermediate,
            model=wish.model,
            masking=wish.masking,
            sentiment=wish.sentiment,
            summary=wish.summary,
            summary_locale=wish.summary_locale,
        )


class DetailsAnswer(BaseModel):
    """What is known about the call besides its words."""

    agent_name: str | None
    queue: str | None
    customer_ref: str | None
    direction: Direction | None
    started_at: datetime | None

    @classmethod
    def of(cls, details: CallDetails) -> Self:
        """Return what is told of a call's details."""
        return cls(
            agent_name=details.agent_name,
            queue=details.queue,
            customer_ref=details.customer_ref,
            direction=details.direction,
            started_at=details.started_at,
        )


class GlanceAnswer(BaseModel):
    """How the call goes, at a glance; words are redacted where the call is."""

    at_ms: int
    speakers: list[str]
    sentiment: SentimentLabel | None
    score: float | None = Field(description="Of the latest line that has one: -1 to 1.")
    warnings: int
    last_warning: str | None
    last_line: str | None
    last_speaker: str | None

    @classmethod
    def of(cls, glance: LiveGlance) -> Self:
        """Return what is told of a glance."""
        return cls(
            at_ms=glance.at_ms,
            speakers=list(glance.speakers),
            sentiment=glance.sentiment,
            score=glance.score,
            warnings=glance.warnings,
            last_warning=glance.last_warning,
            last_line=glance.last_line,
            last_speaker=glance.last_speaker,
        )


class PhoneCallAnswer(BaseModel):
    """A phone call that is held. ``id`` is also that of the call it becomes when it has ended."""

    id: str
    name: str
    state: LiveState
    way: PhoneWay
    began_at: datetime
    received_ms: int = Field(description="So much of the call has been heard.")
    is_redacted: bool
    is_held_here: bool = Field(
        description="Whether the process that answers holds the call; only that one changes it."
    )
    connection_id: str
    correlation_id: str | None = Field(description="By this the service's support knows the call.")
    server_call_id: str | None
    transcription: TranscriptionAnswer
    details: DetailsAnswer
    glance: GlanceAnswer

    @classmethod
    def of(
        cls, call: RunningCall, facts: PhoneFacts, wish: PhoneWish, *, is_transcribed: bool | None
    ) -> Self:
        """Return what is told of a call; ``is_transcribed`` None: another process holds it."""
        return cls(
            id=call.id,
            name=call.name,
            state=call.state,
            way=facts.way,
            began_at=call.began_at,
            received_ms=call.received_ms,
            is_redacted=call.options.redact,
            is_held_here=is_transcribed is not None,
            connection_id=facts.connection_id,
            correlation_id=facts.correlation_id,
            server_call_id=facts.server_call_id,
            transcription=TranscriptionAnswer.of(wish, is_transcribed),
            details=DetailsAnswer.of(call.details),
            glance=GlanceAnswer.of(call.glance),
        )


class PhoneCallsAnswer(BaseModel):
    """The phone calls that are held, those that began last first."""

    calls: list[PhoneCallAnswer]
