"""A new master key takes the place of another while people read, on every database."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from services.access.authority import Authority
from services.access.trails import KeptTrail
from services.domain.acts import Act
from services.domain.errors import AccessDenied, KeysUnsettled, WrongKey
from services.domain.people import LOCAL_USER, Role
from services.domain.speech import SpeakerRole
from services.domain.voices import KnownVoice, Voiceprint, VoiceQuality
from services.storage import sealed_keys
from services.storage.audio_vault import AudioVault, Rendition
from services.storage.calls import CallStore
from services.storage.key_sources import load_master_key
from services.storage.keys import MasterKey
from services.storage.known_voices import KnownVoiceStore
from services.storage.models import METADATA
from services.storage.objects import ObjectStore
from services.storage.sealed_keys import SEALED_TABLES, SealedKeyStore
from services.storage.tapes import TapeStore
from services.storage.voice_signatures import VoiceSignatureStore
from services.upkeep import rotating
from services.upkeep.place import BackupPlace
from services.upkeep.rotating import KeyRotator
from tests.contract.stores import add

ORG = LOCAL_USER.org_id
OLD, NEW = "11" * 32, "22" * 32


class House:
    """Sound, voices and a tape under one master key, and whoever replaces it."""

    def __init__(self, engine: Engine, folder: Path, master_key: MasterKey) -> None:
        self.engine, self.folder, self.key = engine, folder, master_key
        self.calls = CallStore(engine)
        self.vault = AudioVault(ObjectStore(str(folder / "audio")), master_key)
        self.voices = KnownVoiceStore(engine, master_key)
        self.signatures = VoiceSignatureStore(engine, master_key)
        self.tapes = TapeStore(folder / "live", master_key)

    def with_key(self, master_key: MasterKey) -> "House":
        return House(self.engine, self.folder, master_key)

    def fill(self) -> list[str]:
        ids = []
        for number in range(5):
            call = add(self.calls, org_id=ORG)
            with self.calls.transaction() as connection:
                fresh = self.vault.new_key(call.id)
                change = text("UPDATE calls SET key_id = :by, wrapped_key = :key WHERE id = :id")
                given = {"by": fresh.key_id, "key": fresh.sealed, "id": call.id}
                connection.execute(change, given)
            with self.vault.write(call.id, Rendition.ORIGINAL, fresh) as sink:
                sink.write(b"sound %d" % number)
            ids.append(call.id)
        voice = KnownVoice(
            id="v1",
            org_id=ORG,
            name="Nora",
            role=SpeakerRole.AGENT,
            created_at=datetime.now(UTC),
            speech_ms=20_000,
            quality=VoiceQuality.GOOD,
        )
        self.voices.add(voice, Voiceprint(packed=b"x" * 16))
        self.signatures.put(ORG, "v1", "en", "signature")
        return ids

    def sound(self, call_id: str) -> bytes:
        key = self.calls.key(ORG, call_id)
        with self.vault.open(call_id, Rendition.ORIGINAL, key) as file:
            return file.read()

    def hashes(self) -> set[str]:
        return {
            hashlib.sha256(path.read_bytes()).hexdigest()
            for path in (self.folder / "audio").rglob("*")
            if path.is_file()
        }

    def rotator(self, key_file: Path | None = None) -> KeyRotator:
        self.trail = KeptTrail()
        return KeyRotator(
            self.key,
            SealedKeyStore(self.engine),
            self.tapes,
            [BackupPlace(ObjectStore(str(self.folder / "backups")), self.key)],
            Authority(self.calls, self.trail),
            key_file=key_file,
        )


@pytest.fixture
def few_at_once(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sealed_keys, "ROWS_AT_ONCE", 2)
    return


def given(key: str, previous: str = "") -> MasterKey:
    return load_master_key(key, None, Path("none"), previous)


@pytest.mark.usefixtures("few_at_once")
def test_keys_that_are_given_go_over_in_steps(engine: Engine, tmp_path: Path) -> None:
    before = House(engine, tmp_path, given(OLD))
    ids = before.fill()
    with before.tapes.create("held", 1) as tape:
        tape.append(b"\1\0" * 1600)
        sound, hashes = [before.sound(call_id) for call_id in ids], before.hashes()
        # Nothing is changed without the present key beside the new one, nor with another one.
        for key in (before.key, given(NEW), given(NEW, "33" * 32)):
            with pytest.raises(KeysUnsettled):
                before.with_key(key).rotator().rotate(LOCAL_USER)
        after = before.with_key(given(NEW, OLD))
        rotator = after.rotator()
        with pytest.raises(AccessDenied):
            rotator.rotate(replace(LOCAL_USER, role=Role.VIEWER))
        assert rotator.standing(LOCAL_USER).previous == 8

        # Broken off after the first transaction: both kinds are there, and all can be read.
        next(SealedKeyStore(engine).rewrap(after.key))
        assert rotator.standing(LOCAL_USER).current == 2
        assert [after.sound(call_id) for call_id in ids] == sound
        done = rotator.rotate(LOCAL_USER)
        assert (done.keys, done.tapes) == (5, 1)
        tape.append(b"\2\0" * 1600)
    assert Act.KEY_ROTATED in {entry.act for entry in after.trail.entries}

    only_new = before.with_key(given(NEW))
    assert [only_new.sound(call_id) for call_id in ids] == sound
    assert only_new.hashes() == hashes
    assert len(only_new.voices.enrolled(ORG)) == len(only_new.signatures.all(ORG)) == 1
    with only_new.tapes.open("held") as tape:
        assert tape.read(0, 3200) == b"\1\0" * 1600 + b"\2\0" * 1600
    with pytest.raises(WrongKey):
        before.sound(ids[0])
    only_new.tapes.delete("held")
    assert list((tmp_path / "live").iterdir()) == []


def test_a_key_in_a_file_is_followed_by_who_runs(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "partyline.key"
    running = House(engine, tmp_path, load_master_key(None, None, file))
    ids = running.fill()
    earlier = running.key.current.key_id
    elsewhere = running.with_key(load_master_key(None, None, file))
    rotator = elsewhere.rotator(file)
    assert rotator.rotate(LOCAL_USER).keys == 7
    # Whoever ran before reads on, and seals with the new one.
    assert running.key.current.key_id != earlier
    assert running.sound(ids[0]) == b"sound 0"
    assert running.vault.new_key("x").key_id == running.key.current.key_id
    assert file.stat().st_mode & 0o777 == 0o600
    # A rotation that is asked for again only goes on with the one there is: no third key comes.
    now = running.key.current.key_id
    with pytest.raises(KeysUnsettled, match="last rotation is done"):
        rotator.rotate(LOCAL_USER)
    assert running.key.current.key_id == now

    with pytest.raises(KeysUnsettled, match="An hour"):
        rotator.forget_previous(LOCAL_USER)
    monkeypatch.setattr(rotating, "FORGET_AFTER_S", 0.0)
    # A call that is being held needs the earlier key as well, until its tape is sealed anew.
    late = TapeStore(
        tmp_path / "live", MasterKey.from_file(file.with_name(f"{file.name}.previous"))
    )
    with late.create("held", 1):
        with pytest.raises(KeysUnsettled, match="Rotate first"):
            rotator.forget_previous(LOCAL_USER)
        assert rotator.rotate(LOCAL_USER).tapes == 1
    rotator.forget_previous(LOCAL_USER)
    fresh = running.with_key(load_master_key(None, None, file))
    assert not fresh.key.knows(earlier)
    assert [fresh.sound(call_id) for call_id in ids] == [b"sound %d" % n for n in range(5)]


def test_no_table_with_keys_is_left_out() -> None:
    with_keys = {name for name, table in METADATA.tables.items() if "wrapped_key" in table.c}
    assert with_keys == {sealed.name for sealed in SEALED_TABLES}
