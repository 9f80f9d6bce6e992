"""Which nonces have come already: what is signed with one counts once."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

MOST_IDS = 20_000


class SeenIds:
    """Remembers ids for a while, the last 20,000 of them. Safe across threads."""

    def __init__(
        self,
        *,
        kept_s: float,
        most: int = MOST_IDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Remember so many for so long."""
        self._most = most
        self._kept_s = kept_s
        self._clock = clock
        self._lock = threading.Lock()
        self._ids: OrderedDict[str, float] = OrderedDict()

    def is_new(self, one_id: str) -> bool:
        """Say whether an id comes for the first time, and remember it."""
        now = self._clock()
        with self._lock:
            while self._ids and now - next(iter(self._ids.values())) >= self._kept_s:
                self._ids.popitem(last=False)
            if one_id in self._ids:
                return False
            self._ids[one_id] = now
            if len(self._ids) > self._most:
                self._ids.popitem(last=False)
            return True
