"""Scores stored calls anew, newest first, when scorecards or their rules have changed."""

from collections.abc import Callable
from threading import Event

from services import telemetry
from services.domain.errors import NotFound
from services.review.refreshing import Refresher
from services.scorecards.keeping import ScoreKeeper, made_with
from services.storage.scores import ScoreStore

CALLS_AT_ONCE = 50
LOOK_EVERY_S = 3.0


class Rescorer:
    """Goes over the calls whose scores were made with something else than now."""

    def __init__(
        self,
        keeper: ScoreKeeper,
        scores: ScoreStore,
        refresher: Refresher,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        """Work on these stores until ``stopping()``."""
        self._keeper = keeper
        self._scores = scores
        self._refresher = refresher
        self._stopping = stopping

    def keep_up(self, stop: Event) -> None:
        """Look for calls to score again and again until told to stop; faults end nothing."""
        while not stop.wait(LOOK_EVERY_S):
            try:
                self.rescore()
            except Exception as error:
                telemetry.fault("scores.fault", error)

    def rescore(self) -> int:
        """Score all calls that are to be; return how many there were."""
        count = sum(self._rescore(org_id) for org_id in self._scores.organisations())
        if count:
            telemetry.event("scores.made", calls=count)
        return count

    def _rescore(self, org_id: str) -> int:
        done: set[str] = set()
        while True:
            # Asked anew each time: the scorecard may have been changed once more meanwhile.
            now = made_with(self._keeper.scoring(org_id))
            waiting = self._scores.outdated(org_id, now, CALLS_AT_ONCE + len(done))
            fresh = [call_id for call_id in waiting if call_id not in done][:CALLS_AT_ONCE]
            for call_id in fresh:
                if self._stopping() or self._scores.is_paused(org_id):
                    return len(done)
                done.add(call_id)
                self._refresh(org_id, call_id)
            if not fresh:
                return len(done)

    def _refresh(self, org_id: str, call_id: str) -> None:
        """Score one call; one that can't be is left out of this round."""
        try:
            self._refresher.write_anew(org_id, call_id)
        except NotFound:
            return
        except Exception as error:
            telemetry.fault("scores.fault", error)
