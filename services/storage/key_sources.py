"""Where the master key comes from: a setting, a command, or a file, and how one replaces another.

A file is looked at again whenever something is sealed or can't be opened, so that processes that
run go over to a new key by themselves. The key that it replaces lies beside it until nothing needs
it any more.
"""

import os
import shlex
import subprocess
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from services.domain.errors import KeyCommandFailed, WrongKey
from services.storage.keys import MasterKey, make_key_file, sync_folder

COMMAND_WITHIN_S = 20.0
MOST_COMMAND_BYTES = 4096


class GivenKeys:
    """A key that was set, and those it has replaced, which only open."""

    def __init__(self, key: MasterKey, previous: Iterable[MasterKey]) -> None:
        """Seal with ``key``."""
        self._key = key
        self._known = {one.key_id: one for one in (key, *previous)}

    def current(self) -> MasterKey:
        """Return the key that was set."""
        return self._key

    def find(self, key_id: str) -> MasterKey | None:
        """Return a key that was given."""
        return self._known.get(key_id)

    @property
    def is_only_one(self) -> bool:
        """Whether none was given that this one has replaced."""
        return len(self._known) == 1


class KeyFile:
    """A key in a file, made when missing, and the one it has replaced beside it."""

    def __init__(self, path: Path) -> None:
        """Read this file now. Raises WrongKey, StorageError."""
        self._path = path
        self._previous = path.with_name(f"{path.name}.previous")
        self._next = path.with_name(f"{path.name}.next")
        self._key = MasterKey.from_file(path)
        self._seen = self._mark()

    def current(self) -> MasterKey:
        """Return the file's key as it is now."""
        mark = self._mark()
        if mark is not None and mark != self._seen:
            self._key, self._seen = MasterKey.from_file(self._path), mark
        return self._key

    def find(self, key_id: str) -> MasterKey | None:
        """Return the file's key, or the previous one, whichever has this name."""
        for key in (self.current(), self.previous()):
            if key is not None and key.key_id == key_id:
                return key
        return None

    def previous(self) -> MasterKey | None:
        """Return the key that was replaced, while it is kept."""
        return MasterKey.from_file(self._previous) if self._previous.exists() else None

    @property
    def is_only_one(self) -> bool:
        """Whether no key is kept that this one has replaced."""
        return self.previous() is None

    def replace(self) -> bool:
        """Put a fresh key in the place of this one, which stays beside it; durable on return.

        Returns False when one has been replaced already whose successor is this one.
        """
        previous = self.previous()
        if previous is not None and previous.key_id != self.current().key_id:
            return False
        if not self._next.exists():
            make_key_file(self._next)
        # One that broke off may have left it: the time since the file was replaced counts.
        os.utime(self._next)
        if previous is None:
            os.link(self._path, self._previous)
            sync_folder(self._path.parent)
        os.replace(self._next, self._path)
        sync_folder(self._path.parent)
        return True

    def forget_previous(self) -> None:
        """Delete the key that was replaced."""
        self._previous.unlink(missing_ok=True)
        sync_folder(self._path.parent)

    def _mark(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino


def load_master_key(
    setting: str | None, command: str | None, key_file: Path, previous: str | None = None
) -> MasterKey:
    """Return the key of the setting, else of the command, else of the file, made when missing.

    ``previous`` are keys between commas that it has replaced, which may have sealed what is still
    stored. Raises WrongKey, KeyCommandFailed, StorageError.
    """
    earlier = [MasterKey.from_text(text) for text in (previous or "").split(",") if text.strip()]
    if not setting and not command:
        source = KeyFile(key_file)
        return source.current().following(source)
    key = MasterKey.from_text(setting or key_of_command(command or ""))
    return key.following(GivenKeys(key, earlier))


@lru_cache(maxsize=4)
def key_of_command(command: str) -> str:
    """Return what a command prints, once a process. Nothing of it is logged.

    Raises KeyCommandFailed.
    """
    try:
        words = shlex.split(command)
        with subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process:
            try:
                told, _ = process.communicate(timeout=COMMAND_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()
                raise KeyCommandFailed(f"It did not end within {COMMAND_WITHIN_S:.0f} s.") from None
    except (OSError, ValueError, IndexError):
        raise KeyCommandFailed("It can't be run.") from None
    if process.returncode:
        raise KeyCommandFailed(f"It ended with status {process.returncode}.")
    try:
        return told[:MOST_COMMAND_BYTES].decode("ascii")
    except UnicodeDecodeError:
        raise WrongKey("The command's answer is no key.") from None
