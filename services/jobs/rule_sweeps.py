"""Applies changed rules to all stored calls, in a worker, one organisation after the other."""

from collections.abc import Callable
from contextlib import closing
from threading import Event, Thread

from services import telemetry
from services.domain.errors import RulesChanged
from services.reading_rules import rules_of
from services.storage.sweeps import Sweep, SweepState, SweepStore
from services.storage.swept_calls import SweptCalls
from services.sweeping.sweeper import Sweeper

LOOK_EVERY_S = 1.0


class SweepRunner:
    """Takes up sweeps that people asked for, those of workers that are gone included.

    A sweep that was interrupted begins again: it writes nothing before it has seen all calls.
    """

    def __init__(
        self,
        sweeps: SweepStore,
        calls: SweptCalls,
        sweeper: Sweeper | None = None,
        *,
        stopping: Callable[[], bool] = bool,
    ) -> None:
        """Work on these stores until ``stopping()``; without a ``sweeper``, in this process."""
        self._sweeps = sweeps
        self._calls = calls
        self._sweeper = sweeper or Sweeper(calls)
        self._stopping = stopping
        self._over = Event()

    def start(self) -> None:
        """Look for sweeps in a thread of its own until told to stop."""
        Thread(target=self._look, name="rule-sweeps", daemon=True).start()

    def stop(self) -> None:
        """Take up no more."""
        self._over.set()

    def run_next(self) -> bool:
        """Run a sweep if one is waiting; tell whether one was."""
        sweep = self._sweeps.claim()
        if sweep is None:
            return False
        try:
            state = self._run(sweep)
        except RulesChanged:
            # Whoever changed them has asked for another sweep, or will in a moment.
            self._sweeps.finish(sweep, SweepState.DONE)
            self._sweeps.request(sweep.org_id, sweep.rule_ids)
        except Exception as error:
            telemetry.fault("rules.sweep_failed", error)
            self._sweeps.finish(sweep, SweepState.FAILED)
        else:
            if state is not None:
                self._sweeps.finish(sweep, state)
        return True

    def _run(self, sweep: Sweep) -> SweepState | None:
        """Return how a sweep ended; None when it was left for another worker."""
        start = self._calls.start(sweep.org_id)
        wanted = sweep.rule_ids
        rules = [r for r in rules_of(start.book) if wanted is None or r.id in wanted]

        def go_on(done: int, total: int) -> bool:
            return self._sweeps.go_on(sweep, done, total) and not self._stopping()

        if not go_on(0, start.calls):
            return SweepState.CANCELLED
        with closing(self._sweeper.sweep(sweep.org_id, start, rules, go_on)) as swept:
            if not swept.complete:
                return None if self._stopping() else SweepState.CANCELLED
            self._sweeper.store(sweep.org_id, start, swept)
        counts = {"calls": start.calls, "rules": len(rules), "found": swept.counted}
        telemetry.event("rules.swept", **counts)
        return SweepState.DONE

    def _look(self) -> None:
        while not self._over.wait(LOOK_EVERY_S) and not self._stopping():
            try:
                while self.run_next() and not self._stopping():
                    pass
            except Exception as error:
                telemetry.fault("rules.look_failed", error)
