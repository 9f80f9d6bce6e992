"""Where a chunk of a live call's sound belongs, and how much time goes by in the call.

Positions are frames since the beginning of the call's sound: 16 of them a millisecond, one sample
of each channel. Nothing here waits, stores or asks a clock.
"""

from services.audio.recording import FRAMES_PER_MS
from services.domain.errors import InvalidRequest
from services.providers.live import BYTES_PER_SAMPLE

MOST_CHUNK_FRAMES = 2_000 * FRAMES_PER_MS
LATE_MS = 500


class SoundMissing(Exception):
    """A chunk begins where sound before it has not come yet."""


class SoundSequence:
    """Puts chunks in order: ``next_frame`` is the first frame that has not come yet.

    After ``end_at`` nothing beyond that frame is taken.
    """

    def __init__(self, channels: int, next_frame: int = 0) -> None:
        """Begin with the sound before ``next_frame`` taken already."""
        self._bytes_per_frame = BYTES_PER_SAMPLE * channels
        self._end: int | None = None
        self.next_frame = next_frame

    @property
    def is_complete(self) -> bool:
        """Whether all sound of a call whose end is known has been taken."""
        return self._end is not None and self.next_frame >= self._end

    def new_of(self, frame: int, pcm: bytes) -> bytes:
        """Return what of a chunk that begins at ``frame`` has not been taken yet, perhaps nothing.

        Raises SoundMissing for a chunk that leaves a hole before it, InvalidRequest for one that
        is longer than two seconds or ends within a frame.
        """
        if frame < 0 or len(pcm) % self._bytes_per_frame:
            raise InvalidRequest
        if len(pcm) > MOST_CHUNK_FRAMES * self._bytes_per_frame:
            raise InvalidRequest
        if self._end is not None:
            pcm = pcm[: max(0, self._end - frame) * self._bytes_per_frame]
        if not pcm:
            return b""
        if frame > self.next_frame:
            raise SoundMissing
        return pcm[(self.next_frame - frame) * self._bytes_per_frame :]

    def taken(self, pcm: bytes) -> None:
        """Note that whole frames are stored."""
        self.next_frame += len(pcm) // self._bytes_per_frame

    def end_at(self, frame: int) -> None:
        """Say that the call has so many frames in all; what has come already stays."""
        self._end = max(frame, self.next_frame) if self._end is None else self._end


class CallClock:
    """Tells how much of a call has gone by while no sound came.

    Sound may arrive late, never early: the chunk that came soonest after it was spoken tells best
    when the call began. Pauses don't count. Moments are seconds of one steady clock.
    """

    def __init__(self) -> None:
        """Know nothing yet."""
        self._began_s: float | None = None
        self._paused_s: float | None = None

    def heard(self, end_frame: int, now_s: float) -> None:
        """Take note of a chunk that ends at ``end_frame`` and came ``now_s``."""
        began_s = now_s - end_frame / FRAMES_PER_MS / 1000
        self._began_s = began_s if self._began_s is None else min(self._began_s, began_s)

    def pause(self, now_s: float) -> None:
        """Stand still from now on."""
        if self._paused_s is None:
            self._paused_s = now_s

    def resume(self, now_s: float) -> None:
        """Go on."""
        if self._paused_s is not None and self._began_s is not None:
            self._began_s += now_s - self._paused_s
        self._paused_s = None

    def is_late(self, end_frame: int, now_s: float) -> bool:
        """Say whether sound up to ``end_frame``, which came now, was spoken a while ago."""
        if self._began_s is None:
            return False
        return (now_s - self._began_s) * 1000 - end_frame / FRAMES_PER_MS > LATE_MS

    def missing_frames(self, next_frame: int, now_s: float, most_ms: int) -> int:
        """Return how many frames went by without sound before now, ``most_ms`` at most.

        The clock goes on from there: what comes next is taken as being spoken now.
        """
        if self._began_s is None:
            return 0
        present_s = self._paused_s if self._paused_s is not None else now_s
        gone_ms = round((present_s - self._began_s) * 1000) - next_frame // FRAMES_PER_MS
        missing = max(0, min(gone_ms, most_ms)) * FRAMES_PER_MS
        self._began_s = present_s - (next_frame + missing) / FRAMES_PER_MS / 1000
        return missing
