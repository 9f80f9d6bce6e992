"""Sound of this machine that the storage doesn't take at the moment."""

import time
from collections import deque
from collections.abc import Callable

from services.domain.errors import PartylineError

AGAIN_AFTER_S = 0.25
TRY_FOR_S = 150.0
"""So long storage may fail before the call ends; a browser keeps as much of its sound."""


class UnstoredSound:
    """Stores chunks in their order; those that could not be stored are tried again.

    Meanwhile a microphone goes on being listened to: what comes waits in memory. Used by one
    thread.
    """

    def __init__(
        self,
        store: Callable[[bytes], None],
        *,
        failing: Callable[[PartylineError], None],
        most_bytes: int,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        """Store by ``store``; ``failing`` takes the first error of each time that it fails.

        Of what comes while it does, ``most_bytes`` can wait; then ``take`` does.
        """
        self._store = store
        self._failing = failing
        self._most_bytes = most_bytes
        self._clock = clock
        self._sleep = sleep
        self._chunks: deque[bytes] = deque()
        self._bytes = 0
        self._failed_at: float | None = None
        self._again_at = clock()

    def take(self, chunk: bytes) -> None:
        """Store a chunk, now or later.

        Raises what ``store`` raises: what isn't worth trying again, or has lasted too long.
        """
        self._chunks.append(chunk)
        self._bytes += len(chunk)
        if self._bytes > self._most_bytes:
            self.store_all()
        elif self._clock() >= self._again_at:
            self._try()

    def store_all(self) -> None:
        """Wait until all is stored. Raises as ``take``."""
        while not self._try():
            self._sleep(AGAIN_AFTER_S)

    def _try(self) -> bool:
        while self._chunks:
            try:
                self._store(self._chunks[0])
            except PartylineError as error:
                self._failed(error)
                return False
            self._failed_at = None
            self._bytes -= len(self._chunks.popleft())
        return True

    def _failed(self, error: PartylineError) -> None:
        now = self._clock()
        if not error.retryable:
            raise error
        if self._failed_at is None:
            self._failed_at = now
            self._failing(error)
        elif now - self._failed_at >= TRY_FOR_S:
            raise error
        self._again_at = now + AGAIN_AFTER_S
