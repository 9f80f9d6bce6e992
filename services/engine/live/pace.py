"""How often a line is heard anew while it is said: as often as the machine has time for."""

from services.engine.voice_activity import VOICE_FRAME_MS

# A first word needs some sound; then the next hearing confirms it.
FIRST_MS = 320
SHORTEST_MS, LONGEST_MS = 190, 1_000
# What has waited longer than this shows that others have to wait, too; shorter, that all is calm.
LONG_WAIT_S, SHORT_WAIT_S = 0.12, 0.03
SLOWER, FASTER = 1.25, 0.8
# One channel's partials take this part of a core at most.
SHARE = 0.35


class Pace:
    """The pause between two hearings of one channel, in sound."""

    def __init__(self) -> None:
        """Begin at full pace."""
        self._pause_ms = float(SHORTEST_MS)
        self._least_ms = float(SHORTEST_MS)

    @property
    def first_frames(self) -> int:
        """After so many frames of voice a line is heard for the first time."""
        return round(FIRST_MS / VOICE_FRAME_MS)

    @property
    def frames(self) -> int:
        """After so many more frames it is heard again."""
        return round(max(self._pause_ms, self._least_ms) / VOICE_FRAME_MS)

    @property
    def must(self) -> float:
        """The part of the hearings that there would be at the slowest pace."""
        return max(self._pause_ms, self._least_ms) / LONGEST_MS

    def took(self, waited_s: float, cpu_s: float) -> None:
        """Take how long the last hearing, or sound that is to be heard, waits; and what it cost.

        A call that has fallen behind has to hear less often, or it would never catch up.
        """
        self._least_ms = cpu_s * 1000 / SHARE
        if waited_s > LONG_WAIT_S:
            self._pause_ms = min(LONGEST_MS, self._pause_ms * SLOWER)
        elif waited_s < SHORT_WAIT_S:
            self._pause_ms = max(SHORTEST_MS, self._pause_ms * FASTER)
