"""For how long nothing has come from somewhere."""

import threading


class QuietTime:
    """Adds up time in which nothing came. Safe across threads.

    It is counted in looks, not read from a clock: where the whole machine stood still, or slept,
    that is nobody's fault.
    """

    def __init__(self, look_every_s: float) -> None:
        """Begin with something that has just come; ``passed`` follows every so many seconds."""
        self._every_s = look_every_s
        self._lock = threading.Lock()
        self._looks = 0

    @property
    def seconds(self) -> float:
        """Return how long nothing has come."""
        return self._looks * self._every_s

    def passed(self) -> None:
        """Take that time has passed."""
        with self._lock:
            self._looks += 1

    def over(self) -> None:
        """Take that something has come."""
        with self._lock:
            self._looks = 0
