"""Keeps two backups, or restores, of one installation on one machine from running together."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.domain.errors import UpkeepRunning


@contextmanager
def upkeep_folder(data_folder: Path) -> Iterator[Path]:
    """Give a private folder for copies of the database; what is in it goes, also after a kill.

    Raises UpkeepRunning while another process has it.
    """
    folder = data_folder / "upkeep"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(data_folder / "upkeep.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UpkeepRunning from None
        # Whoever was killed left a copy behind.
        _empty(folder)
        try:
            yield folder
        finally:
            _empty(folder)
    finally:
        os.close(handle)


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
