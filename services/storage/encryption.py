"""Encryption of long streams: AES-256-GCM in chunks of 1 MiB, readable from any place.

Format: a header of 32 bytes (magic ``PLAE``, version, chunk size as a power of two, two zero
bytes, the key's fingerprint of 8 bytes, a random salt of 16 bytes), then the chunks, each followed
by its tag of 16 bytes. The stream's own key is derived from the data key and the salt. A chunk's
nonce is its number and whether it is the last one; header and purpose are authenticated with every
chunk. So a chunk that was changed, moved, swapped with another stream's, or made the last one by
cutting the stream short fails when it is read. There always is a last chunk; it is empty only in
an empty stream.
"""

import secrets
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.domain.errors import DataDamaged, WrongKey
from services.storage.keys import DataKey, MasterKey, WrappedKey
from services.streams import BinaryStream, BlockStream

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

__all__ = [
    "CHUNK_BYTES",
    "DataKey",
    "EncryptedReader",
    "EncryptedWriter",
    "MasterKey",
    "WrappedKey",
    "plain_size",
]

CHUNK_BITS = 20
CHUNK_BYTES = 1 << CHUNK_BITS
TAG_BYTES = 16
SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES
KEPT_CHUNKS = 2

_MAGIC = b"PLAE"
_VERSION = 1
_SALT_BYTES = 16
_HEADER = struct.Struct(">4sBBH8s16s")

RangeReader = Callable[[int, int], bytes]


class Sink(Protocol):
    """Where encrypted bytes go: all or nothing."""

    def write(self, data: bytes, /) -> object:
        """Take the next bytes."""

    def commit(self) -> None:
        """Make everything written visible and durable."""

    def abort(self) -> None:
        """Forget everything written."""


def _chunk_nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\1" if last else b"\0")


def _stream_cipher(key: DataKey, header: bytes) -> AESGCM:
    return AESGCM(key.derive("stream", salt=header[-_SALT_BYTES:]))


def plain_size(stored_size: int) -> int:
    """Return how many bytes are in an encrypted stream of ``stored_size`` bytes.

    Raises DataDamaged for a size that no complete stream has.
    """
    body = stored_size - _HEADER.size
    whole, rest = divmod(body, SEALED_CHUNK_BYTES)
    if body < TAG_BYTES or 0 < rest < TAG_BYTES or (whole and rest == TAG_BYTES):
        raise DataDamaged
    return whole * CHUNK_BYTES + (rest - TAG_BYTES if rest else 0)


class EncryptedWriter(BinaryStream):
    """A writable stream that passes encrypted chunks on to ``sink``.

    ``close()`` writes the last chunk and commits the sink. Leaving the ``with`` block by an
    exception, ``abort()``, or being dropped unclosed forget everything.
    """

    def __init__(self, sink: Sink, key: DataKey, *, purpose: str) -> None:
        """Write to ``sink`` what can be read back under the same key and purpose."""
        super().__init__()
        self._sink = sink
        self._header = _HEADER.pack(
            _MAGIC, _VERSION, CHUNK_BITS, 0, key.fingerprint, secrets.token_bytes(_SALT_BYTES)
        )
        self._cipher = _stream_cipher(key, self._header)
        self._bound_to = self._header + purpose.encode()
        self._pending = bytearray()
        self._number = 0
        self._written = 0
        self._is_open = True
        sink.write(self._header)

    def writable(self) -> bool:
        """Say that this stream can be written."""
        return True

    def tell(self) -> int:
        """Return how many bytes have been written."""
        return self._written

    def write(self, data: "ReadableBuffer", /) -> int:
        """Take all of ``data``. Raises what the sink raises (DiskFull, StorageError)."""
        if not self._is_open:
            raise ValueError("write to a closed stream")
        with memoryview(data) as view, view.cast("B") as taken:
            self._pending += taken
            size = len(taken)
        # A full chunk waits for the next byte, because only then it is not the last one.
        while len(self._pending) > CHUNK_BYTES:
            self._pass_on(bytes(self._pending[:CHUNK_BYTES]), last=False)
            del self._pending[:CHUNK_BYTES]
        self._written += size
        return size

    def _pass_on(self, plain: bytes, *, last: bool) -> None:
        nonce = _chunk_nonce(self._number, last)
        self._sink.write(self._cipher.encrypt(nonce, plain, self._bound_to))
        self._number += 1

    def close(self) -> None:
        """Write the last chunk and commit."""
        if self._is_open:
            self._is_open = False
            try:
                self._pass_on(bytes(self._pending), last=True)
                self._sink.commit()
            except BaseException:
                self._sink.abort()
                raise
            finally:
                self._pending.clear()
                super().close()

    def abort(self) -> None:
        """Forget everything written."""
        if self._is_open:
            self._is_open = False
            self._pending.clear()
            self._sink.abort()
            super().close()

    def __exit__(self, kind: object, *_exception: object) -> None:
        """Close at a clean end, abort after an exception."""
        if kind is None:
            self.close()
        else:
            self.abort()

    def __del__(self) -> None:
        """Abort: half a recording must never look like a whole one."""
        if getattr(self, "_is_open", False):
            self.abort()


class EncryptedReader(BlockStream):
    """A seekable stream of what an EncryptedWriter wrote.

    ``read_range(start, stop)`` returns stored bytes; ``stored_size`` is how many there are. Only
    the chunks that are touched are read and decrypted; the last ones stay in memory. Raises
    WrongKey for a stream of another key, DataDamaged when a chunk fails its check.
    """

    def __init__(
        self, read_range: RangeReader, stored_size: int, key: DataKey, *, purpose: str
    ) -> None:
        """Read the header and check that the key fits."""
        super().__init__(block_bytes=CHUNK_BYTES, kept_blocks=KEPT_CHUNKS)
        self._size = plain_size(stored_size)
        self._stored_size = stored_size
        self._read_range = read_range
        header = read_range(0, _HEADER.size)
        if len(header) != _HEADER.size:
            raise DataDamaged
        magic, version, chunk_bits, zero, fingerprint, _salt = _HEADER.unpack(header)
        if (magic, version, chunk_bits, zero) != (_MAGIC, _VERSION, CHUNK_BITS, 0):
            raise DataDamaged
        if fingerprint != key.fingerprint:
            raise WrongKey
        self._cipher = _stream_cipher(key, header)
        self._bound_to = header + purpose.encode()
        self._last_number = max(0, self._size - 1) // CHUNK_BYTES
        if not self._size:
            # No read would touch this one chunk, and a stream cut down to it would look empty.
            self._block(0)

    @property
    def size(self) -> int:
        """How many bytes the stream has."""
        return self._size

    def _fetch(self, number: int) -> bytes:
        start = _HEADER.size + number * SEALED_CHUNK_BYTES
        sealed = self._read_range(start, min(start + SEALED_CHUNK_BYTES, self._stored_size))
        nonce = _chunk_nonce(number, last=number == self._last_number)
        try:
            return self._cipher.decrypt(nonce, sealed, self._bound_to)
        except InvalidTag:
            raise DataDamaged from None
