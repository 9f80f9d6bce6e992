"""Sound of this machine as the sound of a live call: its microphone, or a recording."""

import threading
from collections.abc import Iterator
from contextlib import suppress

from services import telemetry
from services.domain.errors import InternalFault, LiveOver, PartylineError
from services.live.held import HeldCall
from services.live.pacing import play
from services.providers.live import LiveFormat


class LocalSound:
    """Plays chunks into a call in a thread of its own; the call ends with them."""

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
            play(
                self._chunks,
                held.take_next,
                sound=LiveFormat(channels=held.running.channels),
                speed=self._speed,
                is_stopped=lambda: held.is_over,
            )
        except LiveOver:
            pass
        except PartylineError as error:
            held.standing.warn(error, held.running.received_ms)
        except Exception as error:
            telemetry.fault("live.local_sound", error)
            held.standing.warn(InternalFault(), held.running.received_ms)
        finally:
            self._close()
            if not held.is_over:
                held.end()

    def _close(self) -> None:
        """Let go of what the chunks came from: a device, a file."""
        close = getattr(self._chunks, "close", None)
        if close is not None:
            with suppress(PartylineError):
                close()
