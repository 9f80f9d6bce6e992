"""Up to where a live call is told, and so where a session begins that stands in for a lost one."""

import numpy as np

from services.audio.recording import FRAMES_PER_MS
from services.live.telling import Kind, Told

HEARD_AGAIN_MS = 60_000
"""So much sound at most is given again to a session that stands in for a lost one."""
BEGUN_MS = 3_000
"""A voice on another channel may have begun so long before the last line's end without a word."""


class ToldUntil:
    """Follows the lines of a call, channel by channel. The caller guards it against other threads.

    Parties on channels of their own talk at the same time, so a line of one may be told while one
    that began earlier is still under way. After that loss both are heard again from the beginning
    of u2 on, channel 0 as silence up to the end of u3.

        channel 0   [u1   ]     [u3   ]
        channel 1       [u2 ··········  lost
    """

    def __init__(self, channels: int) -> None:
        """Begin with nothing told of sound that is recognised on so many channels."""
        self._told = [0] * channels
        self._open: dict[str, int] = {}
        self._again_from: int | None = None
        self._lost_at = 0
        self._hushed = [0] * channels

    @property
    def told_ms(self) -> int:
        """Up to where something was told: a final line, or a gap."""
        return max(self._told)

    def told_before(self, at_ms: int) -> None:
        """Take that an earlier process has told all that was said before."""
        self._told = [at_ms] * len(self._told)

    def take(self, event: Told) -> bool:
        """Take an event in the call's time; return whether it tells of sound once and for all."""
        kind = event["type"]
        if kind in (Kind.PARTIAL, Kind.FINAL, Kind.REVISED):
            self._open.pop(event["id"], None)
            if event["text"]:
                self._again_from = None
        if kind == Kind.PARTIAL:
            if event["text"]:
                self._open[event["id"]] = event["start_ms"]
            return False
        if kind not in (Kind.FINAL, Kind.REVISED) and event.get("kind") != "gap":
            return False
        self._note(event["channel"], event["end_ms"])
        return True

    def unheard_ms(self, given_ms: int) -> int:
        """Return from where on words may be missing, when so much had been given.

        A line is final long before a minute is over: older sound without a line says nothing.
        """
        begun = [self.told_ms, *self._open.values()]
        if self._again_from is not None and given_ms <= self._lost_at + BEGUN_MS:
            # The last session was lost, too, and has said nothing of what it was to hear again.
            begun.append(self._again_from)
        return max(0, min(begun), min(self._told), given_ms - HEARD_AGAIN_MS)

    def resumes_at(self, given_ms: int, present_ms: int) -> int:
        """Return where another session is to begin, when so much was given and is there."""
        from_ms = self.unheard_ms(given_ms)
        if len(self._told) > 1:
            from_ms = max(0, min(self._told), min(from_ms, self.told_ms - BEGUN_MS))
        return min(present_ms, max(from_ms, present_ms - HEARD_AGAIN_MS))

    def begin_again(self, from_ms: int, given_ms: int) -> None:
        """Take that a session begins there; lines that were under way have been withdrawn."""
        self._again_from, self._lost_at = from_ms, max(self._lost_at, given_ms)
        self._hushed = list(self._told)
        self._open.clear()

    def hushed(self, pcm: bytes, first_frame: int, channels: int) -> bytes:
        """Return sound without what is told of it already, on the channels that are ahead."""
        count = len(self._hushed)
        first_ms = first_frame // FRAMES_PER_MS
        if count == 1 or channels != count or first_ms >= max(self._hushed):
            return pcm
        samples = np.frombuffer(pcm, "<i2").reshape(-1, count).copy()
        for channel, until_ms in enumerate(self._hushed):
            samples[: max(0, until_ms * FRAMES_PER_MS - first_frame), channel] = 0
        return samples.tobytes()

    def _note(self, channel: int | None, end_ms: int) -> None:
        channels = range(len(self._told))
        for one in channels if channel is None or channel not in channels else (channel,):
            self._told[one] = max(self._told[one], end_ms)
