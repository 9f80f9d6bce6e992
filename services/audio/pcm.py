"""Readers of decoded sound: from a file by range, from an array, of one channel, of the mix."""

import threading
from typing import BinaryIO

import numpy as np

from services.audio.recording import PcmReader, Samples
from services.audio.samples import FULL_SCALE_16

BYTES_PER_SAMPLE = 2


class FilePcm:
    """Interleaved 16-bit PCM in a seekable binary file, read by range; safe across threads."""

    def __init__(self, file: BinaryIO, *, channels: int, frames: int) -> None:
        """Read from ``file``, which stays the caller's to close."""
        self._file = file
        self._channels = channels
        self._frames = frames
        self._lock = threading.Lock()

    @property
    def frames(self) -> int:
        """Number of sample frames."""
        return self._frames

    @property
    def channels(self) -> int:
        """Number of channels (1 or 2)."""
        return self._channels

    def read(self, start: int, stop: int, channel: int | None = None) -> Samples:
        """Return frames [start, stop) clipped to what exists, float32 in -1..1, shape [n]."""
        start, stop = max(0, start), min(stop, self._frames)
        if stop <= start:
            return np.zeros(0, np.float32)
        frame_bytes = BYTES_PER_SAMPLE * self._channels
        with self._lock:
            self._file.seek(start * frame_bytes)
            raw = self._file.read((stop - start) * frame_bytes)
        whole = raw[: len(raw) - len(raw) % frame_bytes]
        return _choose(np.frombuffer(whole, "<i2").reshape(-1, self._channels), channel)


class ArrayPcm:
    """Decoded sound in memory: float32 in -1..1, shape [n] or [n, channels]."""

    def __init__(self, samples: Samples) -> None:
        """Keep the array; it is not copied."""
        self._samples = samples if samples.ndim == 2 else samples[:, None]

    @property
    def frames(self) -> int:
        """Number of sample frames."""
        return len(self._samples)

    @property
    def channels(self) -> int:
        """Number of channels."""
        return int(self._samples.shape[1])

    def read(self, start: int, stop: int, channel: int | None = None) -> Samples:
        """Return frames [start, stop) clipped to what exists, shape [n]."""
        part = self._samples[max(0, start) : max(0, stop)]
        chosen = part.mean(axis=1) if channel is None else part[:, channel]
        return np.ascontiguousarray(chosen, dtype=np.float32)


class ChannelPcm:
    """One channel of another reader, or the mean of all, as a mono recording."""

    def __init__(self, pcm: PcmReader, channel: int | None = None) -> None:
        """Show only ``channel`` of ``pcm``, the mean of its channels when None."""
        self._pcm = pcm
        self._channel = channel

    @property
    def frames(self) -> int:
        """Number of sample frames."""
        return self._pcm.frames

    @property
    def channels(self) -> int:
        """Always one."""
        return 1

    def read(self, start: int, stop: int, channel: int | None = None) -> Samples:
        """Return frames [start, stop) of what is shown."""
        return self._pcm.read(start, stop, self._channel)


def _choose(
    interleaved: np.ndarray[tuple[int, int], np.dtype[np.int16]], channel: int | None
) -> Samples:
    if channel is not None:
        chosen = interleaved[:, channel].astype(np.float32)
    else:
        chosen = interleaved.mean(axis=1, dtype=np.float32)
    return np.asarray(chosen / np.float32(FULL_SCALE_16), dtype=np.float32)
