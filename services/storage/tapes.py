"""Tapes: the sound of calls that are being held, on disk as it arrives.

A tape is one encrypted file, written from start to end. What ``append`` has returned from survives
the death of the process, what ``sync`` has returned from survives the loss of power. Sound is
16-bit little-endian PCM at 16 kHz, its channels interleaved; a frame is one sample of each.
"""

import bisect
import fcntl
import os
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from services.domain.errors import DiskFull, NotFound, StorageError, WrongKey
from services.storage.keys import MasterKey, WrappedKey, sync_folder
from services.storage.tape_records import (
    HEADER_BYTES,
    MOST_RECORD_FRAMES,
    RecordForm,
    RecordHead,
    TapeHeader,
)

SUFFIX = ".tape"
BLOCK_FRAMES = 1 << 16
# The place of a record is noted every so many frames; from there reading goes from head to head.
NOTED_EVERY_FRAMES = 160_000

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
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
        with self._lock, _translated():
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
        """Have the disk keep what has been written. Raises StorageError."""
        with _translated():
            os.fdatasync(self._file)

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
                _write_all(self._file, record, self._end)
            except OSError as error:
                with suppress(OSError):
                    os.ftruncate(self._file, self._end)
                raise _storage_error(error) from None
            self._note(head)


class TapeStore:
    """The tapes in one folder, which belongs to this machine."""

    def __init__(self, folder: Path, master_key: MasterKey) -> None:
        """Keep tapes in ``folder``, made when missing, under keys that ``master_key`` wraps."""
        self._folder = folder
        self._master_key = master_key

    def create(self, call_id: str, channels: int) -> Tape:
        """Begin a call's tape. Raises DiskFull, StorageError, also when there is one already."""
        path = self._path(call_id)
        wrapped = self._master_key.new_data_key(call_id)
        header = TapeHeader.make(channels, wrapped)
        form = RecordForm(header, self._master_key.unwrap(wrapped, call_id))
        with _translated():
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            file = os.open(path, flags, 0o600)
            try:
                fcntl.flock(file, fcntl.LOCK_EX)
                _write_all(file, header.raw, 0)
                os.fsync(file)
                sync_folder(self._folder)
                return Tape(file, header, form)
            except BaseException:
                os.close(file)
                path.unlink(missing_ok=True)
                raise

    def open(self, call_id: str) -> TapeReader:
        """Open a tape to read it, whoever wrote it; a record that broke off is left out.

        Raises NotFound, WrongKey, DataDamaged for one whose beginning is damaged, StorageError.
        """
        with _translated():
            try:
                file = os.open(self._path(call_id), os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                raise NotFound from None
            try:
                header = TapeHeader.read(file)
                if header.key.key_id != self._master_key.key_id:
                    raise WrongKey
                form = RecordForm(header, self._master_key.unwrap(header.key, call_id))
                return TapeReader(file, header, form)
            except BaseException:
                os.close(file)
                raise

    def delete(self, call_id: str) -> None:
        """Delete a tape, its key with it; one that isn't there is as good as deleted."""
        with _translated():
            self._path(call_id).unlink(missing_ok=True)

    def ids(self, *, older_than_s: float = 0.0) -> list[str]:
        """Return the ids of all calls that have a tape here, unchanged for so long."""
        before = time.time() - older_than_s
        with _translated():
            found = sorted(self._folder.glob(f"*{SUFFIX}"))
            return [path.stem for path in found if _changed_at(path) <= before]

    def is_held(self, call_id: str) -> bool:
        """Say whether a living process, this one included, is writing the call's tape."""
        try:
            file = os.open(self._path(call_id), os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(file)
        return False

    def _path(self, call_id: str) -> Path:
        if not _ID.fullmatch(call_id):
            raise NotFound
        return self._folder / f"{call_id}{SUFFIX}"


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _storage_error(error) from None


def _write_all(file: int, content: bytes, at: int) -> None:
    rest = memoryview(content)
    while rest:
        written = os.pwrite(file, rest, at)
        rest, at = rest[written:], at + written


def _changed_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _storage_error(error: OSError) -> StorageError:
    return DiskFull() if error.errno in _NO_SPACE_ERRORS else StorageError()
