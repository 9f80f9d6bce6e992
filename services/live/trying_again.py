"""When another session is opened for a live call that has lost one."""

from collections.abc import Callable

from services.domain.errors import PartylineError

FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 30.0
SAME_SOUND_TWICE = 2


class TryingAgain:
    """Pauses that double until a line is told, and an end where trying again can't help."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Nothing is lost yet."""
        self._clock = clock
        self._pause_s = FIRST_PAUSE_S
        self._due_at = 0.0
        self._lost_at_ms: list[int] = []
        self._why: str | None = None
        self.in_vain = False
        """Whether no session will be opened any more."""

    def after(self, error: PartylineError) -> bool:
        """Take why there is no session; return whether that is another reason than before."""
        self._why, before = error.code, self._why
        self.in_vain = not error.retryable
        self._due_at = self._clock() + self._pause_s
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
        return error.code != before

    def lost(self, told_ms: int) -> None:
        """Take that a session was lost when lines reached up to here."""
        self._lost_at_ms = [*self._lost_at_ms, told_ms][-SAME_SOUND_TWICE:]

    def told(self) -> None:
        """Take that a line was told."""
        self._pause_s, self._why = FIRST_PAUSE_S, None

    @property
    def pause_s(self) -> float:
        """Return how long it is until the next try."""
        return max(0.0, self._due_at - self._clock())

    @property
    def is_same_sound(self) -> bool:
        """Whether sessions are lost without a line in between: the sound may be the cause."""
        lost = self._lost_at_ms
        return len(lost) == SAME_SOUND_TWICE and len(set(lost)) == 1
