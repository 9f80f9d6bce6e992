"""Tapes: the sound of calls that are being held, on disk as it arrives.

A tape is one encrypted file. What its ``append`` has returned from survives the death of the
process, what its ``sync`` has returned from survives the loss of power.
"""

import fcntl
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from services.domain.errors import NotFound, WrongKey
from services.storage.keys import MasterKey, sync_folder
from services.storage.tape import Tape, TapeReader, translated, write_all
from services.storage.tape_records import HEADER_BYTES, RecordForm, TapeHeader

__all__ = ["Tape", "TapeReader", "TapeStore"]

SUFFIX = ".tape"
KEY_SUFFIX = ".tapekey"

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


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
        with translated():
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            file = os.open(path, flags, 0o600)
            try:
                fcntl.flock(file, fcntl.LOCK_EX)
                write_all(file, header.raw, 0)
                os.fsync(file)
                sync_folder(self._folder)
                return Tape(file, header, form)
            except BaseException:
                os.close(file)
                path.unlink(missing_ok=True)
                raise

    def resume(self, call_id: str) -> Tape:
        """Go on with a tape behind its last whole record, as when its process has died.

        Raises NotFound, WrongKey, DataDamaged, DiskFull, StorageError also while it is held.
        """
        with translated(), self._opened(call_id, os.O_RDWR) as (file, header, form):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            tape = Tape(file, header, form)
            os.ftruncate(file, tape.stored_bytes)
            return tape

    def open(self, call_id: str) -> TapeReader:
        """Open a tape to read it, whoever wrote it; a record that broke off is left out.

        Raises NotFound, WrongKey, DataDamaged for one whose beginning is damaged, StorageError.
        """
        with translated(), self._opened(call_id, os.O_RDONLY) as (file, header, form):
            return TapeReader(file, header, form)

    @contextmanager
    def _opened(self, call_id: str, flags: int) -> Iterator[tuple[int, TapeHeader, RecordForm]]:
        """Open a tape's file, which stays open unless the block fails."""
        try:
            file = os.open(self._path(call_id), flags | os.O_CLOEXEC)
        except FileNotFoundError:
            raise NotFound from None
        try:
            header = self._sealed_now(TapeHeader.read(file), call_id)
            if not self._master_key.knows(header.key.key_id):
                raise WrongKey
            yield file, header, RecordForm(header, self._master_key.unwrap(header.key, call_id))
        except BaseException:
            os.close(file)
            raise

    def delete(self, call_id: str) -> None:
        """Delete a tape, its key first; one that isn't there is as good as deleted."""
        path = self._path(call_id)
        with translated():
            # Without this one the tape's own header is what opens it.
            _shred(self._key_path(call_id))
        with translated(), suppress(FileNotFoundError):
            file = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
            try:
                write_all(file, bytes(HEADER_BYTES), 0)
                os.fdatasync(file)
            finally:
                os.close(file)
            path.unlink()

    def ids(self, *, older_than_s: float = 0.0) -> list[str]:
        """Return the ids of all calls that have a tape here, unchanged for so long."""
        before = time.time() - older_than_s
        with translated():
            found = sorted(self._folder.glob(f"*{SUFFIX}"))
            return [path.stem for path in found if _changed_at(path) <= before]

    def key_id(self, call_id: str) -> str:
        """Return which master key has sealed a tape's key. Raises NotFound, WrongKey."""
        try:
            file = os.open(self._path(call_id), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            raise NotFound from None
        try:
            return self._sealed_now(TapeHeader.read(file), call_id).key.key_id
        finally:
            os.close(file)

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

    def is_free(self, call_id: str) -> bool:
        """Say whether the call's tape is here, and no living process is writing it."""
        return self._path(call_id).exists() and not self.is_held(call_id)

    def rewrap(self, call_id: str) -> bool:
        """Seal a tape's key with the current master key, beside the tape; False if it is already.

        The tape itself stays as it is, also while somebody writes it. Raises NotFound, WrongKey.
        """
        with translated(), self._opened(call_id, os.O_RDONLY) as (file, header, _form):
            os.close(file)
        if header.key.key_id == self._master_key.current.key_id:
            return False
        fresh = TapeHeader.make(header.channels, self._master_key.rewrap(header.key, call_id))
        path = self._key_path(call_id)
        staged = path.with_suffix(".staged")
        with translated():
            with open(staged, "wb", opener=_private) as out:
                out.write(fresh.raw)
                out.flush()
                os.fsync(out.fileno())
            os.replace(staged, path)
            sync_folder(self._folder)
            if not self._path(call_id).exists():
                # It landed, or was deleted, meanwhile.
                _shred(path)
        return True

    def _sealed_now(self, header: TapeHeader, call_id: str) -> TapeHeader:
        """Return a tape's header with its key as it was sealed last."""
        try:
            beside = os.open(self._key_path(call_id), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return header
        try:
            return replace(header, key=TapeHeader.read(beside).key)
        finally:
            os.close(beside)

    def _key_path(self, call_id: str) -> Path:
        return self._path(call_id).with_suffix(KEY_SUFFIX)

    def _path(self, call_id: str) -> Path:
        if not _ID.fullmatch(call_id):
            raise NotFound
        return self._folder / f"{call_id}{SUFFIX}"


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, 0o600)


def _shred(path: Path) -> None:
    """Overwrite a key and delete its file, if it is there."""
    with suppress(FileNotFoundError):
        file = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            write_all(file, bytes(HEADER_BYTES), 0)
            os.fdatasync(file)
        finally:
            os.close(file)
        path.unlink()


def _changed_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
