"""Sound of this machine as the sound of a live call: its microphone, or a recording."""

import threading
from collections.abc import Iterator

from services import telemetry
from services.domain.errors import InternalFault, LiveOver, PartylineError
from services.live.held import HeldCall
from services.live.pacing import play
from services.live.unstored import TRY_FOR_S, UnstoredSound
from services.providers.live import LiveFormat


class LocalSound:
    """Plays chunks into a call in a thread of its own; the call ends with them.

    What the storage doesn't take is tried again for some minutes, as a browser does.
    """

    def __init__(self, held: HeldCall, chunks: Iterator[bytes], speed: float) -> None:
        """Take chunks of whole frames; ``speed`` counts from real time, 0 is as they come."""
        self._held = held
        self._chunks = chunks
        self._speed = speed
        self._thread = threading.Thread(target=self._work, name="live-sound", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    @property
    def is_playing(self) -> bool:
        """Whether there may be more of it."""
        return self._thread.is_alive()

    def wait(self, timeout_s: float = 5.0) -> None:
        """Wait until it has ended, as it does with the call."""
        if self._thread is not threading.current_thread():
            self._thread.join(timeout_s)

    def _work(self) -> None:
        held = self._held
        try:
            self._play()
        except LiveOver:
            pass
        except PartylineError as error:
            self._warn(error)
        except Exception as error:
            telemetry.fault("live.local_sound", error)
            self._warn(InternalFault())
        finally:
            self._close()
            if not held.is_over:
                held.end()

    def _play(self) -> None:
        """Play to the end, also what the storage takes later than it came."""
        held = self._held
        sound = LiveFormat(channels=held.running.channels)
        unstored = UnstoredSound(
            held.take_next,
            failing=self._warn,
            most_bytes=round(TRY_FOR_S * 1000) * sound.bytes_per_ms,
        )
        try:
            play(
                self._chunks,
                unstored.take,
                sound=sound,
                speed=self._speed,
                is_stopped=lambda: held.is_over,
            )
        finally:
            unstored.store_all()

    def _warn(self, error: PartylineError) -> None:
        self._held.standing.warn(error, self._held.running.received_ms)

    def _close(self) -> None:
        """Let go of what the chunks came from, a device or a file; the call ends all the same."""
        close = getattr(self._chunks, "close", None)
        if close is None:
            return
        try:
            close()
        except Exception as error:
            telemetry.fault("live.local_sound", error)
