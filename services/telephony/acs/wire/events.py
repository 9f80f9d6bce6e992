"""Callbacks of Call Automation as values of our own: CloudEvents about calls that are held."""

from dataclasses import dataclass, field
from enum import StrEnum

from services.telephony.told import Told, Unreadable, read_objects

PREFIX = "microsoft.communication."
MOST_BODY_BYTES = 1024 * 1024
MOST_EVENTS = 100


class PhoneEventKind(StrEnum):
    """What happened, by the last part of the event's type."""

    CALL_CONNECTED = "CallConnected"
    CALL_DISCONNECTED = "CallDisconnected"
    CONNECT_FAILED = "ConnectFailed"
    CREATE_CALL_FAILED = "CreateCallFailed"
    ANSWER_FAILED = "AnswerFailed"
    PARTICIPANTS_UPDATED = "ParticipantsUpdated"
    TRANSCRIPTION_STARTED = "TranscriptionStarted"
    TRANSCRIPTION_UPDATED = "TranscriptionUpdated"
    TRANSCRIPTION_STOPPED = "TranscriptionStopped"
    TRANSCRIPTION_FAILED = "TranscriptionFailed"
    SUMMARY_UPDATED = "TranscriptionCallSummaryUpdated"
    RECORDING_READY = "RecordingFileStatusUpdated"
    OTHER = "Other"
    """One that is nothing for us."""


_KINDS = {kind.value.casefold(): kind for kind in PhoneEventKind}


@dataclass(frozen=True, kw_only=True)
class PhoneEvent:
    """One callback. ``id`` is the event's own: the same one may come several times.

    ``code`` and ``subcode`` are the service's numbers for how it went; ``status`` and ``detail``
    its words for how transcription stands. ``message`` may hold words of the call.
    """

    id: str
    kind: PhoneEventKind
    connection_id: str | None = None
    server_call_id: str | None = None
    correlation_id: str | None = None
    context: str | None = field(default=None, repr=False)
    code: int | None = None
    subcode: int | None = None
    status: str | None = None
    detail: str | None = None
    message: str | None = field(default=None, repr=False)
    participants: tuple[str, ...] = field(default=(), repr=False)
    sequence: int | None = None


def parse_callbacks(body: bytes) -> tuple[PhoneEvent, ...]:
    """Return the events of a callback's body, in their order.

    An event without id or type is left out. Raises Unreadable for a body that is none of events.
    """
    if len(body) > MOST_BODY_BYTES:
        raise Unreadable
    found = (_event(told) for told in read_objects(body)[:MOST_EVENTS])
    return tuple(event for event in found if event is not None)


def _event(told: Told) -> PhoneEvent | None:
    event_id, kind = told.text("id"), told.text("type", "eventType")
    if event_id is None or kind is None:
        return None
    content = told.child("data") or Told({})
    how = content.child("resultInformation") or Told({})
    update = content.child("transcriptionUpdate") or Told({})
    return PhoneEvent(
        id=event_id,
        kind=_kind(kind),
        connection_id=content.text("callConnectionId"),
        server_call_id=content.text("serverCallId"),
        correlation_id=content.text("correlationId"),
        context=content.text("operationContext"),
        code=how.whole("code"),
        subcode=how.whole("subCode"),
        status=update.text("transcriptionStatus"),
        detail=update.text("transcriptionStatusDetails"),
        message=update.text("transcriptionMessage") or content.text("summary", "callSummary"),
        participants=_participants(content),
        sequence=content.whole("sequenceNumber"),
    )


def _kind(name: str) -> PhoneEventKind:
    folded = name.casefold()
    if not folded.startswith(PREFIX):
        return PhoneEventKind.OTHER
    return _KINDS.get(folded.removeprefix(PREFIX), PhoneEventKind.OTHER)


def _participants(content: Told) -> tuple[str, ...]:
    """Return the raw identifiers of who takes part."""
    told = (one.child("identifier") for one in content.children("participants"))
    raw_ids = (identifier.text("rawId") for identifier in told if identifier)
    return tuple(raw_id for raw_id in raw_ids if raw_id)
