"""Binary streams that can be read from any place, of what is fetched piece by piece."""

import io
from collections import OrderedDict
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

    class BinaryStream(io.RawIOBase, BinaryIO):
        """A raw stream that type checkers accept wherever a binary file is wanted."""
else:
    BinaryStream = io.RawIOBase


class SeekableStream(BinaryStream):
    """A stream that is read from wherever one likes; who makes one says how.

    Raises ValueError for places before the beginning and once it is closed.
    """

    _at = 0

    @property
    def size(self) -> int:
        """How many bytes it has."""
        raise NotImplementedError

    def read_at(self, start: int, count: int) -> bytes:
        """Return up to ``count`` bytes from ``start``, none only at the end."""
        raise NotImplementedError

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def seekable(self) -> bool:
        """Say that it can be read from any place."""
        return True

    def tell(self) -> int:
        """Return where the next read begins."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Set where the next read begins; beyond the end nothing is read."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        if base + offset < 0:
            raise ValueError("negative position")
        self._at = base + offset
        return self._at

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Fill the buffer as far as ``read_at`` goes; 0 means the end."""
        if self.closed:
            raise ValueError("read from a closed stream")
        with memoryview(buffer) as view, view.cast("B") as room:
            found = self.read_at(self._at, len(room))
            room[: len(found)] = found
        self._at += len(found)
        return len(found)

    def write(self, content: "ReadableBuffer", /) -> int:
        """Refuse, unless there is another way."""
        raise io.UnsupportedOperation("read only")


class BlockStream(SeekableStream):
    """A stream fetched in blocks of one size; the latest few stay in memory."""

    def __init__(self, *, block_bytes: int, kept_blocks: int) -> None:
        """Nothing is fetched yet."""
        super().__init__()
        self._block_bytes = block_bytes
        self._kept_blocks = kept_blocks
        self._kept: OrderedDict[int, bytes] = OrderedDict()

    def read_at(self, start: int, count: int) -> bytes:
        """Return up to ``count`` bytes from ``start``, fewer only at the end."""
        return self._read_blocks(start, min(self.size, start + count))

    def close(self) -> None:
        """Keep nothing in memory any longer."""
        self._kept.clear()
        super().close()

    def _fetch(self, number: int) -> bytes:
        """Return block ``number``; only the last may be shorter."""
        raise NotImplementedError

    def _read_blocks(self, start: int, stop: int) -> bytes:
        parts = []
        while start < stop:
            number, offset = divmod(start, self._block_bytes)
            part = self._block(number)[offset : offset + stop - start]
            if not part:
                break
            parts.append(part)
            start += len(part)
        return b"".join(parts)

    def _block(self, number: int) -> bytes:
        if number in self._kept:
            self._kept.move_to_end(number)
            return self._kept[number]
        block = self._kept[number] = self._fetch(number)
        if len(self._kept) > self._kept_blocks:
            self._kept.popitem(last=False)
        return block
