"""How many jobs use this machine's own engine together, whichever queue they came from."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from services.domain.errors import Cancelled

ASK_EVERY_S = 0.25


class LocalSlots:
    """So many places at the engine of this process."""

    def __init__(self, at_once: int) -> None:
        """Have this many."""
        self._free = threading.BoundedSemaphore(at_once)

    @contextmanager
    def one(self, is_cancelled: Callable[[], bool]) -> Iterator[None]:
        """Wait for a place and hold it while the block runs.

        Raises Cancelled, or what ``is_cancelled`` raises, while it waits.
        """
        while not self._free.acquire(timeout=ASK_EVERY_S):
            if is_cancelled():
                raise Cancelled
        try:
            yield
        finally:
            self._free.release()
