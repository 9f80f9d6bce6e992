"""What goes wrong when it is told to: refusals, silence, cut connections."""

import time
from dataclasses import dataclass
from threading import Event, Lock


@dataclass(kw_only=True)
class Fault:
    """One thing that goes wrong for a number of requests, or until a moment, or for good.

    ``status`` answers with that status; ``stall_s`` waits before answering; ``cut_after`` cuts the
    connection after so many bytes of the answer's body.
    """

    methods: frozenset[str] = frozenset()
    status: int | None = None
    stall_s: float = 0.0
    cut_after: int | None = None
    left: int | None = None
    until_s: float | None = None

    def applies(self, method: str) -> bool:
        """Say whether it goes wrong for a request with this method now."""
        over = (self.left is not None and self.left <= 0) or (
            self.until_s is not None and time.monotonic() >= self.until_s
        )
        return not over and (not self.methods or method in self.methods)


class Faults:
    """Faults in the order in which they were asked for."""

    def __init__(self, stopping: Event) -> None:
        """Nothing goes wrong yet; who waits is let go of when the server stops."""
        self._stopping = stopping
        self._lock = Lock()
        self._healed = Event()
        self._all: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Have this go wrong too."""
        with self._lock:
            self._healed.clear()
            self._all.append(fault)

    def heal(self) -> None:
        """Let all go well again, for those who wait as well."""
        with self._lock:
            self._all.clear()
            self._healed.set()

    def meet(self, method: str) -> Fault | None:
        """Return what goes wrong for a request, after having stalled it."""
        with self._lock:
            fault = next((f for f in self._all if f.applies(method)), None)
            if fault is not None and fault.left is not None:
                fault.left -= 1
        if fault is not None and fault.stall_s:
            self._wait(fault.stall_s)
        return fault

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self._stopping.is_set() or self._healed.wait(min(left, 0.05)):
                return
