"""The sound of calls, encrypted."""

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.domain.errors import DataDamaged, NotFound, WrongKey
from services.storage.audio_vault import AudioVault, Rendition
from services.storage.keys import MasterKey
from services.storage.objects import ObjectStore

SOUND = bytes(range(256)) * 10_000


@pytest.fixture
def vault(tmp_path: Path) -> AudioVault:
    """The vault under test."""
    return AudioVault(ObjectStore(str(tmp_path)), MasterKey(bytes(32)))


def test_sound_comes_back_from_any_place(vault: AudioVault, tmp_path: Path) -> None:
    key = vault.new_key("call1")
    with vault.write("call1", Rendition.ORIGINAL, key) as writer:
        for start in range(0, len(SOUND), 65_536):
            writer.write(SOUND[start : start + 65_536])
    assert vault.has("call1", Rendition.ORIGINAL)
    assert not vault.has("call1", Rendition.PLAYBACK)
    assert vault.size("call1", Rendition.ORIGINAL) == len(SOUND)
    with vault.open("call1", Rendition.ORIGINAL, key) as first:
        second = vault.open("call1", Rendition.ORIGINAL, key)
        assert first.seek(-300, io.SEEK_END) == len(SOUND) - 300
        assert second.read(10) == SOUND[:10]
        assert first.read() == SOUND[-300:]
        second.seek(1_048_570)
        assert second.read(20) == SOUND[1_048_570:1_048_590]
    [stored] = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert SOUND[:64] not in stored.read_bytes()


def test_nothing_is_kept_of_a_broken_upload(vault: AudioVault, tmp_path: Path) -> None:
    writer = vault.write("call1", Rendition.ORIGINAL, vault.new_key("call1"))
    writer.write(SOUND)
    writer.abort()
    assert not vault.has("call1", Rendition.ORIGINAL)
    assert list(vault.stored_calls()) == []


def test_sound_of_another_call_rendition_or_key_does_not_open(
    vault: AudioVault, tmp_path: Path
) -> None:
    keys = {call_id: vault.new_key(call_id) for call_id in ("a", "b")}
    for call_id, key in keys.items():
        with vault.write(call_id, Rendition.ORIGINAL, key) as writer:
            writer.write(SOUND)
    root = tmp_path / "calls"
    (root / "a" / "playback").write_bytes((root / "a" / "original").read_bytes())
    with pytest.raises(DataDamaged):
        vault.open("a", Rendition.PLAYBACK, keys["a"]).read()
    (root / "a" / "original").write_bytes((root / "b" / "original").read_bytes())
    with pytest.raises(WrongKey):
        vault.open("a", Rendition.ORIGINAL, keys["a"])
    with pytest.raises(WrongKey):
        vault.open("a", Rendition.ORIGINAL, keys["b"])
    stranger = AudioVault(ObjectStore(str(tmp_path)), MasterKey(bytes(31) + b"x"))
    with pytest.raises(WrongKey):
        stranger.open("b", Rendition.ORIGINAL, keys["b"])


def test_deleting_takes_every_rendition(vault: AudioVault) -> None:
    key = vault.new_key("a")
    for rendition in (Rendition.ORIGINAL, Rendition.PLAYBACK):
        with vault.write("a", rendition, key) as writer:
            writer.write(b"x")
    for transcript_id in ("t1", "t2"):
        with vault.write("a", Rendition.REDACTED, key, transcript_id=transcript_id) as writer:
            writer.write(b"x")
    found = list(vault.stored_calls())
    assert [call_id for call_id, _ in found] == ["a"] * 4
    assert all(written.astimezone(UTC) <= datetime.now(UTC) for _, written in found)
    vault.delete("a")
    vault.delete("a")
    assert list(vault.stored_calls()) == []
    with pytest.raises(NotFound):
        vault.open("a", Rendition.ORIGINAL, key)
    assert vault.remove_leftovers(older_than_s=0) == 0


def test_redacted_sound_belongs_to_its_transcript(vault: AudioVault, tmp_path) -> None:
    key = vault.new_key("a")
    for transcript_id in ("t1", "t2"):
        with vault.write("a", Rendition.REDACTED, key, transcript_id=transcript_id) as writer:
            writer.write(transcript_id.encode())
    assert vault.open("a", Rendition.REDACTED, key, transcript_id="t1").read() == b"t1"
    assert vault.size("a", Rendition.REDACTED, transcript_id="t2") == 2
    found = {(s.rendition, s.transcript_id) for s in vault.stored("a")}
    assert found == {(Rendition.REDACTED, "t1"), (Rendition.REDACTED, "t2")}
    vault.remove("a", Rendition.REDACTED, transcript_id="t1")
    assert not vault.has("a", Rendition.REDACTED, transcript_id="t1")
    for rendition, transcript_id in ((Rendition.REDACTED, None), (Rendition.PLAYBACK, "t2")):
        with pytest.raises(ValueError, match="belongs to a transcript"):
            vault.has("a", rendition, transcript_id=transcript_id)
    with pytest.raises(NotFound):
        vault.open("a", Rendition.REDACTED, key, transcript_id="../a")


@pytest.mark.parametrize("call_id", ["", "../a", "a/b", "a" * 65, "ü", "a\n"])
def test_an_id_that_is_none_leads_nowhere(vault: AudioVault, call_id: str) -> None:
    with pytest.raises(NotFound):
        vault.has(call_id, Rendition.ORIGINAL)
    with pytest.raises(NotFound):
        vault.write(call_id, Rendition.ORIGINAL, vault.new_key(call_id))
