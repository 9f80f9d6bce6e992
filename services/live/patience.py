"""How long a held call waits: for sound, for its page, for what was announced, for last words."""

from dataclasses import dataclass

from services.domain.live_calls import LiveState

AWAY_AFTER_S = 5.0
LATE_AFTER_S = 1.0
"""A recorder sends ten chunks a second: without one for so long its network is in the way."""
MISSING_SOUND_S = 30.0
"""So long at most a call that is to end waits for sound that exists and has not come."""
FINISH_WITHIN_S = 120.0


@dataclass(frozen=True, kw_only=True)
class HoldingLimits:
    """How long a call is held: without sound and paused, in seconds; in all, in ms of sound."""

    away_end_s: float = 600.0
    pause_end_s: float = 7_200.0
    most_ms: int = 12 * 3_600_000


class Patience:
    """Keeps the moments that matter, in seconds of one steady clock. Its caller guards it."""

    def __init__(self, limits: HoldingLimits, now_s: float) -> None:
        """Begin at a moment at which the call's page is there."""
        self._limits = limits
        self._sound_at = self._page_at = self._paused_at = now_s
        self._end_by: float | None = None
        self.end_wanted = False
        """Whether it is to end as soon as the sound has caught up with the present."""

    def heard(self, now_s: float) -> None:
        """Take that sound has come, or that its silence is accounted for."""
        self._sound_at = now_s

    def page_seen(self, now_s: float) -> None:
        """Take that the call's page comes or leaves."""
        self._page_at = now_s

    def paused(self, now_s: float) -> None:
        """Take that the call pauses from now on."""
        self._paused_at = now_s

    def wait_for_end(self, now_s: float) -> None:
        """Take that the call is to end with sound that is on its way."""
        self._end_by = now_s + MISSING_SOUND_S

    def want_end(self, now_s: float) -> None:
        """Take that the call is to end once its recorder has sent what it has; asked for once."""
        if not self.end_wanted:
            self.end_wanted = True
            self.wait_for_end(now_s)

    def finishing(self, now_s: float) -> None:
        """Take that last words are waited for."""
        self._end_by = now_s + FINISH_WITHIN_S

    def is_late(self, now_s: float) -> bool:
        """Say whether sound that exists is probably somewhere else."""
        return now_s - self._sound_at > LATE_AFTER_S

    def is_away(self, now_s: float) -> bool:
        """Say whether there has been no sound for so long that people should know."""
        return now_s - self._sound_at > AWAY_AFTER_S

    def is_at_end(self, state: LiveState, now_s: float, *, has_page: bool) -> bool:
        """Say whether a call that goes on in this state has been waited for long enough."""
        if self._end_by is not None and now_s > self._end_by:
            return True
        away_s = self._limits.away_end_s
        if state is not LiveState.PAUSED:
            return now_s - self._sound_at > away_s
        is_left = not has_page and now_s - self._page_at > away_s
        return is_left or now_s - self._paused_at > self._limits.pause_end_s

    def is_too_long(self, received_ms: int) -> bool:
        """Say whether the call has as much sound as a call may have."""
        return received_ms >= self._limits.most_ms

    def gives_up(self, now_s: float) -> bool:
        """Say, once, that last words have been waited for long enough."""
        if self._end_by is None or now_s <= self._end_by:
            return False
        self._end_by = None
        return True
