"""The end of a live call's way to the recogniser, which is told once and in time."""

import threading
from collections.abc import Callable

from services.domain.live import Ended

MERCY_S = 2.0
"""So much longer one waits for the piece of sound that is just being taken, or for an answer."""


class Ending:
    """Tells ``then`` how a call has ended, by whoever knows it first. Safe across threads."""

    def __init__(self, then: Callable[[Ended], None]) -> None:
        """Nothing has ended yet."""
        self._then = then
        self._lock = threading.Lock()
        self._drained = threading.Event()
        self._thread: threading.Thread | None = None
        self._over = False

    @property
    def is_over(self) -> bool:
        """Whether it was told."""
        return self._over

    def begin(
        self, within_s: float, give_up: Callable[[], None], rest: Callable[[], Ended]
    ) -> None:
        """See to it that nobody waits for a recogniser that stands still.

        When ``is_drained`` isn't called within so long, ``give_up`` is called to free the thread
        that gives sound. When that doesn't help it waits for what nobody can call back, a session
        that is being opened: then ``rest`` tells what is missing, and how the call has ended.
        """

        def hurry() -> None:
            if self._drained.wait(within_s + MERCY_S):
                return
            give_up()
            if not self._drained.wait(MERCY_S):
                self.conclude(rest)

        self._thread = threading.Thread(target=hurry, name="live-last", daemon=True)
        self._thread.start()

    def is_drained(self) -> bool:
        """Take that no more sound is given; return whether last words are still waited for."""
        with self._lock:
            self._drained.set()
            return not self._over

    def conclude(self, ended: Callable[[], Ended]) -> None:
        """Ask how the call has ended, and tell so, unless that was done before."""
        with self._lock:
            is_first, self._over = not self._over, True
            self._drained.set()
        if is_first:
            self._then(ended())

    def cancel(self) -> None:
        """Tell nothing any more, and wait until nobody is at it."""
        with self._lock:
            self._over = True
            self._drained.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
