"""Keeps ready what finding lines by their meaning takes: a vector of each line."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from threading import Event

from services import telemetry
from services.storage.line_vectors import LineVectors
from services.storage.search_places import LAST_PLACE
from services.understanding.closeness import Embedder

LOOK_EVERY_S = 15.0
# Calls whose lines have changed, or that were held long ago, are found at the next walk.
WALK_EVERY_S = 900.0
PAUSE_AFTER_FAULT_S = 300.0
CALLS_PER_LOOK = 500
WHAT = "making vectors of lines"


class VectorMaker:
    """Makes the vectors that calls lack, newest calls first, where no other worker does.

    The newest calls are looked at again and again, all others in walks with pauses between them.
    """

    def __init__(
        self,
        vectors: LineVectors,
        embedder: Callable[[], Embedder],
        alone: Callable[[str], AbstractContextManager[bool]],
        *,
        stopping: Callable[[], bool] = bool,
    ) -> None:
        """Work on these vectors until ``stopping()``.

        The embedder is made when it is needed. ``alone`` gives the right to be the only one at it.
        """
        self._vectors = vectors
        self._embedder = embedder
        self._alone = alone
        self._stopping = stopping
        self._walked_to: int | None = LAST_PLACE
        self._walk_ended_at = 0.0

    def keep_up(self, stop: Event) -> None:
        """Make vectors again and again until told to stop; faults end nothing."""
        pause_s = 0.0
        while not (stop.wait(pause_s) or self._stopping()):
            pause_s = LOOK_EVERY_S
            try:
                made = self.make(stop.is_set)
                if made:
                    telemetry.event("line_vectors.made", calls=made)
                if made or self._walked_to is not None:
                    pause_s = 0.05
            except Exception as error:
                telemetry.fault("line_vectors.fault", error)
                pause_s = PAUSE_AFTER_FAULT_S

    def make(self, stopped: Callable[[], bool] = bool) -> int:
        """Make what the newest calls lack, and the next ones of the walk; return of how many.

        Does nothing while another worker does it.
        """
        with self._alone(WHAT) as is_alone:
            if not is_alone:
                self._rest()
                return 0
            made = self._make_below(LAST_PLACE, stopped)[0]
            if self._walked_to is None and time.monotonic() - self._walk_ended_at >= WALK_EVERY_S:
                self._walked_to = LAST_PLACE
            if self._walked_to is not None:
                more, self._walked_to = self._make_below(self._walked_to, stopped)
                made += more
                if self._walked_to is None:
                    self._rest()
            return made

    def _rest(self) -> None:
        """Begin the next walk after a pause only: all has been looked at, here or elsewhere."""
        self._walked_to, self._walk_ended_at = None, time.monotonic()

    def _make_below(self, place: int, stopped: Callable[[], bool]) -> tuple[int, int | None]:
        """Return of how many calls they were made, and where to go on."""
        missing = self._vectors.missing(place, CALLS_PER_LOOK)
        for made, (org_id, call_id) in enumerate(missing.calls):
            if stopped() or self._stopping():
                return made, place
            lines = self._vectors.lines(org_id, call_id)
            self._vectors.write(lines, self._embedder().embed(lines.texts))
        return len(missing.calls), missing.below
