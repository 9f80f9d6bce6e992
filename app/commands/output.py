"""Where a command's exports go."""

import sys
from pathlib import Path
from shutil import copyfileobj
from typing import BinaryIO

from services.exports import Export


class OutputFolder:
    """A folder for exports, or standard output when there is none.

    Recordings of one name in different folders, or of different endings, make exports of one
    name; the second and later ones get a number, so that none replaces another.
    """

    def __init__(self, folder: Path | None) -> None:
        """Make the folder when it is missing."""
        self._folder = folder
        self._written: set[str] = set()
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)

    def deliver(self, made: Export) -> None:
        """Write an export."""
        if self._folder is not None:
            (self._folder / self._free_name(made.file_name)).write_bytes(made.content)
            return
        end = b"" if made.content.endswith(b"\n") else b"\n"
        sys.stdout.buffer.write(made.content + end)
        sys.stdout.buffer.flush()

    def deliver_stream(self, name: str, content: BinaryIO) -> None:
        """Write what may be too long for the memory, block by block."""
        if self._folder is None:
            copyfileobj(content, sys.stdout.buffer)
            sys.stdout.buffer.flush()
            return
        with (self._folder / self._free_name(name)).open("wb") as file:
            copyfileobj(content, file)

    def _free_name(self, name: str) -> str:
        wanted, number = Path(name), 1
        while name.lower() in self._written:
            number += 1
            name = f"{wanted.stem}-{number}{wanted.suffix}"
        self._written.add(name.lower())
        return name
