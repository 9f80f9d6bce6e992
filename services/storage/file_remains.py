"""Looks for a few words in files as they lie on the disk, and on which pages they stand."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from services.domain.errors import StorageError

# As SQLite's file format has them: the log begins with a head, each of its pages with another.
LOG_ENDING = "-wal"
LOG_HEAD_BYTES = 32
FRAME_HEAD_BYTES = 24
PAGE_NUMBER_BYTES = 4
# What grep ends with; anything else is a fault.
FOUND, NOT_FOUND = 0, 1


def file_holds(file: Path, texts: Sequence[str]) -> bool:
    """Say whether a file holds one of the texts."""
    return any(True for _ in _offsets(file, texts))


def pages_with(file: Path, texts: Sequence[str], page_size: int) -> Iterator[int]:
    """Yield the numbers of the pages on which the texts stand, in a database or in its log."""
    if file.name.endswith(LOG_ENDING):
        yield from _pages_of_log(file, texts, page_size)
        return
    for offset in _offsets(file, texts):
        yield offset // page_size + 1


def _pages_of_log(file: Path, texts: Sequence[str], page_size: int) -> Iterator[int]:
    """Read the log in place: unlike on the database's file, nobody has locks on it."""
    frame_size = FRAME_HEAD_BYTES + page_size
    with file.open("rb") as log:
        for offset in _offsets(file, texts):
            frame = (offset - LOG_HEAD_BYTES) // frame_size
            log.seek(LOG_HEAD_BYTES + frame * frame_size)
            yield int.from_bytes(log.read(PAGE_NUMBER_BYTES), "big")


def _offsets(file: Path, texts: Sequence[str]) -> Iterator[int]:
    """Yield where the texts stand, found by another process.

    To open a database here, and close it again, would take away the locks this process has on it.
    Raises StorageError for a file that can't be looked through.
    """
    if not texts:
        return
    command = ["grep", "--byte-offset", "--only-matching", "--text", "--fixed-strings"]
    with subprocess.Popen(
        [*command, "--file=-", "--", str(file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "LC_ALL": "C"},
    ) as looking:
        assert looking.stdin is not None
        assert looking.stdout is not None
        looking.stdin.write("\n".join(texts).encode())
        looking.stdin.close()
        try:
            for line in looking.stdout:
                yield int(line.partition(b":")[0])
            if looking.wait() not in (FOUND, NOT_FOUND):
                raise StorageError
        finally:
            looking.kill()
