"""Two channels over two sessions: the sound taken apart, the events put together in time."""

import threading
import time
from collections.abc import Callable, Iterable

import numpy as np

from services.domain.live import Final, Gap, LiveEvent, Revised
from services.domain.speech import Speaker

# A final line waits so long for an earlier one of the other channel.
HOLD_S = 0.25


def speaker_on(channel: int) -> Speaker:
    """Return who is heard on a channel of its own."""
    return Speaker(id=f"s{channel + 1}", label=f"Speaker {channel + 1}", channel=channel)


def channels_of(pcm: bytes, channels: int) -> list[bytes]:
    """Take interleaved 16-bit sound apart."""
    frames = np.frombuffer(pcm, dtype="<i2").reshape(-1, channels)
    return [frames[:, channel].tobytes() for channel in range(channels)]


class InTimeOrder:
    """Passes on what several channels tell, finished lines in the order in which they end.

    A finished line waits until every other channel was heard up to its end, but no longer than
    ``HOLD_S``. Partials and introductions of speakers never wait. Safe to share between threads.
    """

    def __init__(
        self,
        channels: Iterable[int],
        tell: Callable[[LiveEvent], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Tell nothing yet."""
        self._heard_ms = dict.fromkeys(channels, 0)
        self._tell = tell
        self._clock = clock
        self._waiting: list[tuple[int, int, float, LiveEvent]] = []
        self._lock = threading.Lock()

    def put(self, channel: int, event: LiveEvent) -> None:
        """Take an event of a channel, and pass on what may be passed on by now."""
        with self._lock:
            if channel in self._heard_ms:
                self._heard_ms[channel] = max(self._heard_ms[channel], event.at_ms)
            if isinstance(event, Final | Revised | Gap):
                self._waiting.append((event.at_ms, channel, self._clock(), event))
            else:
                self._tell(event)
            self._release()

    def release(self) -> None:
        """Pass on what has waited long enough; called now and then."""
        with self._lock:
            self._release()

    def leave(self, channel: int) -> None:
        """A channel is over: nothing waits for it any more."""
        with self._lock:
            self._heard_ms.pop(channel, None)
            self._release()

    def _release(self) -> None:
        # A stable order: what one channel tells of the same moment stays as it was told.
        self._waiting.sort(key=lambda waiting: waiting[0])
        while self._waiting:
            at_ms, channel, since, event = self._waiting[0]
            others = [heard for other, heard in self._heard_ms.items() if other != channel]
            has_waited = self._clock() - since >= HOLD_S
            if not has_waited and any(heard < at_ms for heard in others):
                return
            self._waiting.pop(0)
            self._tell(event)
