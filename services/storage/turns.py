"""Who writes to a SQLite file of this process: one thread after the other.

Only one transaction can write at a time. Those that wait for it inside SQLite each keep a
connection meanwhile, until readers get none, and who is next is a matter of luck there.
"""

import os
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, event
from sqlalchemy.pool import ConnectionPoolEntry

from services.domain.errors import StorageError

WAIT_S = 30.0
HAND_OVER_AFTER_S = 0.1


class Turn:
    """A lock that its thread may take again, and that any thread may give back.

    Whoever asks while it is free has it: to hand it over to a thread that has to wake up first
    would leave it idle meanwhile. But who has waited for ``hand_over_after_s`` is next, whoever
    asks. Connections may be given back to their pool by another thread than took them.
    """

    def __init__(self, hand_over_after_s: float = HAND_OVER_AFTER_S) -> None:
        """Nobody has it yet."""
        self._changing = threading.Lock()
        self._hand_over_after_s = hand_over_after_s
        self._holder: int | None = None
        self._times = 0
        self._waiting: deque[_Waiter] = deque()

    def take(self, within_s: float = WAIT_S) -> None:
        """Wait for it. Raises StorageError when it isn't free in time."""
        waiter = _Waiter(threading.get_ident())
        with self._changing:
            if self._holder in (None, waiter.thread):
                self._holder = waiter.thread
                self._times += 1
                return
            self._waiting.append(waiter)
        while True:
            is_called = waiter.wait(within_s)
            with self._changing:
                if self._holder == waiter.thread:
                    return
                if self._holder is None:
                    self._waiting.remove(waiter)
                    self._holder, self._times = waiter.thread, 1
                    return
                # Called, and somebody else was faster: it waits on, in its place.
                if not is_called:
                    self._waiting.remove(waiter)
                    raise StorageError

    def give_back(self) -> None:
        """Let the next one have it, once it was given back as often as it was taken."""
        with self._changing:
            self._times -= 1
            if self._times:
                return
            self._holder = None
            if not self._waiting:
                return
            longest = self._waiting[0]
            if longest.waited_s >= self._hand_over_after_s:
                self._waiting.popleft()
                self._holder, self._times = longest.thread, 1
            longest.call()


class _Waiter:
    """A thread that waits for its turn."""

    def __init__(self, thread: int) -> None:
        self.thread = thread
        self._since = time.monotonic()
        self._called = threading.Event()

    @property
    def waited_s(self) -> float:
        return time.monotonic() - self._since

    def wait(self, within_s: float) -> bool:
        """Wait to be called, until so long after the beginning; return whether it was."""
        is_called = self._called.wait(max(0.0, within_s - self.waited_s))
        # Before the turn is looked at: what comes after that is another call.
        self._called.clear()
        return is_called

    def call(self) -> None:
        self._called.set()


_turns: dict[str, Turn] = {}
os.register_at_fork(after_in_child=_turns.clear)


def turn_of(engine: Engine) -> Turn:
    """Return the turn of the engine's file."""
    return _turns.setdefault(engine.url.database or "", Turn())


@contextmanager
def own_turn(engine: Engine) -> Iterator[None]:
    """Run a block in one's turn; with a server there are none. Raises StorageError."""
    if engine.dialect.name != "sqlite":
        yield
        return
    turn = turn_of(engine)
    turn.take()
    try:
        yield
    finally:
        turn.give_back()


def take_turns(engine: Engine, *, within_s: float = WAIT_S) -> None:
    """Have whoever uses this engine of a SQLite file take turns with those who write to it.

    For a library that writes by itself: each use of a connection is one turn, what it reads
    included. Otherwise it and we wait for each other inside SQLite, which sleeps, longer each
    time, while the file is free.
    """
    turn = turn_of(engine)
    having: set[int] = set()

    def checked_out(_driver: object, entry: ConnectionPoolEntry, _used: object) -> None:
        turn.take(within_s)
        having.add(id(entry))

    def checked_in(_driver: object, entry: ConnectionPoolEntry) -> None:
        # Who has waited in vain has nothing to give back.
        if id(entry) in having:
            having.remove(id(entry))
            turn.give_back()

    event.listen(engine, "checkout", checked_out)
    event.listen(engine, "checkin", checked_in)
