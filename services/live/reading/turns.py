"""Whose turn it is among calls that share one interpreter: lines come before what is found in them.

Redacting a line takes about as much processor time as all that is read from it. With many calls at
once a line would wait for other calls' sentiments and figures, though nobody misses those for a
moment.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

GIVES_WAY_S = 0.03
"""So long at most reading waits for lines, so that it comes to its turn under any load."""


class Turns:
    """Shared by the calls of a process. Safe across threads."""

    def __init__(self) -> None:
        """Nobody is at work."""
        self._changed = threading.Condition()
        self._reading = threading.Lock()
        self._lines = 0

    @contextmanager
    def line(self) -> Iterator[None]:
        """Have a line told: this waits for nobody."""
        with self._changed:
            self._lines += 1
        try:
            yield
        finally:
            with self._changed:
                self._lines -= 1
                if not self._lines:
                    self._changed.notify_all()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Read something: one call at a time, when no line is being told."""
        with self._reading:
            with self._changed:
                self._changed.wait_for(lambda: not self._lines, GIVES_WAY_S)
            yield
