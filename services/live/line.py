"""The way by which one page's sound comes into a live call."""

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING

from services.domain.live_calls import LiveState

if TYPE_CHECKING:
    from services.live.held import HeldCall


class LineNotice(StrEnum):
    """Why nothing comes by a way any more."""

    TAKEN_OVER = "taken_over"
    """Another page goes on with the call."""
    STOPPED = "stopped"
    """The call's sound is complete."""
    LOST = "lost"
    """This process doesn't hold the call any more; it may go on in another one, or a later one."""


class SoundLine:
    """A connection's part in a call. A newer one of the same call makes it useless.

    All but the properties raise SoundElsewhere then, and LiveOver once the call has ended.
    """

    def __init__(self, call: "HeldCall", notify: Callable[[LineNotice], None]) -> None:
        """Take the call; ``notify`` is told once why the line is no more, from any thread."""
        self._call = call
        self._notify = notify

    @property
    def next_frame(self) -> int:
        """The first frame that has not been stored yet."""
        return self._call.next_frame

    @property
    def channels(self) -> int:
        """How many channels the sound has."""
        return self._call.running.channels

    @property
    def state(self) -> LiveState:
        """Where the call stands."""
        return self._call.running.state

    def take(self, frame: int, pcm: bytes) -> None:
        """Store a chunk that begins at ``frame``; it is on disk when this returns.

        Raises SoundMissing when sound before it is missing, InvalidRequest, DiskFull,
        StorageError.
        """
        self._call.take(self, frame, pcm)

    def gap(self, known_ms: int | None = None) -> None:
        """Go on after a time in which nothing was recorded, as long as is known."""
        self._call.gap(self, known_ms)

    def pause(self) -> None:
        """Let the call's time stand still."""
        self._call.pause(self)

    def resume(self) -> None:
        """Let it go on."""
        self._call.resume(self)

    def stop(self, frames: int) -> None:
        """End the call, which has so many frames in all."""
        self._call.stop(self, frames)

    def close(self) -> None:
        """Leave; the call goes on without sound until a line comes back."""
        self._call.disconnect(self)

    def end(self, notice: LineNotice) -> None:
        """Tell whoever drives this line why it is no more."""
        self._notify(notice)
