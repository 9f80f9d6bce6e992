"""Which workers of this machine are alive: a lock says who may run, a heartbeat who does.

Both are files in one folder, ``<worker id>.lock`` and ``<worker id>.beat``. The system drops a
lock with its process however that ends, so an id whose lock is free belongs to nobody.
"""

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from urllib.parse import quote, unquote

from services.domain.errors import WorkerRunning

BEAT_EVERY_S = 2.0
DEAD_AFTER_S = 15.0
RETRY_LOCK_S = 0.1
# Whoever looks whether a worker is gone has its lock for a moment.
LOOKING_TAKES_S = 0.3


class WorkerPresence:
    """The presence of one worker id in the folder of workers."""

    def __init__(self, folder: Path, worker_id: str) -> None:
        """Name the folder, made when needed, and the worker."""
        name = quote(worker_id, safe="")
        self._folder = folder
        self._lock_path = folder / f"{name}.lock"
        self._beat_path = folder / f"{name}.beat"

    @contextmanager
    def hold(self, *, wait_s: float = 0.0) -> Iterator[None]:
        """Hold the lock and beat until the block ends.

        Waits up to ``wait_s`` for a predecessor to go. Raises WorkerRunning when it stays.
        """
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(self._lock_path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            self._lock(handle, wait_s)
            stop = threading.Event()
            beat = threading.Thread(target=self._beat, args=(stop,), name="heartbeat", daemon=True)
            beat.start()
            try:
                yield
            finally:
                stop.set()
                beat.join()
                self._beat_path.unlink(missing_ok=True)
        finally:
            os.close(handle)

    def _lock(self, handle: int, wait_s: float) -> None:
        give_up_at = time.monotonic() + max(wait_s, LOOKING_TAKES_S)
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= give_up_at:
                    raise WorkerRunning from None
                time.sleep(RETRY_LOCK_S)
            else:
                return

    def _beat(self, stop: threading.Event) -> None:
        while True:
            # A full disk must not end the heartbeat: touching an existing file needs no space.
            with suppress(OSError):
                self._beat_path.touch()
            if stop.wait(BEAT_EVERY_S):
                return


def is_any_worker_alive(folder: Path) -> bool:
    """Say whether a worker of this folder has shown itself lately and still holds its lock."""
    oldest = time.time() - DEAD_AFTER_S
    return any(
        _modified_s(beat) > oldest and not is_gone(folder, unquote(beat.stem))
        for beat in folder.glob("*.beat")
    )


class LockState(StrEnum):
    """What the lock of a worker says on this machine; UNKNOWN: it never was here."""

    HELD = "held"
    FREE = "free"
    UNKNOWN = "unknown"


def lock_state(folder: Path, worker_id: str) -> LockState:
    """Return what the lock of a worker says on this machine."""
    path = folder / f"{quote(worker_id, safe='')}.lock"
    try:
        handle = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return LockState.UNKNOWN
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return LockState.HELD
    finally:
        os.close(handle)
    return LockState.FREE


def is_gone(folder: Path, worker_id: str) -> bool:
    """Say whether a worker that once ran on this machine runs no more; False when unknown."""
    return lock_state(folder, worker_id) is LockState.FREE


@contextmanager
def file_alone(folder: Path, what: str) -> Iterator[bool]:
    """Be the only process of this machine that does this; False when another does it now."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(folder / f"{quote(what, safe='')}.alone", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(handle)


def _modified_s(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
