"""Where telephone services connect to send the sound of calls: who is let in, and what they get."""

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from services import telemetry
from services.domain.calls import ProcessingOptions
from services.domain.errors import CallerRefused, NotFound
from services.domain.people import User
from services.live.desk import LiveDesk
from services.telephony.streaming.audiohook_signature import HandshakeCheck
from services.telephony.streaming.audiohook_stream import AudioHookCall, BrokenOff
from services.telephony.streaming.call import StreamedCall
from services.telephony.streaming.over import Over
from services.telephony.streaming.twilio import is_signed
from services.telephony.streaming.twilio_stream import TwilioCall

TWILIO_PATH = "/twilio"
AUDIOHOOK_PATH = "/audiohook"
_WS = {"https": "wss", "http": "ws"}
_USUAL_PORT = {"wss": 443, "ws": 80}

OnOver = Callable[[Over], None]
Headers = Mapping[str, str]


class PhoneStreams:
    """Checks handshakes and makes streams, for one web process; safe across threads.

    A service whose secret isn't set isn't there: NotFound. ``headers`` have lower-case names.
    """

    def __init__(
        self,
        desk: LiveDesk,
        owner: User,
        options: Callable[[], ProcessingOptions],
        *,
        public_url: str | None,
        twilio_token: str | None,
        audiohook_secrets: Mapping[str, bytes],
    ) -> None:
        """Take whose calls they are and how they are transcribed.

        ``public_url`` is where services elsewhere reach this server, which signatures cover.
        ``audiohook_secrets`` are the client secrets of API keys.
        """
        self._desk = desk
        self._owner = owner
        self._options = options
        self._public = urlsplit(public_url.rstrip("/")) if public_url else None
        self._twilio_token = twilio_token
        self._handshakes = HandshakeCheck(audiohook_secrets) if audiohook_secrets else None
        self._broken_off = BrokenOff()

    @property
    def takes_twilio(self) -> bool:
        """Whether Twilio may connect."""
        return self._twilio_token is not None

    @property
    def takes_audiohook(self) -> bool:
        """Whether AudioHook may connect."""
        return self._handshakes is not None

    def check_twilio(self, headers: Headers) -> None:
        """Check a handshake's signature. Raises NotFound, CallerRefused."""
        if self._twilio_token is None:
            raise NotFound
        given = headers.get("x-twilio-signature")
        for address in self._addresses(TWILIO_PATH, headers):
            if is_signed(address, given, self._twilio_token):
                return
        telemetry.warning("twilio.caller_refused", signed=given is not None)
        raise CallerRefused

    def twilio(self, on_over: OnOver) -> TwilioCall:
        """Return a new stream, which tells ``on_over`` when no more sound is wanted."""
        return TwilioCall(self._call(on_over))

    def check_audiohook(self, headers: Headers, query: str = "") -> None:
        """Check a handshake's signature; it counts once. Raises NotFound, CallerRefused."""
        if self._handshakes is None:
            raise NotFound
        path, seen = AUDIOHOOK_PATH, dict(headers)
        if self._public is not None:
            # Something in front of this server may ask it under another name.
            path, seen["host"] = self._public.path + path, self._public.netloc
        self._handshakes.check(seen, f"{path}?{query}" if query else path)

    def audiohook(self, on_over: OnOver, headers: Headers) -> AudioHookCall:
        """Return a new session of the organisation that the handshake named, as ``twilio``."""
        organisation_id = headers.get("audiohook-organization-id")
        return AudioHookCall(self._call(on_over), self._broken_off, organisation_id=organisation_id)

    def _call(self, on_over: OnOver) -> StreamedCall:
        return StreamedCall(self._desk, self._owner, self._options, on_over=on_over)

    def _addresses(self, path: str, headers: Headers) -> list[str]:
        """Return how the service may have spelled the address that it connected to."""
        if self._public is not None:
            schemes, host = [_WS[self._public.scheme]], self._public.netloc
            path = self._public.path + path
        else:
            schemes, host = list(_USUAL_PORT), headers.get("host", "")
        plain = [f"{scheme}://{host}{path}" for scheme in schemes]
        if _names_port(host):
            return plain
        return [*plain, *(f"{s}://{host}:{_USUAL_PORT[s]}{path}" for s in schemes)]


def _names_port(host: str) -> bool:
    return ":" in host.rpartition("]")[2]
