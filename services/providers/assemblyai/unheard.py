"""Sound of one channel that the service may not have understood yet, kept to be sent again."""

from collections import deque
from threading import Lock

import numpy as np

from services.providers.live import LiveFormat

BYTES_PER_MS = LiveFormat().bytes_per_ms
# Root of the mean square of 16-bit samples; about -50 dBFS.
QUIET_RMS = 100.0


class UnheardSound:
    """What was sent and not yet understood, and what is still to be sent, in call time.

    Of what was sent at most ``most_ms`` are kept, so that a long turn can't fill the memory and is
    not sent again as a whole. What is still to be sent is never dropped. Safe to share between
    threads.
    """

    def __init__(self, most_ms: int) -> None:
        """Keep nothing yet; the call begins at 0."""
        self._most = most_ms * BYTES_PER_MS
        self._kept = bytearray()
        self._first = 0
        self._next = 0
        # Where taken pieces begin that are not quiet.
        self._loud: deque[int] = deque()
        self._lock = Lock()

    @property
    def passed_ms(self) -> int:
        """Up to where sound was taken."""
        return self._next // BYTES_PER_MS

    @property
    def end_ms(self) -> int:
        """Up to where there is sound."""
        with self._lock:
            return (self._first + len(self._kept)) // BYTES_PER_MS

    def add(self, pcm: bytes) -> None:
        """Take more sound in."""
        with self._lock:
            self._kept += pcm

    def take(self, least_ms: int, most_ms: int) -> bytes | None:
        """Return the next piece of sound, None while less than ``least_ms`` waits."""
        with self._lock:
            at = self._next - self._first
            piece = bytes(self._kept[at : at + most_ms * BYTES_PER_MS])
            if not piece or len(piece) < least_ms * BYTES_PER_MS:
                return None
            if _is_loud(piece):
                self._loud.append(self.passed_ms)
            self._next += len(piece)
            self._drop(self._next - self._first - self._most)
            return piece

    def quiet_until_ms(self, start_ms: int) -> int:
        """Return up to where the taken sound is quiet from ``start_ms`` on."""
        with self._lock:
            while self._loud and self._loud[0] < start_ms:
                self._loud.popleft()
            return self._loud[0] if self._loud else self.passed_ms

    def forget(self, before_ms: int) -> None:
        """Drop sound that was understood; what was not taken yet stays."""
        with self._lock:
            self._drop(min(before_ms * BYTES_PER_MS, self._next) - self._first)

    def rewind(self) -> int:
        """Go back to the first kept sound and return where that is, in whole milliseconds."""
        with self._lock:
            self._drop(-self._first % BYTES_PER_MS)
            self._next = self._first
            self._loud.clear()
            return self._first // BYTES_PER_MS

    def _drop(self, count: int) -> None:
        if count > 0:
            del self._kept[:count]
            self._first += count
            self._next = max(self._next, self._first)


def _is_loud(piece: bytes) -> bool:
    samples = np.frombuffer(piece, dtype="<i2", count=len(piece) // 2).astype(np.float32)
    return float(np.sqrt(np.mean(samples**2))) > QUIET_RMS
