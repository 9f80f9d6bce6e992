"""The sound of calls, encrypted: what tests/contract/test_audio_vault.py can't tamper with."""

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


@pytest.mark.parametrize("call_id", ["", "../a", "a/b", "a" * 65, "ü", "a\n"])
def test_an_id_that_is_none_leads_nowhere(vault: AudioVault, call_id: str) -> None:
    with pytest.raises(NotFound):
        vault.has(call_id, Rendition.ORIGINAL)
    with pytest.raises(NotFound):
        vault.write(call_id, Rendition.ORIGINAL, vault.new_key(call_id))
