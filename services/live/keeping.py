"""Looks after the live calls of a process: heartbeats, calls nobody goes on with, landings."""

import threading
from collections.abc import Callable
from functools import partial

from services import telemetry
from services.domain.errors import PartylineError
from services.live.holding import Holding

LOOK_EVERY_S = 1.0
LOOKS_PER_BEAT = 2
LOOKS_PER_LANDING = 15


class LiveKeeper:
    """Does so in a thread of its own; each part by itself, so that no fault stops the others.

    Landing takes its time, by the length of calls: it has another thread, and nothing waits for it.
    """

    def __init__(self, holding: Holding, *, every_s: float = LOOK_EVERY_S) -> None:
        """Look after these calls every so many seconds."""
        self._holding = holding
        self._every_s = every_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="live-keeper", daemon=True)
        self._landing: threading.Thread | None = None

    def start(self) -> None:
        """Begin; calls of processes that have died are landed first."""
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for that."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        self.wait_for_landing()

    def wait_for_landing(self) -> None:
        """Wait until what is being landed at present has landed, or could not."""
        if self._landing is not None:
            self._landing.join()

    def _work(self) -> None:
        looks = 0
        while True:
            self.look(looks)
            looks += 1
            if self._stopping.wait(self._every_s):
                return

    def look(self, looks: int = 0) -> None:
        """Do once what is due at the look of this number."""
        for held in self._holding.all():
            _do(held.look_after)
            _do(held.sync)
            if looks % LOOKS_PER_BEAT == 0:
                _do(partial(self._holding.beat, held))
        if looks % LOOKS_PER_LANDING == 0:
            self._land()
            _do(self._holding.forget_landed)

    def _land(self) -> None:
        """Begin to land what is left over, unless that is under way."""
        if self._landing is not None and self._landing.is_alive():
            return
        self._landing = threading.Thread(
            target=partial(_do, self._holding.land_left_over), name="live-landing", daemon=True
        )
        self._landing.start()


def _do(work: Callable[[], None]) -> None:
    try:
        work()
    except PartylineError as error:
        telemetry.warning("live.keeping", error=error.code)
    except Exception as error:
        telemetry.fault("live.keeping", error)
