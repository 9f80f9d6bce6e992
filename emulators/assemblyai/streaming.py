"""AssemblyAI's streaming service, version 3, on loopback, which misbehaves when told to.

``AssemblyAIStreamingEmulator`` is a real WebSocket server in threads. Sessions take the plans in
the order in which they connect and go well when there is none left. What a session hears follows
from the length of the sound alone, unless ``locate`` reads its place in the call off the sound.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from threading import Lock
from urllib.parse import parse_qsl, urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from emulators.assemblyai.streaming_plans import SeenSession, SessionPlan
from emulators.assemblyai.streaming_script import HeardTurn, endless_call
from emulators.assemblyai.streaming_session import StreamingSession
from emulators.serving import WebSocketEmulator

PATH = "/v3/ws"
MOST_FRAME_BYTES = 1024 * 1024
HANDSHAKE_S = 5
# A client that is slow to answer a close would see a dropped connection instead of the code.
CLOSE_S = 5
# Words of calls don't belong into a log, and refusing clients is this server's everyday work.
_silent = logging.getLogger("emulators.assemblyai.streaming")
_silent.setLevel(logging.CRITICAL + 1)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where in a call a session's first sound lies, and which channel it is."""

    start_ms: int = 0
    channel: int | None = None


Hears = Callable[[SeenSession, Place], Iterable[HeardTurn]]
Locate = Callable[[bytes], Place]


def plausible_call(session: SeenSession, place: Place) -> Iterable[HeardTurn]:
    """Return the plausible call: both speakers, or one of them on a channel of its own.

    Sessions that tell no voices apart are channels. Without a sign of which they are what is
    missing: the first of a call is the agent, the second the customer, and so is one that replaces
    it.
    """
    if session.labels:
        return endless_call()
    channel = place.channel if place.channel is not None else session.channel
    return endless_call(only="AB"[channel])


def from_the_start(_first: bytes) -> Place:
    """Return the place of a sound that tells nothing about it."""
    return Place()


class AssemblyAIStreamingEmulator(WebSocketEmulator):
    """Serves from ``__enter__`` to ``__exit__``; ``host`` is what ASSEMBLYAI_STREAMING_HOST takes.

    ``key`` is the only one accepted, None accepts any. ``sessions`` are the accepted ones in the
    order of connecting, ``refused`` counts handshakes that were refused.
    """

    def __init__(
        self,
        *,
        key: str | None = None,
        port: int = 0,
        plans: Sequence[SessionPlan] = (),
        hears: Hears = plausible_call,
        locate: Locate = from_the_start,
    ) -> None:
        """Take a port; nothing is answered before ``__enter__``."""
        self.key = key
        self.sessions: list[SeenSession] = []
        self.refused = 0
        self._plans = list(plans)
        self._hears = hears
        self._locate = locate
        self._lock = Lock()
        self._accepted: dict[int, SessionPlan] = {}
        server = serve(
            self._serve,
            "127.0.0.1",
            port,
            process_request=self._admit,
            open_timeout=HANDSHAKE_S,
            close_timeout=CLOSE_S,
            max_size=MOST_FRAME_BYTES,
            compression=None,
            logger=_silent,
        )
        super().__init__(server)

    @property
    def audio_bytes(self) -> int:
        """How much sound arrived in all sessions."""
        return sum(session.audio_bytes for session in self.sessions)

    @property
    def messages(self) -> list[str]:
        """The kinds of messages that all sessions were sent, in the order of the sessions."""
        return [kind for session in self.sessions for kind in session.messages]

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        """Accept a handshake, or return the refusal."""
        if urlsplit(request.path).path != PATH:
            return self._refusal(connection, HTTPStatus.NOT_FOUND)
        given = request.headers.get("Authorization")
        if not given or self.key not in (None, given):
            return self._refusal(connection, HTTPStatus.UNAUTHORIZED)
        with self._lock:
            plan = self._plans.pop(0) if self._plans else SessionPlan()
        if plan.status is not None:
            return self._refusal(connection, HTTPStatus(plan.status))
        with self._lock:
            self._accepted[id(connection)] = plan
        return None

    def _refusal(self, connection: ServerConnection, status: HTTPStatus) -> Response:
        with self._lock:
            self.refused += 1
        return connection.respond(status, f"{status.phrase}\n")

    def _serve(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        query = urlsplit(connection.request.path).query
        parameters = dict(parse_qsl(query, keep_blank_values=True))
        with self._lock:
            plan = self._accepted.pop(id(connection))
            seen = SeenSession(number=len(self.sessions), parameters=parameters)
            seen.channel = self._missing_channel()
            self.sessions.append(seen)

        def hears(first: bytes) -> Iterable[HeardTurn]:
            place = self._locate(first)
            seen.start_ms = place.start_ms
            return self._hears(seen, place)

        try:
            StreamingSession(connection, seen, plan, hears, self.stopping).run()
        except ConnectionClosed:
            return
        finally:
            seen.is_over = True

    def _missing_channel(self) -> int:
        """Return the channel that fewer of the sessions going on are."""
        going_on = [s.channel for s in self.sessions if not s.is_over and not s.labels]
        return 1 if going_on.count(0) > going_on.count(1) else 0
