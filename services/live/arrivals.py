"""The events of a session that wait to be told, in their order."""

import queue
from collections import deque

from services.domain.live import Final, LiveEvent, Partial

LATE_FROM = 16
"""With more events waiting than these, captions are behind, and outdated partials are left out."""


class Arrivals:
    """Takes events in any thread and gives them to one, the next that counts each time."""

    def __init__(self) -> None:
        """Begin with none."""
        self._arrived: queue.SimpleQueue[LiveEvent] = queue.SimpleQueue()
        self._waiting: deque[LiveEvent] = deque()

    def put(self, event: LiveEvent) -> None:
        """Take an event."""
        self._arrived.put(event)

    def next(self) -> LiveEvent:
        """Wait for the next event that counts.

        Where captions fall behind, a partial is passed over for the newer event of its line that
        has arrived already.
        """
        while True:
            if not self._waiting:
                self._waiting.append(self._arrived.get())
            while not self._arrived.empty():
                self._waiting.append(self._arrived.get())
            event = self._waiting.popleft()
            if len(self._waiting) <= LATE_FROM or not self._is_outdated(event):
                return event

    def _is_outdated(self, event: LiveEvent) -> bool:
        return isinstance(event, Partial) and any(
            isinstance(later, Partial | Final) and later.line.id == event.line.id
            for later in self._waiting
        )
