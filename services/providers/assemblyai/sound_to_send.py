"""What is uploaded of a recording, and a file that tells how far it has been read."""

import io
from collections.abc import Callable, Iterator
from typing import BinaryIO

from services.audio.recording import Recording
from services.audio.wav import WavStream

# Formats that have no header, which the service could not tell from noise.
_HEADERLESS = frozenset(["g722", "gsm", "mulaw", "alaw", "sln", "s16le", "pcm"])


class WatchedFile:
    """A file that tells how much of it has been read; what that raises ends the reading."""

    def __init__(self, file: BinaryIO, on_read: Callable[[int], None]) -> None:
        """Read from this file; ``on_read`` is told its place after each piece."""
        self._file = file
        self._on_read = on_read

    def __iter__(self) -> Iterator[bytes]:
        """Yield the file in pieces."""
        while piece := self.read(65_536):
            yield piece

    def read(self, size: int = -1) -> bytes:
        """Read a piece and tell."""
        piece = self._file.read(size)
        self._on_read(self._file.tell())
        return piece

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the place."""
        return self._file.tell()


def sound_of(recording: Recording) -> BinaryIO:
    """Return what is uploaded: the recording as it came in where that says all, else a WAV of it.

    Formats without a header and recordings of which not all channels were kept go as decoded.
    """
    facts = recording.facts
    told = {facts.container.casefold(), *facts.container.casefold().split(",")}
    if not told & _HEADERLESS and facts.channels == recording.pcm.channels:
        return recording.open_source()
    return io.BufferedReader(WavStream(recording.pcm))
