"""Twilio Media Streams: dials a server and sends it both sides of a call, as Twilio does.

Messages, their order and fields are those of Twilio's page on its WebSocket messages.
"""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from threading import Event
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.sync.client import ClientConnection

from emulators.phone_lines import (
    Dropped,
    LineSounds,
    Pace,
    SeenStream,
    StreamPlan,
    check_local,
    cut,
    dial,
    garbage,
)

INBOUND, OUTBOUND = "inbound", "outbound"


def signature(address: str, token: str) -> str:
    """Return X-Twilio-Signature of an address: HMAC-SHA1 with the account's token."""
    digest = hmac.new(token.encode(), address.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


class EmulatedTwilio:
    """One account that streams calls to an address of this machine."""

    def __init__(
        self, token: str, *, signed_address: str | None = None, plan: StreamPlan | None = None
    ) -> None:
        """Take the account's token.

        ``signed_address`` is the address as Twilio was told it, where something in front of the
        server makes another of it.
        """
        self._token = token
        self._signed_address = signed_address
        self._plan = plan or StreamPlan()
        self.account_id = f"AC{secrets.token_hex(16)}"
        self.stopping = Event()

    def stream(
        self, address: str, sounds: LineSounds, parameters: Mapping[str, str] | None = None
    ) -> SeenStream:
        """Stream a call and return what became of it. Raises ValueError for another machine."""
        check_local(address)
        seen = SeenStream(stream_id=f"MZ{secrets.token_hex(16)}")
        token = self._token if self._plan.is_signed else f"not {self._token}"
        headers = {"X-Twilio-Signature": signature(self._signed_address or address, token)}
        try:
            connection = dial(address, headers)
        except InvalidStatus as refused:
            seen.status = refused.response.status_code
            return seen
        except (InvalidHandshake, OSError, TimeoutError):
            seen.is_lost = True
            return seen
        with connection:
            try:
                _Sending(connection, seen, self._plan).all(
                    sounds, self._start(seen, sounds, parameters or {}), self.stopping
                )
            except (ConnectionClosed, OSError, Dropped):
                seen.is_lost = True
        seen.close_code = connection.close_code
        return seen

    def _start(
        self, seen: SeenStream, sounds: LineSounds, parameters: Mapping[str, str]
    ) -> dict[str, Any]:
        return {
            "streamSid": seen.stream_id,
            "accountSid": self.account_id,
            "callSid": f"CA{secrets.token_hex(16)}",
            "tracks": [INBOUND] if sounds.agent is None else [INBOUND, OUTBOUND],
            "customParameters": dict(parameters),
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        }


class _Sending:
    """Sends the messages of one stream."""

    def __init__(self, connection: ClientConnection, seen: SeenStream, plan: StreamPlan) -> None:
        self._connection = connection
        self._seen = seen
        self._plan = plan
        self._chunk = 0

    def all(self, sounds: LineSounds, start: dict[str, Any], stopping: Event) -> None:
        told = {"event": "connected", "protocol": "Call", "version": "1.0.0"}
        self._connection.send(json.dumps(told))
        self._send("start", start=start)
        pace = Pace(self._plan.speed, stopping)
        for at_ms, customer, agent in sounds.chunks(self._plan.step_ms):
            end_ms = at_ms + len(customer) // 8
            if not pace.until(end_ms):
                break
            self._chunk += 1
            self._disturb()
            self._media(INBOUND, at_ms, customer)
            if agent is not None:
                self._media(OUTBOUND, at_ms, agent)
            self._seen.sent_ms = end_ms
            if self._plan.drop_after_ms is not None and end_ms >= self._plan.drop_after_ms:
                cut(self._connection)
                raise Dropped
        ids = {"accountSid": start["accountSid"], "callSid": start["callSid"]}
        self._send("stop", stop=ids)

    def _media(self, track: str, at_ms: int, sound: bytes) -> None:
        payload = base64.b64encode(sound).decode()
        told = {"track": track, "chunk": str(self._chunk), "timestamp": str(at_ms)}
        self._send("media", media={**told, "payload": payload})

    def _disturb(self) -> None:
        every = self._plan.garbage_every
        if every and self._chunk % every == 0:
            for sent in garbage(self._chunk):
                self._connection.send(sent)

    def _send(self, event: str, **content: Any) -> None:
        self._seen.messages += 1
        ids = {"sequenceNumber": str(self._seen.messages), "streamSid": self._seen.stream_id}
        self._connection.send(json.dumps({"event": event, **ids, **content}))
