"""How often wrong tokens came from an address lately."""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable

MOST_WRONG = 20
WITHIN_S = 60.0
MOST_ADDRESSES = 10_000


class WrongAttempts:
    """Counts by address, in this process. Safe across threads."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with none; ``clock`` gives seconds."""
        self._clock = clock
        self._by_address: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def are_too_many(self, address: str) -> bool:
        """Count one more; say whether there were as many as may be before."""
        now = self._clock()
        with self._lock:
            times = self._by_address.setdefault(address, deque(maxlen=MOST_WRONG))
            self._by_address.move_to_end(address)
            while len(self._by_address) > MOST_ADDRESSES:
                self._by_address.popitem(last=False)
            while times and now - times[0] >= WITHIN_S:
                times.popleft()
            if len(times) >= MOST_WRONG:
                return True
            times.append(now)
        return False
