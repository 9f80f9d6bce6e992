"""The interface of a running live transcription; the base owns order, timing and logging."""

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

from services import telemetry
from services.audio.recording import SAMPLE_RATE
from services.domain.errors import InternalFault, LiveOver, NotLive, PartylineError
from services.domain.live import Ended, Gap, LiveEvent

BYTES_PER_SAMPLE = 2
LAST_WORDS_S = 5.0
# So long at most a session that an error has ended is waited for to let go of everything.
LETTING_GO_S = 10.0

LiveListener = Callable[[LiveEvent], None]


@dataclass(frozen=True, kw_only=True)
class LiveFormat:
    """Sound of a live call: 16-bit little-endian PCM at 16 kHz, channels interleaved.

    ``org_id`` is whose call it is, empty where it is nobody's.
    """

    channels: int = 1
    org_id: str = ""

    @property
    def bytes_per_ms(self) -> int:
        """Bytes of a millisecond of sound."""
        return SAMPLE_RATE // 1000 * BYTES_PER_SAMPLE * self.channels


class LiveSession(ABC):
    """One live call at one provider.

    ``send``, ``finish`` and ``abort`` are called by one thread. Events reach the listener one at a
    time, from threads of the provider; ``Ended`` is the last and comes exactly once.
    """

    def __init__(self, provider: str, sound: LiveFormat, listener: LiveListener) -> None:
        """Tell ``listener`` what happens; nothing is opened yet."""
        self._provider = provider
        self._sound = sound
        self._listener = listener
        self._telling = threading.Lock()
        self._over = threading.Event()
        self._closed = threading.Event()
        self._error: PartylineError | None = None
        self._sent_bytes = 0
        self._started = time.monotonic()

    @abstractmethod
    def _send_impl(self, pcm: bytes) -> None:
        """Pass whole frames on. Raise from the error tree."""

    @abstractmethod
    def _finish_impl(self, timeout_s: float) -> None:
        """Tell the service that no more sound comes, and wait for its last words so long."""

    @abstractmethod
    def _close_impl(self) -> None:
        """Let go of connections and threads, whatever state they are in. Must not raise."""

    def _speak_impl(self, language: str | None) -> None:
        """Hear what follows in another language, None: detect it. Raise from the error tree."""
        raise NotLive("It can't change the language while the call goes on.")

    def _gap_impl(self) -> Gap | None:
        """Return what has no words when an error ends the call, unless it was told before.

        Asked under the lock of ``tell``, so that nothing is told in between.
        """
        return None

    @property
    def sent_ms(self) -> int:
        """How much sound was sent, in milliseconds: the present of the call."""
        return self._sent_bytes // self._sound.bytes_per_ms

    def send(self, pcm: bytes) -> None:
        """Send whole frames of sound.

        Raises the error that ended the session, or LiveOver after ``finish`` and ``abort``.
        """
        if self._over.is_set():
            raise self._error or LiveOver
        self._sent_bytes += len(pcm)
        self._guarded(lambda: self._send_impl(pcm))

    def speak(self, language: str | None) -> None:
        """Hear what follows in another language, None: in the one that is detected.

        LanguageTold says from when on it does. What this raises doesn't end the session: NotLive
        when the provider can't, LiveOver after the end.
        """
        if self._over.is_set():
            raise self._error or LiveOver
        self._speak_impl(language)

    def finish(self, timeout_s: float = LAST_WORDS_S) -> None:
        """End the sound, wait for the last words (bounded), and close. Safe to call twice."""
        if self._over.is_set():
            self._closed.wait(LETTING_GO_S)
            return
        try:
            self._guarded(lambda: self._finish_impl(timeout_s))
        finally:
            self._end(None)
            self._closed.wait(LETTING_GO_S)

    def abort(self) -> None:
        """Close at once; words that are under way are lost. Safe to call always."""
        self._end(None)
        self._closed.wait(LETTING_GO_S)

    # --- for the providers --------------------------------------------------------------------

    def tell(self, event: LiveEvent) -> None:
        """Pass an event on, unless the session is over."""
        with self._telling:
            if not self._over.is_set():
                self._listener(event)

    def fail(self, error: PartylineError) -> None:
        """End the session because of an error; may be called from the provider's threads."""
        self._end(error)

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except PartylineError as error:
            self._end(error)
            raise self._error or error from None
        except Exception as error:
            if self._over.is_set():
                # Another thread has ended the session and let go of what was being used here.
                raise self._error or LiveOver from None
            telemetry.fault("provider.live", error, provider=self._provider)
            self._end(InternalFault())
            raise InternalFault from error

    def _end(self, error: PartylineError | None) -> None:
        with self._telling:
            if self._over.is_set():
                return
            self._error = error
            self._over.set()
            gap = self._gap_impl() if error else None
            if gap is not None:
                self._listener(gap)
            self._listener(
                Ended(
                    at_ms=self.sent_ms,
                    error_code=error.code if error else None,
                    error_message=error.user_message if error else None,
                )
            )
        telemetry.event(
            "provider.live_over",
            provider=self._provider,
            error=error.code if error else None,
            audio_ms=self.sent_ms,
            took_ms=round((time.monotonic() - self._started) * 1000),
        )
        try:
            self._close_impl()
        finally:
            self._closed.set()
