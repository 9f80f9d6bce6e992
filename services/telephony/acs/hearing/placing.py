"""Where in a call the moments lie that transcription frames tell."""

from services.telephony.acs.wire.times import Moment

RESTART_TOLERANCE_MS = 2_000


class CallClock:
    """Puts moments of frames on the clock of the call, which begins with its first connection.

    From which moment offsets count isn't documented, nor what they do when a call is connected
    again. So: offsets that lie where the call had already been transcribed have begun anew, and
    count from the reconnection. Dated moments keep their distances from the first of them.
    """

    def __init__(self) -> None:
        """Begin with offsets that count from the beginning of the call."""
        self._base_ms = 0
        self._dated_from: int | None = None
        self._again_at_ms: int | None = None

    def reconnected(self, now_ms: int) -> None:
        """Take that what follows comes by another connection, opened at this time of the call."""
        self._again_at_ms = now_ms

    def place(self, moment: Moment, *, length_ms: int, now_ms: int) -> int:
        """Return where a line begins that is so long, as far as is known, and was told now."""
        if not moment.is_dated:
            return self._base_ms + moment.ms
        if self._dated_from is None:
            self._dated_from = moment.ms - max(0, now_ms - length_ms)
        return max(0, moment.ms - self._dated_from)

    def settle(self, moment: Moment, heard_ms: int) -> bool:
        """Decide, at the first new line after a reconnection, whether its offsets begin anew.

        ``heard_ms`` is up to where the call was heard before. Says whether they do.
        """
        again_at_ms, self._again_at_ms = self._again_at_ms, None
        if again_at_ms is None or moment.is_dated:
            return False
        if self._base_ms + moment.ms + RESTART_TOLERANCE_MS >= heard_ms:
            return False
        self._base_ms = again_at_ms
        return True
