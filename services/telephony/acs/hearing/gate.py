"""Bounds what one call may send us, and counts what became of it."""

import time
from collections.abc import Callable
from dataclasses import dataclass

MOST_FRAME_BYTES = 64 * 1024
FRAMES_PER_S = 50.0
BURST = 500.0


@dataclass(kw_only=True)
class FrameCounts:
    """What became of the frames of one call; numbers only, so they can be logged and shown.

    ``taken`` told something. The others were left out: ``malformed`` ones could not be read,
    ``repeated`` ones had come before, ``outdated`` ones came after what replaces them,
    ``oversized`` and ``too_many`` ones were over the bounds, ``other`` ones are nothing for us.
    """

    taken: int = 0
    malformed: int = 0
    repeated: int = 0
    outdated: int = 0
    oversized: int = 0
    too_many: int = 0
    other: int = 0


class FrameGate:
    """Lets frames through while they are no larger and come no faster than is to be expected.

    A person's line makes a few frames a second; what a call that was away has to say comes at once.
    """

    def __init__(
        self,
        *,
        most_bytes: int = MOST_FRAME_BYTES,
        per_s: float = FRAMES_PER_S,
        burst: float = BURST,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the bounds: so many bytes a frame, so many frames a second, so many at once."""
        self._most_bytes = most_bytes
        self._per_s = per_s
        self._burst = burst
        self._clock = clock
        self._left = burst
        self._looked_at = clock()

    def admits(self, sent: str | bytes, counts: FrameCounts) -> bool:
        """Say whether a frame may be read, and count it when not."""
        if self._is_oversized(sent):
            counts.oversized += 1
            return False
        now = self._clock()
        self._left = min(self._burst, self._left + (now - self._looked_at) * self._per_s)
        self._looked_at = now
        if self._left < 1.0:
            counts.too_many += 1
            return False
        self._left -= 1.0
        return True

    def _is_oversized(self, sent: str | bytes) -> bool:
        if len(sent) > self._most_bytes:
            return True
        return isinstance(sent, str) and len(sent.encode(errors="replace")) > self._most_bytes
