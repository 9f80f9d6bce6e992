"""The form of a tape: a header, then one record for every piece of sound.

The header holds the number of channels and the call's data key, wrapped by the master key. A record
has a head of 32 bytes (mark, first frame, number of frames, nonce, checksum of all this), then the
sealed samples with their tag. File header and record head are authenticated with the samples, so
that a record can't be moved, changed or passed off as another tape's. The mark and the checksum
find the next whole record behind a damaged one.
"""

import os
import secrets
import struct
import zlib
from dataclasses import dataclass
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.domain.errors import DataDamaged
from services.storage.keys import DataKey, WrappedKey

TAG_BYTES = 16
BYTES_PER_SAMPLE = 2
MOST_RECORD_FRAMES = 1 << 20
SEARCH_BYTES = 1 << 20

_MAGIC = b"PLTAPE"
_VERSION = 1
_MARK = b"\xf1PLT"
_NONCE_BYTES = 12
_HEADER = struct.Struct(">6sBBH64s256s")
_HEAD = struct.Struct(">4sQI12s")
_SUM = struct.Struct(">I")

HEAD_BYTES = _HEAD.size + _SUM.size


@dataclass(frozen=True, kw_only=True)
class TapeHeader:
    """What a tape says of itself. ``raw`` is what it is written as."""

    channels: int
    key: WrappedKey
    raw: bytes

    @classmethod
    def make(cls, channels: int, key: WrappedKey) -> Self:
        """Return the header of a tape with this key."""
        raw = _HEADER.pack(
            _MAGIC, _VERSION, channels, len(key.sealed), key.key_id.encode("ascii"), key.sealed
        )
        return cls(channels=channels, key=key, raw=raw + _SUM.pack(zlib.crc32(raw)))

    @classmethod
    def read(cls, file: int) -> Self:
        """Read the header of an open file. Raises DataDamaged when there is none."""
        raw = os.pread(file, HEADER_BYTES, 0)
        if (
            len(raw) != HEADER_BYTES
            or _SUM.pack(zlib.crc32(raw[: -_SUM.size])) != raw[-_SUM.size :]
        ):
            raise DataDamaged
        magic, version, channels, size, key_id, sealed = _HEADER.unpack(raw[: -_SUM.size])
        if (magic, version) != (_MAGIC, _VERSION):
            raise DataDamaged
        key = WrappedKey(key_id=key_id.rstrip(b"\0").decode("ascii"), sealed=sealed[:size])
        return cls(channels=channels, key=key, raw=raw)


HEADER_BYTES = _HEADER.size + _SUM.size


@dataclass(frozen=True, kw_only=True)
class RecordHead:
    """Where a record lies in the file, and which frames [first, last) it holds."""

    offset: int
    first: int
    last: int
    raw: bytes

    @property
    def nonce(self) -> bytes:
        """The record's own; never used again under the same key."""
        nonce: bytes = _HEAD.unpack(self.raw[: _HEAD.size])[3]
        return nonce


class RecordForm:
    """Writes and reads the records of one tape."""

    def __init__(self, header: TapeHeader, key: DataKey) -> None:
        """Seal with a key derived from the call's ``key``."""
        self._cipher = AESGCM(key.derive("tape"))
        self._bound_to = header.raw
        self.frame_bytes = BYTES_PER_SAMPLE * header.channels

    def seal(self, first: int, pcm: bytes) -> bytes:
        """Return the record that holds ``pcm`` from frame ``first`` on."""
        head = _HEAD.pack(
            _MARK, first, len(pcm) // self.frame_bytes, secrets.token_bytes(_NONCE_BYTES)
        )
        head += _SUM.pack(zlib.crc32(head))
        nonce = head[_HEAD.size - _NONCE_BYTES : _HEAD.size]
        return head + self._cipher.encrypt(nonce, pcm, self._bound_to + head)

    def stored_bytes(self, frames: int) -> int:
        """Return how many bytes a record of so many frames takes."""
        return HEAD_BYTES + frames * self.frame_bytes + TAG_BYTES

    def end_of(self, head: RecordHead) -> int:
        """Return where in the file a record ends."""
        return head.offset + self.stored_bytes(head.last - head.first)

    def head_at(self, file: int, offset: int) -> RecordHead | None:
        """Return the head at this place of the file, None where there is no whole one."""
        return _head(os.pread(file, HEAD_BYTES, offset), offset)

    def next_head(self, file: int, offset: int, *, after_frame: int) -> RecordHead | None:
        """Look from a place in the file for the next head that goes on at or after a frame."""
        while block := os.pread(file, SEARCH_BYTES + HEAD_BYTES, offset):
            at = block.find(_MARK)
            while 0 <= at < SEARCH_BYTES:
                head = _head(block[at : at + HEAD_BYTES], offset + at)
                if head is not None and head.first >= after_frame:
                    return head
                at = block.find(_MARK, at + 1)
            offset += SEARCH_BYTES
        return None

    def open(self, file: int, head: RecordHead) -> bytes | None:
        """Return the samples of a record, None when they are damaged or not all there."""
        size = (head.last - head.first) * self.frame_bytes + TAG_BYTES
        sealed = os.pread(file, size, head.offset + HEAD_BYTES)
        try:
            return self._cipher.decrypt(head.nonce, sealed, self._bound_to + head.raw)
        except (InvalidTag, ValueError):
            return None


def _head(raw: bytes, offset: int) -> RecordHead | None:
    if len(raw) != HEAD_BYTES or raw[-_SUM.size :] != _SUM.pack(zlib.crc32(raw[: _HEAD.size])):
        return None
    mark, first, frames, _nonce = _HEAD.unpack(raw[: _HEAD.size])
    if mark != _MARK or not 0 < frames <= MOST_RECORD_FRAMES:
        return None
    return RecordHead(offset=offset, first=first, last=first + frames, raw=raw)
