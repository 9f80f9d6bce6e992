"""Event Grid's deliveries: that it may send us events, and that somebody calls."""

import hmac
import re
from dataclasses import dataclass, field

from services.telephony.acs.wire.events import MOST_BODY_BYTES, MOST_EVENTS
from services.telephony.told import Told, Unreadable, read_objects

VALIDATION = "microsoft.eventgrid.subscriptionvalidationevent"
INCOMING = "microsoft.communication.incomingcall"
RECORDED = "microsoft.communication.recordingfilestatusupdated"
MOST_CODE_CHARS = 512
SHORTEST_SECRET_CHARS = 16
_SERVER_CALL = re.compile(r"serverCallId/([^/]+)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class IncomingCall:
    """Somebody calls. ``context`` is what the call is answered with, and a secret till then.

    ``caller`` and ``called`` are raw identifiers.
    """

    id: str
    context: str = field(repr=False)
    caller: str | None = field(default=None, repr=False)
    called: str | None = field(default=None, repr=False)
    caller_name: str | None = field(default=None, repr=False)
    correlation_id: str | None = None
    server_call_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class ReadyRecording:
    """A recording can be fetched: the addresses of its parts, in their order."""

    id: str
    server_call_id: str
    locations: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """What one delivery of Event Grid holds."""

    validation_code: str | None = field(default=None, repr=False)
    calls: tuple[IncomingCall, ...] = ()
    recordings: tuple[ReadyRecording, ...] = ()

    @property
    def answer(self) -> dict[str, str]:
        """What the delivery is answered with: the code that asks whether we want the events."""
        return {"validationResponse": self.validation_code} if self.validation_code else {}


def parse_delivery(body: bytes) -> Delivery:
    """Return what a delivery holds, in Event Grid's own schema or as CloudEvents.

    Other events and calls without a context are left out. Raises Unreadable for what is none.
    """
    if len(body) > MOST_BODY_BYTES:
        raise Unreadable
    code, calls, recordings = None, [], []
    for told in read_objects(body)[:MOST_EVENTS]:
        kind = (told.text("eventType", "type") or "").casefold()
        content = told.child("data") or Told({})
        if kind == VALIDATION:
            code = code or content.text("validationCode")
        elif kind == INCOMING:
            call = _call(told, content)
            calls += [call] if call else []
        elif kind == RECORDED:
            ready = _recording(told, content)
            recordings += [ready] if ready else []
    if code is not None and len(code) > MOST_CODE_CHARS:
        raise Unreadable
    return Delivery(validation_code=code, calls=tuple(calls), recordings=tuple(recordings))


def allowed_rate(headers: dict[str, str]) -> dict[str, str] | None:
    """Return the headers that accept events by CloudEvents' own handshake, an OPTIONS request.

    ``headers`` have lower-case names. None when this is no such request.
    """
    origin = headers.get("webhook-request-origin")
    if not origin:
        return None
    return {"WebHook-Allowed-Origin": origin, "WebHook-Allowed-Rate": "*"}


def is_secret(given: str | None, expected: str) -> bool:
    """Say whether the secret of a subscription's address was given; a short one opens nothing."""
    if not given or len(expected) < SHORTEST_SECRET_CHARS:
        return False
    return hmac.compare_digest(given.encode(), expected.encode())


def _call(told: Told, content: Told) -> IncomingCall | None:
    event_id, context = told.text("id"), content.text("incomingCallContext")
    if event_id is None or context is None:
        return None
    return IncomingCall(
        id=event_id,
        context=context,
        caller=_raw_id(content, "from"),
        called=_raw_id(content, "to"),
        caller_name=content.text("callerDisplayName"),
        correlation_id=content.text("correlationId"),
        server_call_id=content.text("serverCallId"),
    )


def _recording(told: Told, content: Told) -> ReadyRecording | None:
    """Return a recording of which the event says whose it is and where it lies."""
    event_id, subject = told.text("id"), told.text("subject") or ""
    found = _SERVER_CALL.search(subject)
    server_call_id = found[1] if found else content.text("serverCallId")
    stored = content.child("recordingStorageInfo") or Told({})
    parts = sorted(
        (part.whole("index") or 0, location)
        for part in stored.children("recordingChunks")
        if (location := part.text("contentLocation"))
    )
    if event_id is None or server_call_id is None or not parts:
        return None
    locations = tuple(location for _, location in parts)
    return ReadyRecording(id=event_id, server_call_id=server_call_id, locations=locations)


def _raw_id(content: Told, name: str) -> str | None:
    identifier = content.child(name)
    return identifier.text("rawId") if identifier else None
