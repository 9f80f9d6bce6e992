"""When the service is asked how a call stands that it tells nothing of."""

from collections.abc import Callable
from datetime import timedelta

from services.domain.errors import PartylineError
from services.telephony.acs.wire.connections import RINGS_FOR_S

PAUSES_S = (2.0, 5.0, 15.0, 60.0)
GIVEN_UP_AFTER = timedelta(minutes=15)
"""A call that nothing is heard of, and of which the service doesn't tell for so long how it stands,
has ended."""
SETTLED_S = 30.0
"""What lasted for so long has worked; what broke before that goes on with the longer pauses."""


class LookingUp:
    """Pauses that grow, from the moment at which the service has left. Its caller guards it."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Begin with a call that rings, or that nobody has been told of for long."""
        self._clock = clock
        self._since = self._known_at = clock()
        self._came_at: float | None = None
        self._is_away = False
        self._looks = len(PAUSES_S)
        self._due_at = self._since + RINGS_FOR_S
        self._why: str | None = None

    @property
    def lasts_s(self) -> float:
        """For how long the service has been away."""
        return self._clock() - self._since

    @property
    def is_in_vain(self) -> bool:
        """Whether the service has not told for too long how the call stands."""
        return self._clock() - self._known_at >= GIVEN_UP_AFTER.total_seconds()

    def confirmed(self) -> None:
        """Take that the service has said that the call goes on."""
        self._known_at = self._clock()

    def begin(self, *, at_once: bool = False) -> None:
        """Take that the service has left; while it is away that is no news."""
        now = self._clock()
        if self._is_away and not at_once:
            return
        has_settled = self._came_at is None or now - self._came_at >= SETTLED_S
        if has_settled:
            self._looks, self._why = 0, None
        if not self._is_away:
            self._known_at = now
        self._is_away, self._since = True, now
        self._due_at = now + (0.0 if at_once else PAUSES_S[min(self._looks, len(PAUSES_S) - 1)])

    def over(self) -> None:
        """Take that it is back."""
        self._is_away, self._came_at = False, self._clock()

    def is_due(self) -> bool:
        """Say, once each time, that it is to be asked."""
        now = self._clock()
        if now < self._due_at:
            return False
        self._looks = min(self._looks + 1, len(PAUSES_S) - 1)
        self._due_at = now + PAUSES_S[self._looks]
        return True

    def is_news(self, error: PartylineError) -> bool:
        """Say whether this went wrong otherwise than the last time."""
        self._why, before = error.code, self._why
        return before != error.code
