"""One session of the Speech SDK: sound goes in, what is heard comes out of a queue.

Everything below was measured with the SDK. Its callbacks run on native threads and only put values
into the queue; none refers to the session, for whatever refers to a recogniser keeps it alive, and
one that is let go of without having been stopped can take the process with it. The order of
``close`` is the one that is safe.
"""

import contextlib
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from services.domain.errors import PartylineError, ProviderTimeout, ProviderUnavailable
from services.domain.voices import VoiceSignature
from services.providers.azure_speech.access import AzureAccess
from services.providers.azure_speech.recognisers import (
    Wishes,
    config_of,
    push_stream,
    recogniser_of,
)
from services.providers.azure_speech.stream_errors import error_of_code

STARTING_S = 20.0


@dataclass(frozen=True, kw_only=True)
class Heard:
    """Something the service has understood; ``text`` is the answer's JSON, times are in ticks.

    ``is_final`` says that it stays so. ``speaker`` is Guest-N, Unknown, a participant or nothing.
    ``offset`` counts from the start of the session's sound, whatever connection it came by.
    """

    is_final: bool
    offset: int
    duration: int
    speaker: str
    text: str
    json: str


@dataclass(frozen=True, kw_only=True)
class Failed:
    """The session came to a bad end."""

    error: PartylineError


class Connected:
    """The service has taken the call; comes again after a reconnection."""


class Disconnected:
    """The connection is gone; what it means is told by what follows, if anything does."""


class Stopped:
    """The session has ended: nothing more comes."""


Event = Heard | Failed | Connected | Disconnected | Stopped


class SpeechSession:
    """A session from ``start`` to ``close``, which must be called in any case.

    ``write``, ``end_of_sound``, ``next`` and ``close`` may be called from different threads.
    """

    def __init__(
        self,
        access: AzureAccess,
        wishes: Wishes,
        *,
        channels: int = 1,
        participants: Sequence[VoiceSignature] = (),
    ) -> None:
        """Make the recogniser; nothing is connected. With participants it is a meeting.

        Raises ProviderNotConfigured, ProviderUnavailable.
        """
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._stopped = threading.Event()
        self._closing = threading.Lock()
        self._is_closed = False
        with _told_plainly():
            config = config_of(access, wishes)
            self._sound = push_stream(channels)
            self._recogniser, self._meeting = recogniser_of(
                config, self._sound, wishes, participants
            )
            self._connection = _connection(self._recogniser)
            self._signals = _listen(self._recogniser, self._connection, self._events, self._stopped)

    def start(self) -> None:
        """Begin to listen. Whether the service agrees is told by the events."""
        with _told_plainly():
            self._recogniser.start_transcribing_async().get()

    def write(self, pcm: bytes) -> None:
        """Send sound: 16-bit little-endian PCM at 16 kHz, channels interleaved."""
        with _told_plainly():
            self._sound.write(pcm)

    def end_of_sound(self) -> None:
        """Say that no more sound comes; the last words follow, then Stopped."""
        with _told_plainly():
            self._sound.close()

    def next(self, timeout_s: float) -> Event | None:
        """Return what is heard next, None when nothing comes so long."""
        try:
            return self._events.get(timeout=timeout_s) if timeout_s > 0 else self._events.get(False)
        except queue.Empty:
            return None

    def close(self) -> None:
        """Stop and let go of everything. Safe to call twice; doesn't raise."""
        with self._closing:
            if self._is_closed:
                return
            self._is_closed = True
            with contextlib.suppress(RuntimeError):
                self._sound.close()
            with contextlib.suppress(RuntimeError):
                self._recogniser.stop_transcribing_async().get()
            self._stopped.wait(1)
            for signal in self._signals:
                signal.disconnect_all()
            del self._signals, self._connection, self._recogniser, self._meeting, self._sound


@contextlib.contextmanager
def _told_plainly() -> Any:
    """Turn the SDK's own exceptions, which hold addresses and traces, into ours."""
    try:
        yield
    except RuntimeError:
        raise ProviderUnavailable from None


def _connection(recogniser: Any) -> Any:
    import azure.cognitiveservices.speech as sdk

    return sdk.Connection.from_recognizer(recogniser)


def _listen(
    recogniser: Any,
    connection: Any,
    events: "queue.SimpleQueue[Event]",
    stopped: threading.Event,
) -> tuple[Any, ...]:
    """Have everything that happens put into the queue; return the signals to let go of."""

    def heard(*, is_final: bool) -> Callable[[Any], None]:
        def put(told: Any) -> None:
            events.put(_heard(told.result, is_final=is_final))

        return put

    def canceled(told: Any) -> None:
        details = told.cancellation_details
        if details.reason.name == "Error":
            events.put(Failed(error=error_of_code(details.code.name)))

    def connected(_told: Any) -> None:
        events.put(Connected())

    def disconnected(_told: Any) -> None:
        events.put(Disconnected())

    def session_stopped(_told: Any) -> None:
        stopped.set()
        events.put(Stopped())

    listeners: tuple[tuple[Any, Callable[[Any], None]], ...] = (
        (recogniser.transcribing, heard(is_final=False)),
        (recogniser.transcribed, heard(is_final=True)),
        (recogniser.canceled, canceled),
        (recogniser.session_stopped, session_stopped),
        (connection.connected, connected),
        (connection.disconnected, disconnected),
    )
    for signal, listener in listeners:
        signal.connect(listener)
    return tuple(signal for signal, _ in listeners)


def _heard(told: Any, *, is_final: bool) -> Heard:
    """Return the plain values of what the SDK tells; its own objects end with the callback."""
    return Heard(
        is_final=is_final,
        offset=int(told.offset),
        duration=int(told.duration),
        speaker=getattr(told, "speaker_id", None) or getattr(told, "user_id", None) or "",
        text=told.text,
        json=told.json,
    )


def wait_connected(session: SpeechSession) -> None:
    """Wait until the service has taken the call. Raises why it hasn't, from the error tree."""
    while not isinstance(told := session.next(STARTING_S), Connected):
        if told is None:
            raise ProviderTimeout
        if isinstance(told, Failed):
            raise told.error
        if isinstance(told, Stopped):
            raise ProviderUnavailable


def check_stream(access: AzureAccess, wishes: Wishes) -> None:
    """Connect and hang up. Raises from the error tree."""
    session = SpeechSession(access, wishes)
    try:
        session.start()
        wait_connected(session)
    finally:
        session.close()
