"""Decoded sound as a WAV file that is made while it is read, so that it takes no room."""

import io
import struct
from typing import Any

import numpy as np

from services.audio.pcm import BYTES_PER_SAMPLE
from services.audio.recording import SAMPLE_RATE, PcmReader
from services.audio.samples import to_int16

MOST_BYTES = 0xFFFF_FFFF
_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
_PCM_FORMAT = 1
_FORMAT_BYTES = 16


class WavStream(io.RawIOBase):
    """A seekable WAV file (16 bit, 16 kHz) of what a reader holds."""

    def __init__(self, pcm: PcmReader) -> None:
        """Read from ``pcm``, which has to stay readable."""
        self._pcm = pcm
        self._frame_bytes = BYTES_PER_SAMPLE * pcm.channels
        self._header = wav_header(pcm.channels, pcm.frames)
        self._size = len(self._header) + pcm.frames * self._frame_bytes
        self._at = 0

    def readable(self) -> bool:
        """Say yes."""
        return True

    def seekable(self) -> bool:
        """Say yes."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a byte, counted from the start, from here, or from the end."""
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, origin + offset)
        return self._at

    def tell(self) -> int:
        """Return the byte that is read next."""
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer as far as the file goes; 0 at its end."""
        room = memoryview(buffer).cast("B")
        content = self._bytes(self._at, min(self._at + len(room), self._size))
        room[: len(content)] = content
        self._at += len(content)
        return len(content)

    def _bytes(self, start: int, stop: int) -> bytes:
        head = self._header[start:stop]
        start, stop = (max(0, at - len(self._header)) for at in (start, stop))
        if stop <= start:
            return head
        first, last = start // self._frame_bytes, -(-stop // self._frame_bytes)
        tracks = [self._pcm.read(first, last, c) for c in range(self._pcm.channels)]
        sound = to_int16(np.stack(tracks, axis=1)).astype("<i2").tobytes()
        offset = first * self._frame_bytes
        return head + sound[start - offset : stop - offset]


def wav_header(channels: int, frames: int) -> bytes:
    """Return what stands before the samples in a WAV file (16 bit, 16 kHz).

    A length beyond what the form can say is said to be the most it can; readers go on to the end.
    """
    frame_bytes = BYTES_PER_SAMPLE * channels
    sound_bytes = frames * frame_bytes
    return _HEADER.pack(
        b"RIFF",
        min(MOST_BYTES, sound_bytes + _HEADER.size - 8),
        b"WAVE",
        b"fmt ",
        _FORMAT_BYTES,
        _PCM_FORMAT,
        channels,
        SAMPLE_RATE,
        SAMPLE_RATE * frame_bytes,
        frame_bytes,
        8 * BYTES_PER_SAMPLE,
        b"data",
        min(MOST_BYTES, sound_bytes),
    )
