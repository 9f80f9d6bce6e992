"""Folders of this machine as places with recordings."""

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from services import telemetry
from services.domain.errors import FileMissing, SourceMissing
from services.ingest.sources import (
    RECORDING_ENDINGS,
    SIDECAR_ENDINGS,
    Found,
    is_hidden_or_unfinished,
)

# It is not there any more, a link or a pipe is in its place, or its folder is none.
_GONE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO})


class FolderSource:
    """A folder with all folders in it, or some files of one.

    Links are not followed: whoever may put files here must not be able to have others read.
    """

    def __init__(self, folder: Path, only: frozenset[str] | None = None) -> None:
        """Look through ``folder``; with ``only``, at files of these names, whatever they end in."""
        self._folder = folder.absolute()
        self._only = only

    @property
    def place(self) -> str:
        """The folder's address."""
        return self._folder.as_uri()

    def where(self, found: Found) -> str:
        """Return a file's path, with what no terminal shows replaced."""
        return str(self._folder / found.path).encode("utf-8", "replace").decode()

    def files(self) -> Iterator[Found]:
        """Yield the files that are there, see Source."""
        try:
            yield from self._below(self._folder, "")
        except OSError as error:
            raise SourceMissing from error

    def is_recording(self, found: Found) -> bool:
        """Say whether a file is to be taken in."""
        if self._only is not None:
            return found.path in self._only
        return found.ending in RECORDING_ENDINGS

    def mark_now(self, found: Found) -> str | None:
        """Return the mark that a file has by now, None when it is gone."""
        try:
            return _mark(os.lstat(self._folder / found.path))
        except OSError:
            return None

    def open(self, found: Found) -> BinaryIO:
        """Open a file. Raises FileMissing, also when it is no plain file, and OSError."""
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            handle = os.open(self._folder / found.path, flags)
        except OSError as error:
            if error.errno in _GONE:
                raise FileMissing from error
            raise
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise FileMissing("It is no plain file.")
        return os.fdopen(handle, "rb")

    def _below(self, folder: Path, above: str) -> Iterator[Found]:
        with os.scandir(folder) as entries:
            for entry in sorted(entries, key=lambda one: one.name):
                if entry.is_dir(follow_symlinks=False):
                    if self._only is None and not entry.name.startswith("."):
                        yield from self._inside(Path(entry.path), f"{above}{entry.name}/")
                elif entry.is_file(follow_symlinks=False):
                    found = self._found(entry, f"{above}{entry.name}")
                    if found is not None:
                        yield found

    def _inside(self, folder: Path, above: str) -> Iterator[Found]:
        try:
            yield from self._below(folder, above)
        except OSError:
            # One folder that can't be read doesn't keep the others from being looked through.
            telemetry.warning("ingest.folder_unreadable")

    def _found(self, entry: "os.DirEntry[str]", path: str) -> Found | None:
        is_named = self._only is not None and path in self._only
        is_sought = Path(path).suffix.lower() in RECORDING_ENDINGS | SIDECAR_ENDINGS
        if not is_named and (is_hidden_or_unfinished(entry.name) or not is_sought):
            return None
        try:
            facts = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            return None
        return Found(path=path, size=facts.st_size, mark=_mark(facts))


def _mark(facts: os.stat_result) -> str:
    return f"{facts.st_size}.{facts.st_mtime_ns}"
