"""Decoded sound whose reading is watched, for progress and so that it can be stopped."""

from collections.abc import Callable

from services.audio.recording import PcmReader, Samples


class WatchedPcm:
    """Tells how far it has been read before each read; whatever that raises ends the reading."""

    def __init__(self, pcm: PcmReader, on_read: Callable[[float], None]) -> None:
        """Read from ``pcm``; ``on_read`` gets the place that is read to, in 0..1 of the whole."""
        self._pcm = pcm
        self._on_read = on_read

    @property
    def frames(self) -> int:
        """Number of sample frames."""
        return self._pcm.frames

    @property
    def channels(self) -> int:
        """Number of channels."""
        return self._pcm.channels

    def read(self, start: int, stop: int, channel: int | None = None) -> Samples:
        """Return frames [start, stop) as ``pcm`` does."""
        self._on_read(min(1.0, stop / max(1, self._pcm.frames)))
        return self._pcm.read(start, stop, channel)
