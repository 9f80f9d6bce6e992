"""Which events have come already: the service may deliver one several times."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

MOST_IDS = 20_000
KEPT_S = 24 * 3_600.0


class SeenIds:
    """Remembers ids for a day, the last 20,000 of them. Safe across threads.

    Event Grid tries again for up to a day; of Call Automation's callbacks it isn't known.
    """

    def __init__(
        self,
        *,
        most: int = MOST_IDS,
        kept_s: float = KEPT_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Remember so many for so long."""
        self._most = most
        self._kept_s = kept_s
        self._clock = clock
        self._lock = threading.Lock()
        self._ids: OrderedDict[str, float] = OrderedDict()

    def is_new(self, event_id: str) -> bool:
        """Say whether an id comes for the first time, and remember it."""
        now = self._clock()
        with self._lock:
            while self._ids and now - next(iter(self._ids.values())) >= self._kept_s:
                self._ids.popitem(last=False)
            if event_id in self._ids:
                return False
            self._ids[event_id] = now
            if len(self._ids) > self._most:
                self._ids.popitem(last=False)
            return True

    def forget(self, event_id: str) -> None:
        """Take that what the event asks for could not be done, so that it may come again."""
        with self._lock:
            self._ids.pop(event_id, None)
