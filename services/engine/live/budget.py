"""How many live calls this process can hear in time: a call that would make others late waits."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from services.domain.errors import LiveFull

# This part of the machine can be promised; the rest is for what comes in bursts.
PROMISED = 0.9
# What a call is said to cost counts as much as this long a stretch of what it does cost.
DECLARED_S = 60.0
# Others are late when more than this part of the last lines came later than this.
LATE_MS = 1_200
LATE_SHARE = 0.05
LATE_WITHIN_S = 60.0
FEWEST_LINES = 10


@dataclass(eq=False)
class Share:
    """What one call uses of the machine: ``declared`` cores, and what was measured."""

    budget: "LiveBudget"
    declared: float
    cpu_s: float = 0.0
    sound_s: float = 0.0
    lines: deque[tuple[float, int]] = field(default_factory=deque)

    @property
    def cores(self) -> float:
        """Cores that it needs, as far as is known by now."""
        return (self.declared * DECLARED_S + self.cpu_s) / (DECLARED_S + self.sound_s)

    def spent(self, cpu_s: float) -> None:
        """Count work that must be done, however busy the machine is; not what can be left out."""
        self.cpu_s += cpu_s

    def heard(self, sound_ms: int) -> None:
        """Count sound."""
        self.sound_s += sound_ms / 1000

    def told(self, late_ms: int) -> None:
        """Take how long after its end a line was told."""
        self.budget.told(self, late_ms)

    def leave(self) -> None:
        """Give it back. Safe to call twice."""
        self.budget.leave(self)


class LiveBudget:
    """What the live calls of a process may use together; safe across threads."""

    def __init__(self, cores: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Share out so many cores; ``clock`` gives seconds."""
        self._cores = cores
        self._clock = clock
        self._shares: set[Share] = set()
        self._lock = threading.Lock()

    @property
    def used(self) -> float:
        """Cores that the running calls need."""
        with self._lock:
            return sum(share.cores for share in self._shares)

    def enter(self, cores: float) -> Share:
        """Take a call in that needs about so many cores.

        The first one is always taken. Raises LiveFull when there is no room for it, or when the
        running calls are late already.
        """
        with self._lock:
            used = sum(share.cores for share in self._shares)
            if self._shares and (used + cores > self._cores * PROMISED or self._is_late()):
                raise LiveFull
            share = Share(budget=self, declared=cores)
            self._shares.add(share)
            return share

    def told(self, share: Share, late_ms: int) -> None:
        """Take how late a call's line was told."""
        with self._lock:
            share.lines.append((self._clock(), late_ms))
            while share.lines[0][0] < self._clock() - LATE_WITHIN_S:
                share.lines.popleft()

    def leave(self, share: Share) -> None:
        """Give back what a call used. Safe to call twice."""
        with self._lock:
            self._shares.discard(share)

    def _is_late(self) -> bool:
        since = self._clock() - LATE_WITHIN_S
        lately = [ms for share in self._shares for at, ms in share.lines if at >= since]
        late = sum(ms > LATE_MS for ms in lately)
        return len(lately) >= FEWEST_LINES and late > LATE_SHARE * len(lately)
