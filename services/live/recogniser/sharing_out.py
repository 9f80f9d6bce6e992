"""Several recognisers among whom sessions are shared out: one interpreter keeps one core busy."""

import itertools
import threading
from collections.abc import Sequence

from services.live.recogniser.recognising import LiveOrder, Recognised, Recogniser
from services.live.recogniser.words import WordsRead
from services.live.telling.events import Told, ToldListener


class SharedOut:
    """Gives each session to the next one in turn. Safe across threads."""

    def __init__(self, recognisers: Sequence[Recogniser]) -> None:
        """Take at least one."""
        self.recognisers = tuple(recognisers)
        self._turn = itertools.count()
        self._lock = threading.Lock()

    def open(self, order: LiveOrder, listener: ToldListener) -> Recognised:
        """Open a session of sound."""
        return self._next().open(order, listener)

    def read(self, order: LiveOrder, listener: ToldListener, known: Sequence[Told]) -> WordsRead:
        """Open a session of words."""
        return self._next().read(order, listener, known)

    def prepare(self) -> None:
        """Have all of them load what sessions need."""
        for one in self.recognisers:
            one.prepare()

    def close(self) -> None:
        """Let go of all of them."""
        for one in self.recognisers:
            one.close()

    def _next(self) -> Recogniser:
        with self._lock:
            return self.recognisers[next(self._turn) % len(self.recognisers)]
