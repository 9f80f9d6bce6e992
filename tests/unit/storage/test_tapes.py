"""The sound of calls that are being held, on disk as it arrives."""

import os
import random
import struct
import threading
from pathlib import Path

import pytest

from services.domain.errors import DataDamaged, NotFound, StorageError, WrongKey
from services.storage.keys import MasterKey
from services.storage.tape import BLOCK_FRAMES
from services.storage.tape_records import HEADER_BYTES, MOST_RECORD_FRAMES
from services.storage.tapes import TapeStore
from tests.unit.storage import children

KEY = MasterKey(bytes(range(32)))
CHUNK_FRAMES = 1_600
HEAD_AND_TAG_BYTES = 48


@pytest.fixture
def tapes(tmp_path: Path) -> TapeStore:
    return TapeStore(tmp_path / "live", KEY)


def noise(frames: int, channels: int = 1, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(2 * channels * frames)


def chunks(sound: bytes, channels: int = 1, frames: int = CHUNK_FRAMES) -> list[bytes]:
    size = 2 * channels * frames
    return [sound[start : start + size] for start in range(0, len(sound), size)]


def recorded(tapes: TapeStore, sound: bytes, channels: int = 1, call_id: str = "call") -> Path:
    with tapes.create(call_id, channels) as tape:
        for chunk in chunks(sound, channels):
            tape.append(chunk)
    return path_of(tapes, call_id)


def path_of(tapes: TapeStore, call_id: str = "call") -> Path:
    return tapes._folder / f"{call_id}.tape"


def record_at(number: int) -> int:
    """Where the record of a mono chunk begins."""
    return HEADER_BYTES + number * (HEAD_AND_TAG_BYTES + 2 * CHUNK_FRAMES)


def spoil(path: Path, at: int, content: bytes = b"\xff\x00\xff") -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(content)


@pytest.mark.parametrize("channels", [1, 2])
def test_what_is_appended_can_be_read_from_any_place(tapes, channels):
    rng = random.Random(3)
    sound = noise(400_000, channels)
    size = 2 * channels
    recorded(tapes, sound, channels)
    with tapes.open("call") as tape:
        assert (tape.frames, tape.channels, tape.lost) == (400_000, channels, ())
        assert b"".join(tape.blocks()) == sound
        assert b"".join(tape.blocks(399_000)) == sound[399_000 * size :]
        for _ in range(100):
            first, count = rng.randrange(401_000), rng.randrange(20_000)
            assert tape.read(first, first + count) == sound[first * size : (first + count) * size]
        assert tape.read(-5, 2) == sound[: 2 * size]
        assert tape.read(7, 7) == tape.read(9, 3) == b""


def test_it_can_be_read_while_it_grows(tapes):
    with tapes.create("call", 1) as tape:
        assert (tape.frames, tape.read(0, 100)) == (0, b"")
        sound = noise(20 * CHUNK_FRAMES)
        for number, chunk in enumerate(chunks(sound), start=1):
            tape.append(chunk)
            assert tape.frames == number * CHUNK_FRAMES
            assert tape.read(tape.frames - 10, tape.frames) == chunk[-20:]
            with tapes.open("call") as other:
                assert other.read(0, 10**9) == sound[: 2 * tape.frames]
        tape.sync()


def test_threads_append_and_read_at_once(tapes):
    sound = noise(300 * 160)
    wrong = []
    with tapes.create("call", 1) as tape:

        def read() -> None:
            while (frames := tape.frames) < 300 * 160:
                if tape.read(0, frames) != sound[: 2 * frames]:
                    wrong.append(frames)

        readers = [threading.Thread(target=read) for _ in range(2)]
        for reader in readers:
            reader.start()
        for chunk in chunks(sound, frames=160):
            tape.append(chunk)
        for reader in readers:
            reader.join()
    assert wrong == []


def test_one_long_piece_is_several_records(tapes):
    sound = noise(MOST_RECORD_FRAMES + 5)
    with tapes.create("call", 1) as tape:
        tape.append(sound)
    with tapes.open("call") as tape:
        assert b"".join(tape.blocks()) == sound


@pytest.mark.parametrize("pcm", [b"", b"x", b"xyz"])
def test_only_whole_frames_are_taken(tapes, pcm):
    with tapes.create("call", 2) as tape, pytest.raises(ValueError, match="whole frames"):
        tape.append(pcm)


def test_nothing_of_the_sound_can_be_read_in_the_file(tapes):
    sound = noise(5 * CHUNK_FRAMES)
    path = recorded(tapes, sound)
    stored = path.read_bytes()
    assert len(stored) == record_at(5)
    assert not any(sound[at : at + 12] in stored for at in range(0, len(sound), 4))
    with tapes.open("call") as tape:
        data_key = KEY.unwrap(tape.key, "call")
    assert data_key._secret not in stored
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_equal_sound_is_sealed_differently(tapes):
    silence = bytes(2 * CHUNK_FRAMES)
    stored = recorded(tapes, silence * 2).read_bytes()
    assert stored[record_at(0) + 32 : record_at(1)] != stored[record_at(1) + 32 : record_at(2)]


@pytest.mark.parametrize("missing", [1, 100, 2 * CHUNK_FRAMES, 2 * CHUNK_FRAMES + 17, 3_247])
def test_a_record_that_broke_off_is_left_out(tapes, missing):
    sound = noise(4 * CHUNK_FRAMES)
    path = recorded(tapes, sound)
    os.truncate(path, record_at(4) - missing)
    with tapes.open("call") as tape:
        assert tape.frames == 3 * CHUNK_FRAMES
        assert tape.read(0, 10**9) == sound[: 6 * CHUNK_FRAMES]
        assert tape.lost == ()


@pytest.mark.parametrize("at", [0, 5, 20, 31, 32, 1_000, 3_240])
def test_a_damaged_record_is_silence_and_the_rest_is_kept(tapes, at):
    sound = noise(6 * CHUNK_FRAMES)
    spoil(recorded(tapes, sound), record_at(2) + at)
    silence = bytes(2 * CHUNK_FRAMES)
    with tapes.open("call") as tape:
        assert tape.frames == 6 * CHUNK_FRAMES
        heard = b"".join(tape.blocks())
        assert heard == sound[: 4 * CHUNK_FRAMES] + silence + sound[6 * CHUNK_FRAMES :]
        assert tape.lost == ((2 * CHUNK_FRAMES, 3 * CHUNK_FRAMES),)
        assert tape.read(3 * CHUNK_FRAMES - 1, 3 * CHUNK_FRAMES + 1)[:2] == b"\0\0"


def test_neighbouring_damage_is_one_stretch(tapes):
    sound = noise(6 * CHUNK_FRAMES)
    path = recorded(tapes, sound)
    spoil(path, record_at(1), bytes(record_at(3) - record_at(1)))
    spoil(path, record_at(3) + 700)
    with tapes.open("call") as tape:
        assert len(b"".join(tape.blocks())) == len(sound)
        assert tape.lost == ((CHUNK_FRAMES, 4 * CHUNK_FRAMES),)


def test_records_can_not_be_exchanged(tapes):
    sound = noise(3 * CHUNK_FRAMES)
    path = recorded(tapes, sound)
    other = recorded(tapes, sound, call_id="other").read_bytes()
    spoil(path, record_at(1), other[record_at(1) : record_at(2)])
    with tapes.open("call") as tape:
        assert b"".join(tape.blocks())[2 * CHUNK_FRAMES : 4 * CHUNK_FRAMES] == bytes(
            2 * CHUNK_FRAMES
        )
        assert tape.lost == ((CHUNK_FRAMES, 2 * CHUNK_FRAMES),)


def test_another_key_or_another_call_opens_nothing(tapes):
    path = recorded(tapes, noise(CHUNK_FRAMES))
    with pytest.raises(WrongKey):
        TapeStore(path.parent, MasterKey(bytes(range(1, 33)))).open("call")
    path.rename(path_of(tapes, "other"))
    with pytest.raises(WrongKey):
        tapes.open("other")


@pytest.mark.parametrize("at", [0, 6, 7, 8, 70, 100, HEADER_BYTES - 1])
def test_a_damaged_beginning_is_told(tapes, at):
    spoil(recorded(tapes, noise(CHUNK_FRAMES)), at, b"\xee")
    with pytest.raises(DataDamaged):
        tapes.open("call")


def test_a_tape_of_nothing(tapes):
    tapes.create("call", 1).close()
    with tapes.open("call") as tape:
        assert (tape.frames, list(tape.blocks())) == (0, [])
    os.truncate(path_of(tapes), HEADER_BYTES - 1)
    with pytest.raises(DataDamaged):
        tapes.open("call")


def test_a_deleted_tape_is_gone(tapes):
    path = recorded(tapes, noise(CHUNK_FRAMES))
    assert tapes.ids() == ["call"]
    tapes.delete("call")
    tapes.delete("call")
    assert tapes.ids() == []
    assert not path.exists()
    with pytest.raises(NotFound):
        tapes.open("call")


def test_ids_of_tapes_that_nobody_has_touched_for_a_while(tapes):
    assert tapes.ids() == []
    recorded(tapes, noise(100), call_id="young")
    os.utime(recorded(tapes, noise(100), call_id="old"), (0, 0))
    assert tapes.ids() == ["old", "young"]
    assert tapes.ids(older_than_s=60.0) == ["old"]


@pytest.mark.parametrize("call_id", ["../call", "a/b", "", "x" * 65, "call.tape"])
def test_ids_are_no_paths(tapes, call_id):
    for act in (lambda: tapes.create(call_id, 1), lambda: tapes.open(call_id)):
        with pytest.raises(NotFound):
            act()


def test_a_call_has_one_tape(tapes):
    sound = noise(CHUNK_FRAMES)
    recorded(tapes, sound)
    with pytest.raises(StorageError):
        tapes.create("call", 1)
    with tapes.open("call") as tape:
        assert tape.read(0, CHUNK_FRAMES) == sound


def test_a_closed_tape_is_closed(tapes):
    tape = tapes.create("call", 1)
    tape.append(noise(10))
    tape.close()
    tape.close()
    tape.sync()
    for use in (lambda: tape.append(b"xy"), lambda: tape.read(0, 5)):
        with pytest.raises(ValueError, match="closed"):
            use()


def test_a_folder_that_can_not_be_used_is_told(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StorageError):
        TapeStore(tmp_path / "file", KEY).create("call", 1)


def test_long_tapes_are_read_from_their_middle(tapes):
    """Ten minutes in chunks of 100 ms; every second's beginning says which it is."""
    with tapes.create("call", 1) as tape:
        for tenth in range(6_000):
            tape.append(struct.pack("<H", tenth) + bytes(2 * CHUNK_FRAMES - 2))
        for tenth in (0, 99, 100, 101, 3_333, 5_999):
            first = tenth * CHUNK_FRAMES
            assert tape.read(first, first + 1) == struct.pack("<H", tenth)
    with tapes.open("call") as tape:
        assert tape.frames == 6_000 * CHUNK_FRAMES
        assert sum(map(len, tape.blocks())) == 2 * tape.frames
        assert len(tape.read(0, BLOCK_FRAMES)) == 2 * BLOCK_FRAMES


HOLD = """
import sys
from pathlib import Path
from services.storage.keys import MasterKey
from services.storage.tapes import TapeStore
tape = TapeStore(Path(sys.argv[1]), MasterKey(bytes(range(32)))).create("call", 1)
print("held", flush=True)
sys.stdin.readline()
"""


def test_a_tape_is_held_while_its_process_lives(tapes, tmp_path):
    assert not tapes.is_held("call")
    child = children.start(HOLD, tmp_path / "live")
    assert child.stdout is not None
    assert child.stdout.readline() == "held\n"
    assert tapes.is_held("call")
    child.kill()
    child.communicate(timeout=60)
    assert not tapes.is_held("call")
    with tapes.create("mine", 1):
        assert tapes.is_held("mine")
    assert not tapes.is_held("mine")


FILL_UP = """
import resource, sys
from pathlib import Path
from services.domain.errors import DiskFull
from services.storage.keys import MasterKey
from services.storage.tapes import TapeStore
tapes = TapeStore(Path(sys.argv[1]), MasterKey(bytes(range(32))))
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 200_000))
with tapes.create("call", 1) as tape:
    taken = bytearray()
    try:
        while True:
            chunk = bytes([tape.frames % 251]) * 3_200
            tape.append(chunk)
            taken += chunk
    except DiskFull as error:
        print("full", error.__cause__, tape.read(0, 10**9) == taken)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
    tape.append(b"go" * 1_600)
    taken += b"go" * 1_600
with tapes.open("call") as tape:
    print(tape.read(0, 10**9) == taken, tape.lost)
"""


def test_a_full_disk_is_told_and_the_tape_goes_on_when_there_is_room(tmp_path):
    assert children.run(FILL_UP, tmp_path) == "full None True\nTrue ()"


def test_a_tape_goes_on_behind_its_last_whole_record(tapes):
    sound = noise(4 * CHUNK_FRAMES)
    path = recorded(tapes, sound)
    os.truncate(path, record_at(4) - 700)
    more = noise(50, seed=9)
    assert tapes.is_free("call")
    with tapes.resume("call") as tape:
        assert not tapes.is_free("call")
        assert tape.frames == 3 * CHUNK_FRAMES
        assert path.stat().st_size == record_at(3)
        assert tapes.is_held("call")
        with pytest.raises(StorageError):
            tapes.resume("call")
        tape.append(more)
        assert tape.read(0, 10**9) == sound[: 6 * CHUNK_FRAMES] + more
    with tapes.open("call") as tape:
        assert tape.read(0, 10**9) == sound[: 6 * CHUNK_FRAMES] + more
        assert tape.lost == ()
    assert not tapes.is_free("other")
    with pytest.raises(NotFound):
        tapes.resume("other")
