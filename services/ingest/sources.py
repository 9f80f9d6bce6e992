"""Where recordings come from: places that can be looked through again and again."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO, Protocol


def _endings(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


# What recorders and telephone systems write; anything else is left aside unless it is named.
RECORDING_ENDINGS = _endings(
    ".wav .wave .w64 .mp3 .ogg .oga .opus .flac .m4a .mp4 .aac .ac3 .amr .awb .wma .webm .mkv .mka "
    ".mov .avi .aif .aiff .caf .au .3gp .mp2 .ape .g722 .722 .gsm .ulaw .ul .mulaw .alaw .al .sln"
)
SIDECAR_ENDINGS = frozenset({".json", ".csv"})
UNFINISHED_ENDINGS = _endings(".part .partial .tmp .temp .crdownload .filepart .swp .lock .writing")


@dataclass(frozen=True, kw_only=True)
class Found:
    """A file of a place: its path there (with ``/``), size in bytes, and mark.

    The mark changes with the content. ``is_whole`` says that nobody can be writing it any more.
    """

    path: str
    size: int
    mark: str
    is_whole: bool = False

    @property
    def name(self) -> str:
        """The file's own name."""
        return self.path.rpartition("/")[2]

    @property
    def ending(self) -> str:
        """The name's ending in small letters, with its point."""
        return PurePosixPath(self.name).suffix.lower()

    @property
    def folder(self) -> str:
        """The path of the folder it lies in; empty for the place itself."""
        return self.path.rpartition("/")[0]


class Source(Protocol):
    """A place with recordings, and with what lies beside them."""

    @property
    def place(self) -> str:
        """What tells this place from all others; not for showing."""

    def where(self, found: Found) -> str:
        """Return where a file lies, for people who know the place."""

    def files(self) -> Iterator[Found]:
        """Yield the files that are there now, recordings and what may tell of them.

        Raises SourceMissing when the place can't be looked through.
        """

    def is_recording(self, found: Found) -> bool:
        """Say whether a file is to be taken in."""

    def mark_now(self, found: Found) -> str | None:
        """Return the mark that a file has by now, None when it is gone."""

    def open(self, found: Found) -> BinaryIO:
        """Open a file as a seekable stream.

        Raises FileMissing, StorageError; this and reading raise OSError for what can't be read now.
        """


def is_hidden_or_unfinished(name: str) -> bool:
    """Say whether a name is one that programs give to files they have not finished."""
    return name.startswith((".", "~")) or PurePosixPath(name).suffix.lower() in UNFINISHED_ENDINGS
