"""The sound of calls, encrypted, in every place of objects."""

import io
from datetime import UTC, datetime

import pytest

from services.domain.errors import NotFound
from services.storage.audio_vault import AudioVault, Rendition
from services.storage.keys import MasterKey
from services.storage.objects import ObjectStore

# Longer than a part of an upload.
SOUND = bytes(range(256)) * 25_000


@pytest.fixture
def vault(objects: ObjectStore) -> AudioVault:
    """The vault under test."""
    return AudioVault(objects, MasterKey(bytes(32)))


def test_sound_comes_back_from_any_place(vault: AudioVault, objects: ObjectStore) -> None:
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
    [stored] = objects.list()
    assert SOUND[:64] not in objects.read_range(stored.key, 0, stored.size)


def test_nothing_is_kept_of_a_broken_upload(vault: AudioVault) -> None:
    writer = vault.write("call1", Rendition.ORIGINAL, vault.new_key("call1"))
    writer.write(SOUND)
    writer.abort()
    assert not vault.has("call1", Rendition.ORIGINAL)
    assert list(vault.stored_calls()) == []


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


def test_redacted_sound_belongs_to_its_transcript(vault: AudioVault) -> None:
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
