"""The sound of a live call on its way to the recogniser: the newest from memory, else the tape."""

from collections import deque
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from services.audio.recording import FRAMES_PER_MS
from services.providers.live import BYTES_PER_SAMPLE

AT_MOST_MS = 1_000
KEPT_FRAMES = 2_000 * FRAMES_PER_MS


class SoundOnDisk(Protocol):
    """The tape, as far as sound is read from it."""

    def read(self, first_frame: int, last_frame: int) -> bytes:
        """Return the sound of frames [first, last)."""


class FedSound:
    """What has come and what of it was given on. The caller guards it against other threads.

    Up to two seconds are kept in memory; a reader that falls behind further reads from the tape.
    """

    def __init__(self, channels: int) -> None:
        """Begin with no sound."""
        self.frame_bytes = BYTES_PER_SAMPLE * channels
        self._recent: deque[tuple[int, bytes]] = deque()
        self._recent_frames = 0
        self.present = 0
        """The first frame that has not come yet."""
        self.cursor = 0
        """The first frame that was not given on yet."""
        self._session_began_ms = 0
        self._gaps: deque[tuple[int, int]] = deque()

    @property
    def is_behind(self) -> bool:
        """Whether there is sound that was not given on."""
        return self.cursor < self.present

    @property
    def present_ms(self) -> int:
        """How much sound has come."""
        return self.present // FRAMES_PER_MS

    @property
    def given_ms(self) -> int:
        """How much of it was given on."""
        return self.cursor // FRAMES_PER_MS

    def came(self, first_frame: int, pcm: bytes, *, recorded: bool = True) -> None:
        """Take frames that are on the tape now; not ``recorded``: they stand for what is not."""
        frames = len(pcm) // self.frame_bytes
        if not recorded:
            start_ms = first_frame // FRAMES_PER_MS
            self._gaps.append((start_ms, start_ms + frames // FRAMES_PER_MS))
        if self._recent_frames + frames <= KEPT_FRAMES:
            self._recent.append((first_frame, pcm))
            self._recent_frames += frames
        self.present = first_frame + frames

    def take(self) -> bytes | tuple[int, int]:
        """Return the sound at the cursor, or the frames of the tape where it is to be read."""
        while self._recent and self._recent[0][0] < self.cursor:
            self._drop_first()
        until = min(self.present, self.cursor + AT_MOST_MS * FRAMES_PER_MS)
        if self._recent:
            if self._recent[0][0] == self.cursor:
                return self._drop_first()
            until = min(until, self._recent[0][0])
        return (self.cursor, until)

    def given(self, pcm: bytes) -> None:
        """Move the cursor past sound that was given on."""
        self.cursor += len(pcm) // self.frame_bytes

    def go_to(self, at_ms: int) -> None:
        """Begin a session at another place, before which nothing is wanted any more."""
        self.cursor = min(self.present, at_ms * FRAMES_PER_MS)
        self._session_began_ms = at_ms

    def gap_ahead(self) -> tuple[int, int] | None:
        """Return a gap that the next sound may reach, in the session's time; each is told once."""
        if not self._gaps or self._gaps[0][0] > self.given_ms + AT_MOST_MS:
            return None
        start_ms, end_ms = (max(0, ms - self._session_began_ms) for ms in self._gaps.popleft())
        return start_ms, end_ms

    def _drop_first(self) -> bytes:
        _, pcm = self._recent.popleft()
        self._recent_frames -= len(pcm) // self.frame_bytes
        return pcm


def mixed(pcm: bytes, channels: int, wanted: int) -> bytes:
    """Return sound of so many channels with the wanted number: all alike, or their mean."""
    if channels == wanted:
        return pcm
    samples = np.frombuffer(pcm, dtype="<i2").reshape(-1, channels)
    mean: NDArray[np.int16] = samples.mean(axis=1).astype("<i2")
    return mean.tobytes()
