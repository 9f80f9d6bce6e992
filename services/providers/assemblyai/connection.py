"""One connection to the streaming service, over the SDK's client.

The SDK reports what goes wrong to handlers, never to the caller, and closes in silence where the
service ends a session in good order; its threads end with ``disconnect`` only.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from services import telemetry
from services.domain.errors import (
    ProviderBusy,
    ProviderError,
    ProviderRefusedKey,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
)
from services.providers.assemblyai.access import AssemblyAIAccess, key_of, streaming_host_of

if TYPE_CHECKING:
    from assemblyai.streaming.v3 import (
        SpeakerRevisionEvent,
        StreamingClient,
        StreamingClientOptions,
        TurnEvent,
    )

CONNECT_S = 5.0
BEGIN_S = 10.0
TERMINATE_S = 0.3
# Statuses of the handshake, codes of Error messages and codes with which the service closes.
REFUSED_KEY = frozenset({401, 403, 1008, 4001})
BUSY = frozenset({429, 3009, 4029, 4102})
REJECTED = frozenset(
    {400, 404, 422, 3006, 3007, 4000, 4002, 4003, 4032, 4033, 4034, 4100, 4101, 4104}
)


@dataclass(frozen=True, kw_only=True)
class Heard:
    """Where what the service says goes to; called one at a time, from the SDK's thread."""

    turn: Callable[["TurnEvent"], None]
    revision: Callable[["SpeakerRevisionEvent"], None]
    over: Callable[[], None]


def error_for(code: int | None) -> ProviderError:
    """Return what a code means; an unknown one counts as a fault that passes."""
    if code in REFUSED_KEY:
        return ProviderRefusedKey()
    if code in BUSY:
        return ProviderBusy()
    return ProviderRejected() if code in REJECTED else ProviderUnavailable()


class Connection:
    """One session of the service from its handshake to its end."""

    def __init__(self, access: AssemblyAIAccess, parameters: dict[str, Any], heard: Heard) -> None:
        """Make the client; nothing is connected. Raises ProviderNotConfigured."""
        from assemblyai.streaming.v3 import StreamingClientOptions, StreamingParameters

        self._heard = heard
        self._parameters = StreamingParameters(**parameters)
        # Trying again is decided above: the SDK's own attempts would come on top of each of ours.
        self._options = StreamingClientOptions(
            api_host=streaming_host_of(access),
            api_key=key_of(access),
            connect_timeout=CONNECT_S,
            max_connection_retries=0,
        )
        self._client = _client(self._options)
        self._begun = threading.Event()
        self._terminated = threading.Event()
        self._error: ProviderError | None = None
        self._register()

    @property
    def is_over(self) -> bool:
        """Whether nothing can be sent any more."""
        # The SDK tells nobody when a session was closed in good order, it only stops by itself; nor
        # when a message that is no message ends the thread that reads.
        client = self._client
        dead = self._begun.is_set() and not client._read_thread.is_alive()
        return self._error is not None or client._stop_event.is_set() or dead

    @property
    def error(self) -> ProviderError:
        """What ended it; a session that the service closed without a reason can be had anew."""
        return self._error or ProviderUnavailable()

    def open(self) -> None:
        """Connect and wait until the session begins. Raises a ProviderError; nothing stays open."""
        try:
            self._client.connect(self._parameters)
            self._wait_for_begin()
        except ProviderError:
            self.close()
            raise
        except Exception as error:
            telemetry.fault("assemblyai.connect", error)
            self.close()
            raise ProviderUnavailable from None

    def send(self, pcm: bytes) -> None:
        """Send a piece of sound of 50 to 1,000 ms."""
        self._client.stream(pcm)

    def keep_alive(self) -> None:
        """Tell the service that the call goes on though no sound comes."""
        self._client.keep_alive()  # type: ignore[no-untyped-call]

    def finish(self, timeout_s: float) -> bool:
        """End the turn that is going on and the session; return whether all words have come."""
        self._client.force_endpoint()  # type: ignore[no-untyped-call]
        self._disconnect(timeout_s)
        return self._terminated.is_set()

    def close(self) -> None:
        """Let go of the connection and its threads. The service is told, because time is money."""
        self._disconnect(TERMINATE_S)

    def _disconnect(self, timeout_s: float) -> None:
        self._options.terminate_timeout = max(0.0, timeout_s)
        try:
            self._client.disconnect(terminate=True)
        except Exception as error:
            telemetry.fault("assemblyai.disconnect", error)

    def _wait_for_begin(self) -> None:
        deadline = time.monotonic() + BEGIN_S
        while not self._begun.wait(0.01):
            if self.is_over:
                raise self.error
            if time.monotonic() > deadline:
                raise ProviderTimeout

    def _register(self) -> None:
        from assemblyai.streaming.v3 import StreamingEvents

        def begun(_client: object, _event: object) -> None:
            self._begun.set()

        def terminated(_client: object, _event: object) -> None:
            self._terminated.set()

        def failed(_client: object, error: Any) -> None:
            self._error = error_for(getattr(error, "code", None))
            self._heard.over()

        def warned(_client: object, event: Any) -> None:
            telemetry.warning("assemblyai.warning", code=event.warning_code)

        handlers: dict[StreamingEvents, Callable[[Any, Any], None]] = {
            StreamingEvents.Begin: begun,
            StreamingEvents.Turn: lambda _client, event: self._heard.turn(event),
            StreamingEvents.SpeakerRevision: lambda _client, event: self._heard.revision(event),
            StreamingEvents.Termination: terminated,
            StreamingEvents.Warning: warned,
            StreamingEvents.Error: failed,
        }
        for event, handler in handlers.items():
            self._client.on(event, handler)


def _client(options: "StreamingClientOptions") -> "StreamingClient":
    """Return the SDK's client; a message of a form it doesn't know costs that message only."""
    from assemblyai.streaming.v3 import StreamingClient

    # Both log what the service says, in its own words.
    telemetry.keep_texts_out("assemblyai", "websockets")

    class Client(StreamingClient):
        def __init__(self, options: "StreamingClientOptions") -> None:
            super().__init__(options)
            # A process that ends in the middle of a call would wait for these for ever.
            self._read_thread.daemon = self._write_thread.daemon = True

        @classmethod
        def _parse_message(cls, data: dict[str, Any]) -> Any:
            try:
                return super()._parse_message(data)
            except ValueError:
                # Its text repeats the message, and with it words of the call.
                telemetry.warning("assemblyai.unreadable")
                return None

    return Client(options)
