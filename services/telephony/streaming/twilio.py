"""Twilio Media Streams: both sides of a phone call as 8 kHz µ-law, in JSON over a WebSocket.

By Twilio's page on its WebSocket messages: ``connected``, ``start``, ``media`` and ``stop``; other
events are nothing for us. ``media.timestamp`` counts milliseconds from the start of the stream.
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass, field

from services.domain.errors import UnsupportedOption
from services.telephony.streaming.sound import LINE_FRAMES_PER_MS, LINE_RATE, LineSound, from_mulaw
from services.telephony.told import Told, Unreadable, read_object

INBOUND = "inbound"
OUTBOUND = "outbound"
ENCODING = "audio/x-mulaw"
MOST_MESSAGE_BYTES = 64 * 1024
# Timestamps are those of packets: what differs by less is jitter, not a gap.
JITTER_FRAMES = 40 * LINE_FRAMES_PER_MS
MOST_PARAMETERS = 50
MOST_ID_CHARS = 100


@dataclass(frozen=True, kw_only=True)
class TwilioStart:
    """What a stream says of itself. ``tracks`` become channels in this order."""

    stream_id: str
    call_id: str | None = None
    account_id: str | None = None
    tracks: tuple[str, ...] = (INBOUND,)
    parameters: dict[str, str] = field(default_factory=dict, repr=False)


class TwilioStream:
    """One stream; ``take`` is called with its messages in their order.

    Channel 0 is what the person at the other end says (``inbound``), channel 1 what they are told.
    """

    def __init__(self) -> None:
        """Wait for the start."""
        self.start: TwilioStart | None = None
        self.is_over = False
        self.malformed = 0
        self._sound: LineSound | None = None
        self._next: dict[str, int] = {}

    @property
    def sound(self) -> LineSound | None:
        """What puts the tracks together, None before the start."""
        return self._sound

    def take(self, sent: str | bytes) -> bytes:
        """Return the sound that is ready with this message, 16-bit PCM at 16 kHz, interleaved.

        What can't be read is counted and passed over. Raises UnsupportedOption for a stream in
        another encoding than Twilio documents.
        """
        if self.is_over:
            return b""
        try:
            if len(sent) > MOST_MESSAGE_BYTES:
                raise Unreadable
            return self._taken(read_object(sent))
        except Unreadable:
            self.malformed += 1
            return b""

    def finish(self) -> bytes:
        """Return the sound that is left: the stream is over, or its connection is gone."""
        if self.is_over:
            return b""
        self.is_over = True
        return self._sound.rest() if self._sound else b""

    def _taken(self, told: Told) -> bytes:
        match (told.text("event") or "").casefold():
            case "start":
                self._begin(told)
            case "media":
                return self._media(told)
            case "stop":
                return self.finish()
            case "":
                raise Unreadable
        return b""

    def _begin(self, told: Told) -> None:
        content = told.child("start")
        if content is None or self.start is not None:
            raise Unreadable
        stream_id = content.text("streamSid") or told.text("streamSid")
        if stream_id is None or len(stream_id) > MOST_ID_CHARS:
            raise Unreadable
        _check_format(content.child("mediaFormat") or Told({}))
        # Each spelling that has been seen: "inbound", and "inbound_track" as the request has it.
        named = [name.casefold().removesuffix("_track") for name in content.texts("tracks")]
        if "both" in named:
            named = [INBOUND, OUTBOUND]
        tracks = tuple(track for track in (INBOUND, OUTBOUND) if track in named) or (INBOUND,)
        self.start = TwilioStart(
            stream_id=stream_id,
            call_id=content.text("callSid"),
            account_id=content.text("accountSid"),
            tracks=tracks,
            parameters=_parameters(content.child("customParameters")),
        )
        self._sound = LineSound(len(tracks))

    def _media(self, told: Told) -> bytes:
        content = told.child("media")
        if content is None or self.start is None or self._sound is None:
            raise Unreadable
        track = (content.text("track") or INBOUND).casefold().removesuffix("_track")
        payload = content.text("payload")
        if track not in self.start.tracks or payload is None:
            raise Unreadable
        try:
            samples = from_mulaw(base64.b64decode(payload, validate=True))
        except (binascii.Error, ValueError):
            raise Unreadable from None
        at_frame = self._place(track, content.whole("timestamp"))
        self._next[track] = at_frame + len(samples)
        self._sound.put(self.start.tracks.index(track), at_frame, samples)
        return self._sound.ready()

    def _place(self, track: str, timestamp_ms: int | None) -> int:
        follows = self._next.get(track, 0)
        if timestamp_ms is None or timestamp_ms < 0:
            return follows
        told = timestamp_ms * LINE_FRAMES_PER_MS
        is_first = track not in self._next
        return told if is_first or abs(told - follows) > JITTER_FRAMES else follows


def is_signed(url: str, given: str | None, token: str) -> bool:
    """Say whether a handshake carries Twilio's signature of this address.

    HMAC-SHA1 with the account's token, as Twilio signs its webhooks (X-Twilio-Signature).
    """
    if not given or not token:
        return False
    digest = hmac.new(token.encode(), url.encode(), hashlib.sha1).digest()
    return hmac.compare_digest(base64.b64encode(digest), given.encode())


def _check_format(told: Told) -> None:
    encoding, rate = told.text("encoding"), told.whole("sampleRate")
    channels = told.whole("channels")
    if (encoding or ENCODING) != ENCODING or (rate or LINE_RATE) != LINE_RATE:
        raise UnsupportedOption("Sound of a phone line is taken as 8 kHz µ-law.")
    if (channels or 1) != 1:
        raise UnsupportedOption("Each track of a phone line is taken as one channel.")


def _parameters(told: Told | None) -> dict[str, str]:
    if told is None:
        return {}
    return dict(told.pairs()[:MOST_PARAMETERS])
