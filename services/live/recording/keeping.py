"""Looks after the live calls of a process: heartbeats, calls nobody goes on with, landings."""

import threading
from collections.abc import Callable
from functools import partial

from services import telemetry
from services.domain.errors import PartylineError
from services.live.recording.holding import Holding

LOOK_EVERY_S = 1.0
LOOKS_PER_BEAT = 2
LOOKS_PER_LANDING = 15
LOOKS_PER_TAKING_UP = 3
TAKEN_UP_WITHIN_S = 10.0
"""So long whoever stops waits for calls that are just being taken up."""

IsStopping = Callable[[], bool]


class LiveKeeper:
    """Does so in a thread of its own; each part by itself, so that no fault stops the others.

    Landing takes its time, by the length of calls, and so does ``take_up``, which goes on with
    calls of processes that have died: each has another thread, and nothing waits for it. It is
    given what says that it is to begin no more.
    """

    def __init__(
        self,
        holding: Holding,
        *,
        take_up: Callable[[IsStopping], None] = lambda _is_stopping: None,
        every_s: float = LOOK_EVERY_S,
    ) -> None:
        """Look after these calls every so many seconds."""
        self._holding = holding
        self._every_s = every_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="live-keeper", daemon=True)
        self._landing = _Beside("live-landing", holding.land_left_over)
        self._taking_up = _Beside("live-taking-up", partial(take_up, self._stopping.is_set))

    def start(self) -> None:
        """Begin; calls of processes that have died are landed first."""
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for that; calls that are just being taken up are waited for a while."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        self._landing.wait()
        self._taking_up.wait(TAKEN_UP_WITHIN_S)

    def wait_for_landing(self) -> None:
        """Wait until what is being landed at present has landed, or could not."""
        self._landing.wait()
        self._taking_up.wait()

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
            self._landing.begin()
            _do(self._holding.forget_landed)
        if looks % LOOKS_PER_TAKING_UP == 0:
            self._taking_up.begin()


class _Beside:
    """Does something in a thread of its own, once at a time."""

    def __init__(self, name: str, work: Callable[[], None]) -> None:
        self._name = name
        self._work = work
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Begin, unless it is under way."""
        if self._thread is None or not self._thread.is_alive():
            work = partial(_do, self._work)
            self._thread = threading.Thread(target=work, name=self._name, daemon=True)
            self._thread.start()

    def wait(self, within_s: float | None = None) -> None:
        """Wait until what is under way is done, so long at most."""
        if self._thread is not None:
            self._thread.join(within_s)


def _do(work: Callable[[], None]) -> None:
    try:
        work()
    except PartylineError as error:
        telemetry.warning("live.keeping", error=error.code)
    except Exception as error:
        telemetry.fault("live.keeping", error)
