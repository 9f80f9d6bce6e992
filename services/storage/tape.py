"""One tape: the sound of a call that is being held, written from start to end, read from anywhere.

Sound is 16-bit little-endian PCM at 16 kHz, its channels interleaved; a frame is one sample of
each.
"""

import bisect
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Self

from services.domain.errors import DiskFull, StorageError
from services.storage.keys import WrappedKey
from services.storage.tape_records import (
    HEADER_BYTES,
    MOST_RECORD_FRAMES,
    RecordForm,
    RecordHead,
    TapeHeader,
)

BLOCK_FRAMES = 1 << 16
# The place of a record is noted every so many frames; from there reading goes from head to head.
NOTED_EVERY_FRAMES = 160_000

_NO_SPACE_ERRORS = frozenset({27, 28, 122})


class TapeReader:
    """A tape that is read. Raises StorageError when the disk can't.

    ``key`` is the call's data key, wrapped: its later Call is to have the same. A record that is
    damaged is silence of its length; ``lost`` says where, in frames, of what has been read so far.
    """

    def __init__(self, file: int, header: TapeHeader, form: RecordForm) -> None:
        """Read from this open file, which is closed with the tape."""
        self._file = file
        self._form = form
        self._lock = threading.RLock()
        self._is_open = True
        self._end = HEADER_BYTES
        self._frames = 0
        self._noted: list[tuple[int, int]] = []
        self._lost: dict[int, int] = {}
        self.channels = header.channels
        self.key: WrappedKey = header.key
        for head in self._heads():
            self._note(head)

    @property
    def frames(self) -> int:
        """How many frames the tape holds."""
        return self._frames

    @property
    def stored_bytes(self) -> int:
        """Up to where the file holds whole records."""
        return self._end

    @property
    def lost(self) -> tuple[tuple[int, int], ...]:
        """The frames [first, last) that could not be read and are silence, joined, in order."""
        joined: list[tuple[int, int]] = []
        for first, last in sorted(self._lost.items()):
            if joined and joined[-1][1] >= first:
                joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
            else:
                joined.append((first, last))
        return tuple(joined)

    def read(self, first_frame: int, last_frame: int) -> bytes:
        """Return the sound of frames [first, last), as far as they exist."""
        first, last = max(0, first_frame), min(last_frame, self._frames)
        return b"".join(self._parts(first, last)) if first < last else b""

    def blocks(self, first_frame: int = 0) -> Iterator[bytes]:
        """Yield all sound from a frame on, in blocks of about four seconds."""
        while sound := self.read(first_frame, first_frame + BLOCK_FRAMES):
            yield sound
            first_frame += BLOCK_FRAMES

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._is_open:
                self._is_open = False
                os.close(self._file)

    def __enter__(self) -> Self:
        """Use it in a ``with`` block."""
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def _parts(self, first: int, last: int) -> Iterator[bytes]:
        size = self._form.frame_bytes
        with self._lock, translated():
            if not self._is_open:
                raise ValueError("the tape is closed")
            for head in self._heads(first):
                if head.first >= last:
                    break
                # What lies before the record was damaged so much that not even its head was found.
                yield self._silence(first, min(head.first, last))
                first = max(first, head.first)
                sound = self._form.open(self._file, head)
                if sound is None:
                    yield self._silence(first, min(head.last, last))
                else:
                    yield sound[(first - head.first) * size : (last - head.first) * size]
                first = max(first, min(head.last, last))

    def _silence(self, first: int, last: int) -> bytes:
        if first >= last:
            return b""
        self._lost[first] = max(last, self._lost.get(first, 0))
        return bytes((last - first) * self._form.frame_bytes)

    def _heads(self, from_frame: int = 0) -> Iterator[RecordHead]:
        """Yield the heads of whole records, of those that end behind a frame."""
        at = bisect.bisect_right(self._noted, (from_frame, HEADER_BYTES)) - 1
        offset = self._noted[at][1] if at >= 0 else HEADER_BYTES
        size, reached = os.fstat(self._file).st_size, 0
        while True:
            head = self._form.head_at(self._file, offset)
            if head is None or head.first < reached:
                head = self._form.next_head(self._file, offset + 1, after_frame=reached)
            if head is None or self._form.end_of(head) > size:
                return
            if head.last > from_frame:
                yield head
            offset, reached = self._form.end_of(head), head.last

    def _note(self, head: RecordHead) -> None:
        if not self._noted or head.first >= self._noted[-1][0] + NOTED_EVERY_FRAMES:
            self._noted.append((head.first, head.offset))
        self._frames, self._end = head.last, self._form.end_of(head)


class Tape(TapeReader):
    """A tape that is written, and can be read meanwhile. Safe across threads.

    It is held by this process until it is closed, and let go of by the system when that dies.
    """

    def append(self, pcm: bytes) -> None:
        """Write whole frames at the end; they are there when this returns, or none of them.

        Raises DiskFull, StorageError.
        """
        if not pcm or len(pcm) % self._form.frame_bytes:
            raise ValueError("a tape takes whole frames")
        most = MOST_RECORD_FRAMES * self._form.frame_bytes
        for start in range(0, len(pcm), most):
            self._put(pcm[start : start + most])

    def sync(self) -> None:
        """Have the disk keep what has been written, unless it is closed. Raises StorageError."""
        with translated():
            with self._lock:
                if not self._is_open:
                    return
                # A handle of its own: the disk takes its time, and nobody waits for it to append.
                file = os.dup(self._file)
            try:
                os.fdatasync(file)
            finally:
                os.close(file)

    def _put(self, pcm: bytes) -> None:
        with self._lock:
            if not self._is_open:
                raise ValueError("the tape is closed")
            record = self._form.seal(self._frames, pcm)
            frames = len(pcm) // self._form.frame_bytes
            head = RecordHead(
                offset=self._end, first=self._frames, last=self._frames + frames, raw=b""
            )
            try:
                write_all(self._file, record, self._end)
            except OSError as error:
                with suppress(OSError):
                    os.ftruncate(self._file, self._end)
                raise _storage_error(error) from None
            self._note(head)


@contextmanager
def translated() -> Iterator[None]:
    """Have the system's errors in the block be raised as DiskFull or StorageError."""
    try:
        yield
    except OSError as error:
        raise _storage_error(error) from None


def write_all(file: int, content: bytes, at: int) -> None:
    """Write all of the content at this place of an open file. Raises OSError."""
    rest = memoryview(content)
    while rest:
        written = os.pwrite(file, rest, at)
        rest, at = rest[written:], at + written


def _storage_error(error: OSError) -> StorageError:
    return DiskFull() if error.errno in _NO_SPACE_ERRORS else StorageError()
