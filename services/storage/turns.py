"""Who writes to a SQLite file of this process: one thread after the other.

Only one transaction can write at a time. Those that wait for it inside SQLite each keep a
connection meanwhile, until readers get none, and who is next is a matter of luck there.
"""

import os
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, event
from sqlalchemy.pool import ConnectionPoolEntry

from services.domain.errors import StorageError

WAIT_S = 30.0


class Turn:
    """A lock that its thread may take again, and that any thread may give back.

    Whoever has waited longest gets it next: it is handed over, so that nobody who comes in between
    is served first. Connections may be given back to their pool by another thread than took them.
    """

    def __init__(self) -> None:
        """Nobody has it yet."""
        self._changing = threading.Lock()
        self._holder: int | None = None
        self._times = 0
        self._waiting: deque[_Waiter] = deque()

    def take(self, within_s: float = WAIT_S) -> None:
        """Wait for it. Raises StorageError when it isn't free in time."""
        mine = threading.get_ident()
        with self._changing:
            if self._holder in (None, mine):
                self._holder = mine
                self._times += 1
                return
            waiter = _Waiter(mine)
            self._waiting.append(waiter)
        if not waiter.wait(within_s):
            self._give_up(waiter)

    def _give_up(self, waiter: "_Waiter") -> None:
        with self._changing:
            # It may have been handed over at the last moment.
            if waiter in self._waiting:
                self._waiting.remove(waiter)
                raise StorageError

    def give_back(self) -> None:
        """Let the next one have it, once it was given back as often as it was taken."""
        with self._changing:
            self._times -= 1
            if self._times:
                return
            self._holder = None
            if self._waiting:
                waiter = self._waiting.popleft()
                self._holder, self._times = waiter.thread, 1
                waiter.call()


class _Waiter:
    """A thread that waits for its turn."""

    def __init__(self, thread: int) -> None:
        self.thread = thread
        self._called = threading.Lock()
        self._called.acquire()

    def wait(self, within_s: float) -> bool:
        return self._called.acquire(timeout=within_s)

    def call(self) -> None:
        self._called.release()


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
