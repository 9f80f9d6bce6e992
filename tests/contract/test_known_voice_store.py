"""What a store of known voices promises, on every database."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from sqlalchemy import Engine, select, text, update

from services.domain.errors import VoiceNameTaken, VoiceNotFound
from services.domain.ids import new_id
from services.domain.speech import SpeakerRole
from services.domain.voices import KnownVoice, Voiceprint, VoiceQuality
from services.storage.keys import MasterKey
from services.storage.known_voices import KnownVoiceStore
from services.storage.models import KNOWN_VOICES
from tests.contract.stores import MASTER_KEY, ORG, OTHER


@pytest.fixture
def voices(engine: Engine) -> KnownVoiceStore:
    """The store under test."""
    return KnownVoiceStore(engine, MASTER_KEY)


def voice(name: str = "Nora Fields", **changes: object) -> KnownVoice:
    made = KnownVoice(
        id=new_id(),
        org_id=ORG,
        name=name,
        role=SpeakerRole.AGENT,
        created_at=datetime(2026, 11, 26, 9, 0, 0, 5, tzinfo=UTC),
        speech_ms=53_000,
        quality=VoiceQuality.GOOD,
    )
    return replace(made, **changes)


def voiceprint(seed: int = 1) -> Voiceprint:
    return Voiceprint(packed=np.random.default_rng(seed).normal(size=256).astype("<f4").tobytes())


def test_a_voice_comes_back_as_it_was_added(voices):
    added = voice("Zoë ☎ O'Neill")
    voices.add(added, voiceprint())
    assert voices.list(ORG) == [added]
    assert voices.names(ORG) == {added.id: "Zoë ☎ O'Neill"}
    [enrolled] = voices.enrolled(ORG)
    assert (enrolled.voice, enrolled.voiceprint) == (added, voiceprint())


def test_voices_are_listed_by_name(voices):
    for name in ("nora", "Marcus", "Zoë"):
        voices.add(voice(name), voiceprint())
    assert [v.name for v in voices.list(ORG)] == ["Marcus", "nora", "Zoë"]


def test_another_organisation_sees_and_changes_nothing(voices):
    added = voice()
    voices.add(added, voiceprint())
    assert voices.list(OTHER) == []
    assert voices.names(OTHER) == {}
    assert voices.enrolled(OTHER) == ()
    for act in (
        lambda: voices.rename(OTHER, added.id, "X"),
        lambda: voices.set_role(OTHER, added.id, SpeakerRole.CUSTOMER),
        lambda: voices.delete(OTHER, added.id),
    ):
        with pytest.raises(VoiceNotFound):
            act()
    assert voices.list(ORG) == [added]


def test_a_name_is_taken_once_in_an_organisation(voices):
    first, second = voice("Nora"), voice("Marcus")
    voices.add(first, voiceprint())
    voices.add(second, voiceprint(2))
    with pytest.raises(VoiceNameTaken):
        voices.add(voice("Nora"), voiceprint(3))
    with pytest.raises(VoiceNameTaken):
        voices.rename(ORG, second.id, "Nora")
    voices.rename(ORG, first.id, "Nora")
    voices.add(voice("Nora", org_id=OTHER), voiceprint(4))
    assert [v.name for v in voices.list(ORG)] == ["Marcus", "Nora"]


def test_name_and_role_can_be_changed(voices):
    added = voice()
    voices.add(added, voiceprint())
    voices.rename(ORG, added.id, "Nora Price")
    voices.set_role(ORG, added.id, SpeakerRole.CUSTOMER)
    changed = replace(added, name="Nora Price", role=SpeakerRole.CUSTOMER)
    assert voices.list(ORG) == [changed]
    assert voices.enrolled(ORG)[0].voiceprint == voiceprint()


def test_deleting_leaves_no_row(voices, engine):
    added, kept = voice("Nora"), voice("Marcus")
    voices.add(added, voiceprint())
    voices.add(kept, voiceprint(2))
    voices.delete(ORG, added.id)
    with engine.connect() as connection:
        assert connection.execute(select(KNOWN_VOICES.c.id)).scalars().all() == [kept.id]
    with pytest.raises(VoiceNotFound):
        voices.delete(ORG, added.id)


def test_a_voiceprint_lies_sealed(voices, engine):
    voices.add(voice(), voiceprint())
    with engine.connect() as connection:
        row = connection.execute(select(KNOWN_VOICES)).mappings().one()
    stored = b"".join(v if isinstance(v, bytes) else str(v).encode() for v in row.values())
    packed = voiceprint().packed
    assert all(packed[at : at + 16] not in stored for at in range(0, len(packed), 16))
    assert "packed" not in repr(voices.enrolled(ORG))


@pytest.mark.parametrize("moved", [("voiceprint",), ("key_id", "wrapped_key", "voiceprint")])
def test_seals_can_not_be_exchanged_between_rows(voices, engine, moved):
    one, other = voice("Nora"), voice("Marcus")
    voices.add(one, voiceprint(1))
    voices.add(other, voiceprint(2))
    with engine.begin() as connection:
        query = select(*(KNOWN_VOICES.c[name] for name in moved))
        taken = connection.execute(query.where(KNOWN_VOICES.c.id == other.id)).mappings().one()
        change = update(KNOWN_VOICES).where(KNOWN_VOICES.c.id == one.id)
        connection.execute(change.values(dict(taken)))
    assert [v.voice.name for v in voices.enrolled(ORG)] == ["Marcus"]


def test_a_row_moved_to_another_organisation_does_not_open(voices, engine):
    voices.add(voice(), voiceprint())
    with engine.begin() as connection:
        connection.execute(text("UPDATE known_voices SET org_id = 'other'"))
    assert voices.enrolled(OTHER) == ()


def test_another_master_key_opens_nothing_and_breaks_nothing(voices, engine):
    voices.add(voice(), voiceprint())
    other = KnownVoiceStore(engine, MasterKey(bytes(range(1, 33))))
    assert other.enrolled(ORG) == ()
    assert [v.name for v in other.list(ORG)] == ["Nora Fields"]
