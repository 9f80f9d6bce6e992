"""Whether the service still listens to a live call: sound goes out, and what comes back?"""

import time
from collections.abc import Callable
from threading import Lock

import numpy as np

from services.domain.errors import ProviderTimeout, ProviderUnavailable
from services.providers.azure_speech.session import Connected, Disconnected, Event
from services.providers.live import LiveFormat

# Root of the mean square of 16-bit samples, about -40 dBFS: a call on hold is quieter, speech is
# not. Music isn't either, but a service that listens answers it with empty lines.
SPEECH_RMS = 300.0


class Watch:
    """Knows what was sent since anything came. Safe to share between threads."""

    def __init__(
        self,
        sound: LiveFormat,
        *,
        silent_s: float,
        lost_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Wait ``silent_s`` for an answer to sound, ``lost_s`` for a connection made anew."""
        self._bytes_per_s = sound.bytes_per_ms * 1000
        self._silent_s = silent_s
        self._lost_s = lost_s
        self._clock = clock
        self._lock = Lock()
        self._loud_s = 0.0
        self._loud_since: float | None = None
        self._is_lost = False
        self._lost_since: float | None = None

    def sent(self, pcm: bytes) -> None:
        """Note sound that goes out."""
        is_loud = _rms(pcm) > SPEECH_RMS
        with self._lock:
            now = self._clock()
            if is_loud:
                self._loud_s += len(pcm) / self._bytes_per_s
                self._loud_since = now if self._loud_since is None else self._loud_since
            # Without sound nobody needs a connection.
            if self._is_lost and self._lost_since is None:
                self._lost_since = now

    def came(self, event: Event) -> None:
        """Note anything that comes, an empty line too: somebody is there."""
        with self._lock:
            self._loud_s, self._loud_since = 0.0, None
            # A line that was on its way may come after the news that the connection is gone.
            if isinstance(event, Connected | Disconnected):
                self._is_lost, self._lost_since = isinstance(event, Disconnected), None

    def ended(self) -> None:
        """Raise ProviderUnavailable when the session has ended without its connection.

        The SDK then says that all is well now and then, though its last sound was never sent.
        """
        with self._lock:
            if self._is_lost:
                raise ProviderUnavailable

    def check(self) -> None:
        """Raise ProviderTimeout or ProviderUnavailable when nobody listens any more."""
        with self._lock:
            now = self._clock()
            if self._lost_since is not None and now - self._lost_since > self._lost_s:
                raise ProviderUnavailable
            if self._loud_since is None or self._loud_s < self._silent_s:
                return
            if now - self._loud_since > self._silent_s:
                raise ProviderTimeout


def _rms(pcm: bytes) -> float:
    if len(pcm) < 2:
        return 0.0
    samples = np.frombuffer(pcm, dtype="<i2", count=len(pcm) // 2).astype(np.float32)
    return float(np.sqrt(np.mean(samples**2)))
