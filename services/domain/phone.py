"""A phone call as a telephone service names it."""

from dataclasses import dataclass
from enum import StrEnum


class PhoneService(StrEnum):
    """Which telephone service a call comes from."""

    ACS = "acs"
    """Azure Communication Services: it sends words."""
    TWILIO = "twilio"
    """Twilio Media Streams: it sends sound."""
    AUDIOHOOK = "audiohook"
    """Genesys AudioHook: it sends sound."""


class PhoneWay(StrEnum):
    """How a phone call came to be listened to."""

    PLACED = "placed"
    """A number was called from here."""
    ANSWERED = "answered"
    """Somebody called, and was answered from here."""
    JOINED = "joined"
    """The call in a room was joined from here."""
    STREAMED = "streamed"
    """The telephone service sends the sound of a call that others hold."""


@dataclass(frozen=True, kw_only=True)
class PhoneFacts:
    """What the telephone service calls a call; none of it tells who takes part.

    ``connection_id`` is unique within the service, and empty while it was only asked for the call.
    ``correlation_id`` is what its logs and its support know the call by, ``server_call_id`` what
    its other interfaces do. ``wish`` is how the service is asked to transcribe it, as
    services.telephony.acs.calls.wish_form writes it; ``for_everyone`` says that it is to be ended
    for all who are in it.
    """

    service: PhoneService
    way: PhoneWay
    connection_id: str
    correlation_id: str | None = None
    server_call_id: str | None = None
    wish: str | None = None
    for_everyone: bool = False

    @property
    def is_known(self) -> bool:
        """Whether the service has said what it calls the call."""
        return bool(self.connection_id)

    def is_meant(self, *, connection_id: str | None, correlation_id: str | None) -> bool:
        """Say whether these ids, as far as they are told and known, are the call's."""
        pairs = ((connection_id, self.connection_id), (correlation_id, self.correlation_id))
        return all(a.casefold() == b.casefold() for a, b in pairs if a and b)

    @property
    def sends_words(self) -> bool:
        """Whether the service sends the words that it has heard, and no sound."""
        return self.service is PhoneService.ACS
