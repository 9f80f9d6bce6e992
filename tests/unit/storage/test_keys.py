"""The master key and the data keys it wraps."""

import base64
import pickle
import stat
from pathlib import Path

import pytest

from services.domain.errors import DataDamaged, StorageError, WrongKey
from services.storage.keys import DataKey, MasterKey, WrappedKey
from tests.unit.storage import children

SECRET = bytes(range(200, 232))


@pytest.mark.parametrize(
    "text",
    [
        SECRET.hex(),
        SECRET.hex().upper(),
        base64.b64encode(SECRET).decode(),
        base64.b64encode(SECRET).decode().rstrip("="),
        base64.urlsafe_b64encode(SECRET).decode(),
        f"  {SECRET.hex()}\n",
    ],
)
def test_a_key_is_written_in_several_ways(text: str) -> None:
    assert MasterKey.from_text(text).key_id == MasterKey(SECRET).key_id


@pytest.mark.parametrize("text", ["", "secret", "zz" * 32, SECRET.hex()[:-2], "Ü" * 64, "=" * 44])
def test_what_is_no_key_is_refused_without_being_told(text: str) -> None:
    with pytest.raises(WrongKey) as caught:
        MasterKey.from_text(text)
    assert not text or text not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_data_key_opens_with_its_master_key_and_its_call_only() -> None:
    master = MasterKey(SECRET)
    wrapped = master.new_data_key("call-1")
    assert wrapped.key_id == master.key_id
    key = master.unwrap(wrapped, "call-1")
    assert master.unwrap(wrapped, "call-1").fingerprint == key.fingerprint
    assert master.unwrap(master.new_data_key("call-1"), "call-1").fingerprint != key.fingerprint
    broken = WrappedKey(key_id=wrapped.key_id, sealed=wrapped.sealed[:-1] + b"x")
    for opener, sealed, call_id in (
        (master, wrapped, "call-2"),
        (MasterKey(bytes(32)), wrapped, "call-1"),
        (master, broken, "call-1"),
        (master, WrappedKey(key_id="", sealed=b""), "call-1"),
    ):
        with pytest.raises(WrongKey):
            opener.unwrap(sealed, call_id)


def test_pieces_open_in_their_context_only() -> None:
    key = DataKey.random()
    sealed = key.seal(b"hello", context="a")
    assert key.seal(b"hello", context="a") != sealed
    assert key.unseal(sealed, context="a") == b"hello"
    for changed, context in ((sealed, "b"), (sealed[:-1], "a"), (b"", "a")):
        with pytest.raises(DataDamaged):
            key.unseal(changed, context=context)


def test_keys_show_themselves_to_nobody() -> None:
    master = MasterKey(SECRET)
    wrapped = master.new_data_key("c")
    data_key = master.unwrap(wrapped, "c")
    shown = f"{master!r} {data_key!r} {wrapped!r} {master} {vars(wrapped).keys()}"
    assert SECRET.hex() not in shown
    assert "hidden" in repr(data_key)
    assert repr(wrapped.sealed) not in shown
    for key in (master, data_key):
        assert not hasattr(key, "__dict__")
        with pytest.raises(TypeError):
            pickle.dumps(key)


def test_keys_for_other_purposes_differ() -> None:
    master = MasterKey(SECRET)
    assert len({master.derive("a"), master.derive("b"), master.derive("a", b"s"), SECRET}) == 4


def test_the_key_file_is_made_once_and_private(tmp_path: Path) -> None:
    file = tmp_path / "data" / "partyline.key"
    made = MasterKey.load(None, file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [p.name for p in file.parent.iterdir()] == [file.name]
    assert MasterKey.load(None, file).key_id == MasterKey.load("", file).key_id == made.key_id
    assert MasterKey.load(SECRET.hex(), file).key_id == MasterKey(SECRET).key_id


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"not a key"])
def test_a_file_without_key_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "key"
    file.write_bytes(content)
    with pytest.raises(WrongKey):
        MasterKey.from_file(file)
    assert file.read_bytes() == content


def test_a_key_file_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError):
        MasterKey.from_file(tmp_path / "file" / "key")


def test_two_processes_at_once_make_one_key(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from services.storage.keys import MasterKey; "
        "print('ready', flush=True); sys.stdin.readline(); "
        "print(MasterKey.from_file(Path(sys.argv[1])).key_id)"
    )
    ids = children.run_at_once(script, tmp_path / "key", times=2)
    assert ids == {MasterKey.from_file(tmp_path / "key").key_id}
