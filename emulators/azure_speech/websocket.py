"""The WebSocket side of Azure Speech on loopback, for the real Speech SDK as its client.

``AzureSpeechEmulator`` is a real server in threads. Each connection takes the next behaviour of
its script, the last one again and again.
"""

import contextlib
import http
import socket
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from emulators.azure_speech.websocket_frames import BrokenFrame, Frame, build, parse
from emulators.azure_speech.websocket_script import TICKS_PER_MS, Behaviour, Ending, Line
from emulators.azure_speech.websocket_turn import Turn
from emulators.serving import WebSocketEmulator

CONVERSATION_PATH = "/speech/universal/v2"
PLAIN_PATH = "/speech/recognition/conversation/cognitiveservices/v1"
MEETING_PATH = "/speech/recognition/multiaudio"
PATHS = (CONVERSATION_PATH, f"/stt{CONVERSATION_PATH}", PLAIN_PATH, MEETING_PATH)
GOOD = Behaviour()


@dataclass(kw_only=True)
class SeenConnection:
    """One connection as it went: where, with what, and how much sound came."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    contexts: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    pcm_bytes: int = 0
    ended: bool = False


class AzureSpeechEmulator(WebSocketEmulator):
    """Serves from ``__enter__`` to ``__exit__``; ``host`` is what AZURE_SPEECH_HOST takes."""

    def __init__(
        self,
        *script: Behaviour,
        lines: Sequence[Line] | None = None,
        sound: bytes | None = None,
        key: str | None = None,
        token: str | None = None,
        port: int = 0,
        even_in_silence: bool = False,
    ) -> None:
        """Follow this script. ``key`` and ``token`` are the only ones accepted (None: any).

        ``lines`` are what is said (None: a shipped dialogue), at places of ``sound`` if it is
        given: 16-bit PCM with the client's number of channels. They are told ``even_in_silence``
        for clients that send no more than that.
        """
        self._script = list(script) or [GOOD]
        self.lines = lines
        self.sound = sound
        self.even_in_silence = even_in_silence
        self.key = key
        self.token = token
        self.connections: list[SeenConnection] = []
        self._lock = Lock()
        # An abandoned handshake must not hold up the end; pings would disturb the client.
        server = serve(
            self._serve_connection,
            "127.0.0.1",
            port,
            process_request=self._check_handshake,
            compression=None,
            ping_interval=None,
            close_timeout=1,
            open_timeout=5,
            max_size=None,
        )
        super().__init__(server)

    @property
    def pcm_bytes(self) -> int:
        """Bytes of sound that came by all connections."""
        return sum(one.pcm_bytes for one in self.connections)

    def behave(self, *script: Behaviour) -> None:
        """Follow another script from the next connection on, and forget earlier connections."""
        with self._lock:
            self._script = list(script) or [GOOD]
            self.connections = []

    # --- one connection -----------------------------------------------------------------------

    def _check_handshake(self, connection: ServerConnection, request: Request) -> Response | None:
        address = urlsplit(request.path)
        seen = SeenConnection(
            path=address.path,
            query={name: values[-1] for name, values in parse_qs(address.query).items()},
            headers={name.lower(): value for name, value in request.headers.raw_items()},
        )
        with self._lock:
            self.connections.append(seen)
            behaviour = self._script.pop(0) if len(self._script) > 1 else self._script[0]
        connection.seen = seen  # type: ignore[attr-defined]
        connection.behaviour = behaviour  # type: ignore[attr-defined]
        status = behaviour.refuse_with or self._objection(seen)
        if status is None:
            return None
        return connection.respond(http.HTTPStatus(status), "")

    def _objection(self, seen: SeenConnection) -> int | None:
        """Return the HTTP status by which the real service would refuse, None for a welcome."""
        if seen.path not in PATHS:
            return 404
        key = seen.headers.get("ocp-apim-subscription-key")
        kind, _, token = seen.headers.get("authorization", "").partition(" ")
        if key:
            return 401 if self.key not in (None, key) else None
        if kind.lower() == "bearer" and token:
            return 401 if self.token not in (None, token) else None
        return 401

    def _serve_connection(self, connection: ServerConnection) -> None:
        service = _Service(self, connection)
        with contextlib.suppress(ConnectionClosed, OSError):
            try:
                for message in connection:
                    if not service.take(parse(message)):
                        break
            except BrokenFrame:
                connection.close(1007, "")


class _Service:
    """What the service does on one connection."""

    def __init__(self, emulator: AzureSpeechEmulator, connection: ServerConnection) -> None:
        self._emulator = emulator
        self._connection = connection
        self._seen: SeenConnection = connection.seen  # type: ignore[attr-defined]
        self._behaviour: Behaviour = connection.behaviour  # type: ignore[attr-defined]
        self._is_configured = False
        self._request_id: str | None = None
        self._turn: Turn | None = None
        self._earlier_ms = 0

    def take(self, frame: Frame) -> bool:
        """Act on a message; return whether to go on. Raises BrokenFrame for one out of order."""
        match frame.path:
            case "speech.config":
                self._is_configured = True
            case "speech.context":
                self._take_context(frame)
            case "speech.event":
                self._seen.events.append(frame.json())
            case "audio":
                return self._take_sound(frame)
        return True

    def _take_context(self, frame: Frame) -> None:
        if not self._is_configured or not frame.request_id:
            raise BrokenFrame
        self._seen.contexts.append(frame.json())
        self._request_id = frame.request_id

    def _take_sound(self, frame: Frame) -> bool:
        if self._request_id is None or frame.request_id != self._request_id:
            raise BrokenFrame
        if self._is_meeting and not self._has_meeting_begun:
            raise BrokenFrame
        if self._turn is None:
            self._turn = self._begin_turn()
        if not frame.body:
            return self._end_turn(self._turn)
        before = self._turn.pcm_bytes
        self._turn.hear(frame.body)
        self._seen.pcm_bytes += self._turn.pcm_bytes - before
        return self._go_on(self._turn)

    def _begin_turn(self) -> Turn:
        self._tell("turn.start", {"context": {"serviceTag": "emulated"}})
        return Turn(
            self._emulator.lines,
            self._tell,
            self._emulator.stopping.wait,
            sound=self._emulator.sound,
            base_ms=_place_of(self._seen.contexts[-1]),
            even_in_silence=self._emulator.even_in_silence,
        )

    @property
    def _is_meeting(self) -> bool:
        return self._seen.path == MEETING_PATH

    @property
    def _has_meeting_begun(self) -> bool:
        return any(
            one.get("id") == "meeting" and one.get("name") == "start" for one in self._seen.events
        )

    def _end_turn(self, turn: Turn) -> bool:
        turn.end()
        self._earlier_ms += turn.heard_ms
        self._turn = None
        self._seen.ended = True
        if self._behaviour.ending is Ending.NO_TURN_END:
            self._emulator.stopping.wait()
            return False
        self._tell("turn.end", None)
        return True

    def _go_on(self, turn: Turn) -> bool:
        """Misbehave where the script says so."""
        behaviour = self._behaviour
        if behaviour.ending in (None, Ending.NO_TURN_END):
            return True
        if self._earlier_ms + turn.heard_ms < behaviour.at_ms:
            return True
        if behaviour.ending is Ending.CLOSE:
            self._connection.close(behaviour.code, "")
        elif behaviour.ending is Ending.DROP:
            self._reset()
        elif behaviour.ending is Ending.PHRASE:
            told = {"RecognitionStatus": behaviour.status, "Offset": 0, "Duration": 0}
            self._tell("speech.phrase", told)
            self._emulator.stopping.wait(0.3)
        else:
            self._emulator.stopping.wait()
        return False

    def _reset(self) -> None:
        """Break the TCP connection as a dying network does."""
        at_once = struct.pack("ii", 1, 0)
        sock = self._connection.socket
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
        sock.shutdown(socket.SHUT_RDWR)
        sock.close()

    def _tell(self, path: str, body: dict[str, Any] | None) -> None:
        if self._request_id is not None:
            self._connection.send(build(path, self._request_id, body))


def _place_of(context: Mapping[str, Any]) -> int:
    """Return where in the session's sound a turn begins, as its context says after the first."""
    streams = context.get("continuation", {}).get("audio", {}).get("streams", {})
    offsets = [int(one["offset"]) for one in streams.values() if one and "offset" in one]
    return offsets[0] // TICKS_PER_MS if offsets else 0
