"""Objects in a local folder: what tests/contract/test_objects.py can't ask of a bucket."""

import stat
from pathlib import Path

import pytest

from services.domain.errors import StorageError
from services.storage.objects import ObjectStore
from tests.unit.storage import children


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the objects lie; its name has to survive being part of an address."""
    return tmp_path / "audio ü%20"


@pytest.fixture
def objects(folder: Path) -> ObjectStore:
    """The store under test."""
    return ObjectStore(folder.as_uri())


def put(objects: ObjectStore, key: str, content: bytes) -> None:
    with objects.write(key) as writer:
        writer.write(content)


def test_an_address_and_a_plain_path_are_one_place(folder: Path, objects: ObjectStore) -> None:
    put(objects, "a", b"x")
    assert ObjectStore(str(folder)).read_range("a", 0, 1) == b"x"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_deleting_takes_empty_folders_along(objects: ObjectStore, folder: Path) -> None:
    put(objects, "calls/a/original", b"x")
    put(objects, "calls/b/original", b"x")
    objects.delete("calls/a/original")
    assert [p.name for p in (folder / "calls").iterdir()] == ["b"]
    objects.delete("calls/b/original")
    assert list(folder.iterdir()) == []


def test_a_place_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    objects = ObjectStore(str(tmp_path / "file"))
    with pytest.raises(StorageError) as caught:
        put(objects, "a", b"x")
    assert str(tmp_path) not in str(caught.value)


FILL_UP = """
import resource, sys
from services.domain.errors import DiskFull
from services.storage.objects import ObjectStore
objects = ObjectStore(sys.argv[1])
with objects.write("kept") as writer:
    writer.write(b"x")
resource.setrlimit(resource.RLIMIT_FSIZE, (8_000_000, 8_000_000))
try:
    with objects.write("calls/a/original") as writer:
        for _ in range(20):
            writer.write(bytes(1_000_000))
except DiskFull as error:
    print("full", error.__cause__, [o.key for o in objects.list()])
"""


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    assert children.run(FILL_UP, tmp_path) == "full None ['kept']"
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["kept"]


DIE = """
import os, signal, sys
from services.storage.objects import ObjectStore
writer = ObjectStore(sys.argv[1]).write("calls/a/original")
for _ in range(20):
    writer.write(bytes(1_000_000))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_writer_leaves_the_old_object_and_parts_to_sweep(tmp_path: Path) -> None:
    objects = ObjectStore(str(tmp_path))
    put(objects, "calls/a/original", b"old")
    children.start(DIE, tmp_path).communicate(timeout=60)
    assert objects.read_range("calls/a/original", 0, 10) == b"old"
    assert [o.key for o in objects.list()] == ["calls/a/original"]
    assert len([p for p in tmp_path.rglob("*") if p.is_file()]) == 2
    assert objects.remove_leftovers(older_than_s=3600) == 0
    assert objects.remove_leftovers(older_than_s=-1) == 1
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["original"]


def test_sweeping_a_place_that_does_not_exist_yet(tmp_path: Path) -> None:
    assert ObjectStore(str(tmp_path / "none")).remove_leftovers(older_than_s=0) == 0
