"""A stream of Twilio's as a live call."""

from functools import partial

from services.domain.calls import CallDetails, Consent, Direction
from services.domain.phone import PhoneFacts, PhoneService, PhoneWay
from services.domain.speech import SpeakerRole
from services.telephony.streaming.call import StreamedCall, StreamOrder, roles_of
from services.telephony.streaming.stream import PhoneStream
from services.telephony.streaming.twilio import (
    INBOUND,
    MOST_ID_CHARS,
    OUTBOUND,
    TwilioStart,
    TwilioStream,
)

MOST_DETAIL_CHARS = 200
CALLER_IS_CUSTOMER = {INBOUND: SpeakerRole.CUSTOMER, OUTBOUND: SpeakerRole.AGENT}
CALLER_IS_AGENT = {INBOUND: SpeakerRole.AGENT, OUTBOUND: SpeakerRole.CUSTOMER}


class TwilioCall(PhoneStream):
    """One connection of Twilio's. It has no way to come back: when it breaks, the call is over."""

    service = PhoneService.TWILIO

    def __init__(self, call: StreamedCall) -> None:
        """Wait for the start of the stream."""
        super().__init__(call)
        self._stream = TwilioStream()

    def _read(self, message: str | bytes) -> tuple[str, ...]:
        waits = self._stream.start is None
        pcm = self._stream.take(message)
        if waits and self._stream.start is not None:
            self._later(partial(self.call.begin, _order(self._stream.start)))
        self._sound(pcm)
        self.is_over = self._stream.is_over
        return ()

    def _rest(self) -> bytes:
        return self._stream.finish()

    def _counts(self) -> dict[str, int]:
        sound = self._stream.sound
        return {
            "malformed": self._stream.malformed,
            "late_frames": sound.late_frames if sound else 0,
            "missing_frames": sound.missing_frames if sound else 0,
        }


def _order(start: TwilioStart) -> StreamOrder:
    told = {name.casefold(): value for name, value in start.parameters.items()}
    agent_calls = told.get("inbound", "").casefold() == SpeakerRole.AGENT.value
    return StreamOrder(
        phone=PhoneFacts(
            service=PhoneService.TWILIO,
            way=PhoneWay.STREAMED,
            connection_id=start.stream_id,
            correlation_id=start.call_id[:MOST_ID_CHARS] if start.call_id else None,
        ),
        channel_roles=roles_of(
            start.tracks, CALLER_IS_AGENT if agent_calls else CALLER_IS_CUSTOMER
        ),
        details=_details(told),
    )


def _details(told: dict[str, str]) -> CallDetails:
    """Return what the parameters of the stream say about the call."""
    direction, consent = (told.get(name, "").casefold() for name in ("direction", "consent"))
    return CallDetails(
        agent_name=_text(told, "agent"),
        queue=_text(told, "queue"),
        customer_ref=_text(told, "customer"),
        direction=Direction(direction) if direction in set(Direction) else None,
        consent=Consent(consent) if consent in set(Consent) else None,
    )


def _text(told: dict[str, str], name: str) -> str | None:
    return told.get(name, "")[:MOST_DETAIL_CHARS].strip() or None
