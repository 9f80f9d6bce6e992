"""Temporary encrypted files."""

import io
import os
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from services.domain.errors import DataDamaged, StorageError
from services.storage.working_files import CHUNK_BYTES, WorkingFile, remove_leftovers
from tests.unit.storage import children

NOISE = random.Random(2).randbytes(3 * CHUNK_BYTES + 1234)


def filled(folder: Path, content: bytes = NOISE) -> WorkingFile:
    file = WorkingFile(folder)
    for start in range(0, len(content), 100_000):
        assert file.write(content[start : start + 100_000]) > 0
    return file


def test_what_is_written_can_be_read_from_any_place(tmp_path: Path) -> None:
    rng = random.Random(3)
    with filled(tmp_path) as file:
        assert file.size == file.tell() == len(NOISE)
        assert file.read() == b""
        assert file.seek(0) == 0
        assert file.read() == NOISE
        for _ in range(200):
            start, count = rng.randrange(len(NOISE) + 99), rng.randrange(2 * CHUNK_BYTES)
            assert file.read_at(start, count) == NOISE[start : start + count]
        assert file.seek(-7, io.SEEK_END) == len(NOISE) - 7
        assert file.seek(2, io.SEEK_CUR) == len(NOISE) - 5
        assert file.read(100) == NOISE[-5:]


def test_it_can_be_read_while_it_grows_and_grows_at_its_end_only(tmp_path: Path) -> None:
    with WorkingFile(tmp_path) as file:
        assert (file.readable(), file.writable(), file.seekable()) == (True, True, True)
        file.write(b"abc")
        file.seek(1)
        assert file.read(10) == b"bc"
        file.write(memoryview(b"def"))
        file.seek(0)
        with pytest.raises(io.UnsupportedOperation):
            file.write(b"x")
        with pytest.raises(ValueError, match="negative"):
            file.seek(-1)
        assert file.read() == b"abcdef"


def test_several_threads_read_at_once(tmp_path: Path) -> None:
    rng = random.Random(4)
    places = [rng.randrange(len(NOISE) - 5_000) for _ in range(300)]
    with filled(tmp_path) as file, ThreadPoolExecutor(4) as threads:
        parts = threads.map(lambda start: file.read_at(start, 5_000), places)
        assert all(p == NOISE[s : s + 5_000] for p, s in zip(parts, places, strict=True))


def test_it_has_no_name_and_no_plain_content(tmp_path: Path) -> None:
    folder = tmp_path / "made" / "when missing"
    with filled(folder) as file:
        assert list(folder.iterdir()) == []
        handle = file._handle
        assert handle is not None
        stored = os.pread(handle, 10**7, 0)
        assert len(stored) == 3 * (CHUNK_BYTES + 16)
        assert not any(NOISE[i : i + 16] in stored for i in range(0, CHUNK_BYTES, 64 * 1024))
        os.pwrite(handle, b"x", 0)
        with pytest.raises(DataDamaged):
            file.read_at(0, 1)


def test_a_closed_file_is_closed(tmp_path: Path) -> None:
    file = filled(tmp_path)
    file.close()
    file.close()
    for use in (lambda: file.read(1), lambda: file.write(b"x"), lambda: file.read_at(0, 1)):
        with pytest.raises(ValueError, match="closed"):
            use()


def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError):
        WorkingFile(tmp_path / "file")


FILL_UP = """
import resource, sys
from pathlib import Path
from services.domain.errors import DiskFull
from services.storage.working_files import WorkingFile
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
try:
    with WorkingFile(Path(sys.argv[1])) as file:
        for _ in range(20):
            file.write(bytes(100_000))
except DiskFull as error:
    print("full", error.__cause__)
"""


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    assert children.run(FILL_UP, tmp_path) == "full None"


DIE = """
import os, signal, sys
from pathlib import Path
from services.storage.working_files import WorkingFile
WorkingFile(Path(sys.argv[1])).write(bytes(1_000_000))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_nothing_is_left_of_a_killed_process(tmp_path: Path) -> None:
    children.start(DIE, tmp_path).communicate(timeout=60)
    assert list(tmp_path.iterdir()) == []


def test_old_leftovers_are_swept(tmp_path: Path) -> None:
    old, young, foreign = (tmp_path / n for n in ("working-1", "working-2", "notes"))
    for path in (old, young, foreign):
        path.touch()
    os.utime(old, (0, 0))
    os.utime(foreign, (0, 0))
    assert remove_leftovers(tmp_path) == 1
    assert remove_leftovers(tmp_path / "none") == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["notes", "working-2"]
