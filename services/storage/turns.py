"""Who writes to a SQLite file of this process: one thread after the other.

Only one transaction can write at a time. Those that wait for it inside SQLite each keep a
connection meanwhile, until readers get none, and who is next is a matter of luck there.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, event
from sqlalchemy.pool import ConnectionPoolEntry

from services.domain.errors import StorageError

WAIT_S = 30.0


class Turn:
    """A lock that its thread may take again, and that any thread may give back.

    Connections may be given back to their pool by another thread than took them.
    """

    def __init__(self) -> None:
        """Nobody has it yet."""
        self._free = threading.Condition()
        self._holder: int | None = None
        self._times = 0

    def take(self, within_s: float = WAIT_S) -> None:
        """Wait for it. Raises StorageError when it isn't free in time."""
        mine = threading.get_ident()
        with self._free:
            if not self._free.wait_for(lambda: self._holder in (None, mine), within_s):
                raise StorageError
            self._holder = mine
            self._times += 1

    def give_back(self) -> None:
        """Let the next one have it, once it was given back as often as it was taken."""
        with self._free:
            self._times -= 1
            if not self._times:
                self._holder = None
                self._free.notify()


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
