"""Whether work has ended with all its threads."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

ENDS_WITHIN_S = 10.0


@contextmanager
def no_thread_left() -> Iterator[None]:
    """Check that the threads that the block has started have ended.

    A thread that was told to end needs a moment for it, more on a busy machine.
    """
    before = set(threading.enumerate())
    yield
    until = time.monotonic() + ENDS_WITHIN_S
    while left := [t for t in threading.enumerate() if t not in before and t.is_alive()]:
        assert time.monotonic() < until, left
        time.sleep(0.01)
