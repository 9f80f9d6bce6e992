"""Sound of telephone lines: 8 kHz µ-law on one or two tracks becomes what our recognisers take."""

import numpy as np
from numpy.typing import NDArray

from services.audio.samples import ToSixteenKilohertz, to_int16

LINE_RATE = 8_000
LINE_FRAMES_PER_MS = LINE_RATE // 1_000
MULAW_SILENCE = b"\xff"
WAITS_MS = 400
MOST_AHEAD_MS = 10 * 60_000
FULL_SCALE = 32_768.0

Line16 = NDArray[np.int16]


def _table() -> Line16:
    """Return what each µ-law byte stands for, by the recommendation G.711."""
    code = ~np.arange(256, dtype=np.uint8)
    exponent = ((code >> 4) & 0x07).astype(np.int32)
    mantissa = (code & 0x0F).astype(np.int32)
    magnitude = (((mantissa << 3) + 0x84) << exponent) - 0x84
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


_DECODED = _table()


def from_mulaw(sound: bytes) -> Line16:
    """Return µ-law bytes as 16-bit samples."""
    return _DECODED[np.frombuffer(sound, dtype=np.uint8)]


class LineSound:
    """Puts chunks of several tracks together by their times, and gives them on at 16 kHz.

    What is missing of a track is silence. A track that lags is waited for, but not longer than
    400 ms of the others; what it sends of a time that was given on already is left out.
    """

    def __init__(self, tracks: int) -> None:
        """Take how many tracks there are; each becomes a channel."""
        self._tracks = tracks
        self._given = 0
        self._reach = [0] * tracks
        self._held = np.zeros((0, tracks), dtype=np.int16)
        self._is_held = np.zeros((0, tracks), dtype=np.bool_)
        self._resampled = ToSixteenKilohertz(tracks)
        self.late_frames = 0
        """How many frames of a track came too late, or from a time out of reach."""
        self.missing_frames = 0
        """How many frames of a track had not come when they were given on; they are silence."""

    @property
    def given_ms(self) -> int:
        """How much sound was given on, in milliseconds."""
        return self._given // LINE_FRAMES_PER_MS

    @property
    def given_frames(self) -> int:
        """How much sound was given on, in frames at 8 kHz."""
        return self._given

    def put(self, track: int, at_frame: int, samples: Line16) -> None:
        """Put a chunk at its place, counted in frames at 8 kHz from the beginning.

        One that lies too far in the future, or before the beginning, is left out.
        """
        end = at_frame + len(samples)
        if at_frame < 0 or end > self._given + MOST_AHEAD_MS * LINE_FRAMES_PER_MS:
            self.late_frames += len(samples)
            return
        late = min(len(samples), max(0, self._given - at_frame))
        self.late_frames += late
        samples, at_frame = samples[late:], at_frame + late
        if not len(samples):
            return
        self._hold(end)
        begin = at_frame - self._given
        self._held[begin : begin + len(samples), track] = samples
        self._is_held[begin : begin + len(samples), track] = True
        self._reach[track] = max(self._reach[track], end)

    def ready(self) -> bytes:
        """Return the sound that all tracks have, 16-bit PCM at 16 kHz, channels interleaved."""
        waited = max(self._reach) - WAITS_MS * LINE_FRAMES_PER_MS
        return self._give(max(min(self._reach), waited) - self._given)

    def rest(self) -> bytes:
        """Return all that is left; nothing may follow."""
        last = self._give(max(self._reach) - self._given)
        return last + to_int16(self._resampled.flush()).astype("<i2").tobytes()

    def _hold(self, end: int) -> None:
        more = end - self._given - len(self._held)
        if more > 0:
            nothing = np.zeros((more, self._tracks), dtype=np.int16)
            self._held = np.concatenate((self._held, nothing))
            self._is_held = np.concatenate((self._is_held, nothing.astype(np.bool_)))

    def _give(self, frames: int) -> bytes:
        if frames <= 0:
            return b""
        given, self._held = self._held[:frames], self._held[frames:]
        came, self._is_held = self._is_held[:frames], self._is_held[frames:]
        self.missing_frames += came.size - int(np.count_nonzero(came))
        self._given += frames
        ready = self._resampled.feed(given.astype(np.float32) / FULL_SCALE, LINE_RATE)
        return to_int16(ready).astype("<i2").tobytes()
