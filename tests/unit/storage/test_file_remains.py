"""Where a few words stand in files as they lie on the disk."""

from pathlib import Path

import pytest

from services.domain.errors import StorageError
from services.storage.file_remains import (
    FRAME_HEAD_BYTES,
    LOG_HEAD_BYTES,
    PAGE_NUMBER_BYTES,
    file_holds,
    pages_with,
)

PAGE = 512


def test_words_are_found_between_any_bytes(tmp_path: Path) -> None:
    file = tmp_path / "some.db"
    file.write_bytes(b"\x00\xff\n" * 1_000 + b"c-1042" + b"\x00" * 1_000)
    assert file_holds(file, ["nobody", "c-1042"])
    assert not file_holds(file, ["nobody", "c-1043"])
    assert not file_holds(file, [])


def test_the_pages_of_a_database_are_told(tmp_path: Path) -> None:
    file = tmp_path / "some.db"
    file.write_bytes(bytes(PAGE) + b"c-1042".rjust(PAGE, b"\0") + bytes(PAGE) + b"c-1042 c-1042")
    assert set(pages_with(file, ["c-1042"], PAGE)) == {2, 4}


def test_a_log_says_itself_which_pages_it_holds(tmp_path: Path) -> None:
    def frame(page: int, held: bytes) -> bytes:
        head = page.to_bytes(PAGE_NUMBER_BYTES, "big").ljust(FRAME_HEAD_BYTES, b"\0")
        return head + held.ljust(PAGE, b"\0")

    log = tmp_path / "some.db-wal"
    frames = (frame(7, b"c-1042"), frame(9, b""), frame(3, b"c-1042"))
    log.write_bytes(bytes(LOG_HEAD_BYTES) + b"".join(frames))
    assert set(pages_with(log, ["c-1042"], PAGE)) == {7, 3}


def test_what_cannot_be_looked_through_is_not_taken_for_clean(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        file_holds(tmp_path / "gone", ["c-1042"])
