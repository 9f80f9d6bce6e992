"""How far a run has come, and whether it still is wanted."""

import time
from collections.abc import Callable, Mapping
from itertools import takewhile

from services.domain.calls import Stage

# Shares of a whole run's time with the local provider, between those of mixed calls (long on
# speakers) and of calls with a channel for each party (no time on speakers at all).
TYPICAL_SHARES: Mapping[Stage, float] = {
    Stage.DECODE: 0.02,
    Stage.RECOGNISE: 0.70,
    Stage.SPEAKERS: 0.16,
    Stage.ANALYSE: 0.12,
}
# Nothing is recognised in a run that only tells the speakers apart anew.
RELABELLING_SHARES: Mapping[Stage, float] = {
    Stage.DECODE: 0.15,
    Stage.RECOGNISE: 0.0,
    Stage.SPEAKERS: 0.50,
    Stage.ANALYSE: 0.35,
}
# Of a call without a recording, the words are there already.
READING_SHARES: Mapping[Stage, float] = {
    Stage.DECODE: 0.0,
    Stage.RECOGNISE: 0.0,
    Stage.SPEAKERS: 0.0,
    Stage.ANALYSE: 1.0,
}
WRITE_EVERY_S = 0.25
ASK_EVERY_S = 0.5
SHOW_LEFT_AFTER_S = 1.0
SHOW_LEFT_AFTER_FRACTION = 0.02
LEFT_MAY_RISE_BY = 1.25

Clock = Callable[[], float]
ProgressWriter = Callable[[Stage, float, float, int | None], None]


class WorkerStopping(BaseException):
    """The worker was told to stop; the run goes on after its next start.

    Not an Exception: no retry loop or catch-all below may take it for a failure of the run.
    """


class NotBegun(BaseException):
    """The worker could not claim the run: its job may be another's by now, so it tells nothing.

    Not an Exception, as ``WorkerStopping``. Whoever has the job goes on with it.
    """


class WaitsElsewhere(BaseException):
    """The run has to wait in another queue before it goes on.

    Not an Exception, as ``WorkerStopping``.
    """

    def __init__(self, queue: str) -> None:
        """Name the queue."""
        super().__init__(queue)
        self.queue = queue


def whole_fraction(
    stage: Stage, stage_fraction: float, shares: Mapping[Stage, float] = TYPICAL_SHARES
) -> float:
    """Return how much of the whole run is done when this much of a stage is, both in 0..1."""
    before = sum(shares[s] for s in takewhile(lambda s: s is not stage, Stage))
    return min(1.0, before + shares[stage] * stage_fraction)


class ProgressReporter:
    """Turns reports of a run into few, never falling writes with an estimate of the time left.

    ``reached`` is what an earlier attempt had come to: until this one is past it, the figure
    stays where it was.
    """

    def __init__(
        self,
        write: ProgressWriter,
        *,
        reached: float = 0.0,
        shares: Mapping[Stage, float] = TYPICAL_SHARES,
        clock: Clock = time.monotonic,
    ) -> None:
        """Write through ``write(stage, stage_fraction, fraction, left_ms)``."""
        self._write = write
        self._shares = shares
        self._clock = clock
        self._start_fraction = self._fraction = reached
        self._started = clock()
        self._written_at = float("-inf")
        self._stage: Stage | None = None
        self._left_ms: int | None = None
        self._heard_at = self._started
        self._times_s: dict[Stage, float] = {}

    @property
    def stage_times_ms(self) -> dict[str, int]:
        """How long each stage took in this attempt, up to the last report."""
        return {stage.value: round(1000 * time_s) for stage, time_s in self._times_s.items()}

    def __call__(self, stage: Stage, stage_fraction: float) -> None:
        """Take a report: ``stage_fraction`` 0..1 of ``stage`` is done."""
        now = self._clock()
        self._times_s[stage] = self._times_s.get(stage, 0.0) + now - self._heard_at
        self._heard_at = now
        self._fraction = max(self._fraction, whole_fraction(stage, stage_fraction, self._shares))
        ends_or_begins = stage is not self._stage or stage_fraction >= 1.0
        if not ends_or_begins and now - self._written_at < WRITE_EVERY_S:
            return
        self._stage, self._written_at = stage, now
        self._left_ms = self._estimate_ms(now)
        self._write(stage, stage_fraction, self._fraction, self._left_ms)

    def _estimate_ms(self, now: float) -> int | None:
        """Extend the pace of this attempt; small rises are hidden, they only make people doubt."""
        elapsed_s = now - self._started
        gained = self._fraction - self._start_fraction
        if elapsed_s < SHOW_LEFT_AFTER_S or gained < SHOW_LEFT_AFTER_FRACTION:
            return None
        estimate = round(1000 * elapsed_s * (1.0 - self._fraction) / gained)
        shown = self._left_ms
        if shown is not None and shown < estimate <= shown * LEFT_MAY_RISE_BY:
            return shown
        return estimate


class CancelWatch:
    """Answers whether a run was cancelled, asking the database only every half second.

    Raises WorkerStopping as soon as the worker has been told to stop.
    """

    def __init__(
        self,
        ask: Callable[[], bool],
        stopping: Callable[[], bool],
        *,
        clock: Clock = time.monotonic,
    ) -> None:
        """Ask ``ask`` about the run and ``stopping`` about the worker."""
        self._ask = ask
        self._stopping = stopping
        self._clock = clock
        self._asked_at = float("-inf")
        self._cancelled = False

    def __call__(self) -> bool:
        """Return True once the run has been cancelled."""
        if self._stopping():
            raise WorkerStopping
        now = self._clock()
        if not self._cancelled and now - self._asked_at >= ASK_EVERY_S:
            self._asked_at = now
            self._cancelled = self._ask()
        return self._cancelled
