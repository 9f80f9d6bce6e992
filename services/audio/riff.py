"""Whether a WAV file holds as much sound as its header promises.

The decoder library takes a shorter file as it is, so a recording that broke off would pass
unnoticed.
"""

import struct
from typing import BinaryIO

_CHUNK = struct.Struct("<4sI")
_FIRST_CHUNK = 12
_MOST_CHUNKS = 64
# Recorders that can't go back to write the length leave one of these.
_UNKNOWN_LENGTHS = frozenset({0, 0x7FFFFFFF, 0x7FFFF000, 0x80000000, 0xFFFFF000, 0xFFFFFFFF})


def missing_bytes(source: BinaryIO) -> int:
    """Return how many bytes of sound a WAV file lacks (0 for any other file)."""
    size = source.seek(0, 2)
    source.seek(0)
    head = source.read(_FIRST_CHUNK)
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        return 0
    at = _FIRST_CHUNK
    for _ in range(_MOST_CHUNKS):
        source.seek(at)
        raw = source.read(_CHUNK.size)
        if len(raw) < _CHUNK.size:
            return 0
        name, length = _CHUNK.unpack(raw)
        if name == b"data":
            return 0 if length in _UNKNOWN_LENGTHS else max(0, at + _CHUNK.size + length - size)
        at += _CHUNK.size + length + length % 2
    return 0
