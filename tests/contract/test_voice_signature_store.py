"""What a store of voice signatures promises, on every database."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, select, text, update

from services.domain.errors import VoiceNotFound
from services.domain.ids import new_id
from services.domain.speech import SpeakerRole
from services.domain.voices import KnownVoice, Voiceprint, VoiceQuality, VoiceSignature
from services.storage.keys import MasterKey
from services.storage.known_voices import KnownVoiceStore
from services.storage.signature_tables import VOICE_SIGNATURES
from services.storage.voice_signatures import VoiceSignatureStore
from tests.contract.stores import MASTER_KEY, ORG, OTHER

SIGNATURE = '{"Version": 0, "Tag": "tag", "Data": "a voice as only Azure reads it"}'


@pytest.fixture
def voices(engine: Engine) -> KnownVoiceStore:
    """The known voices that signatures belong to."""
    return KnownVoiceStore(engine, MASTER_KEY)


@pytest.fixture
def signatures(engine: Engine) -> VoiceSignatureStore:
    """The store under test."""
    return VoiceSignatureStore(engine, MASTER_KEY)


def known(voices: KnownVoiceStore, name: str = "Nora Fields", org_id: str = ORG) -> str:
    voice = KnownVoice(
        id=new_id(),
        org_id=org_id,
        name=name,
        role=SpeakerRole.AGENT,
        created_at=datetime(2026, 11, 26, tzinfo=UTC),
        speech_ms=53_000,
        quality=VoiceQuality.GOOD,
    )
    voices.add(voice, Voiceprint(packed=bytes(1_024)))
    return voice.id


def test_a_signature_comes_back_with_the_name_of_its_voice(voices, signatures):
    voice = known(voices, "Zoë ☎ O'Neill")
    signatures.put(ORG, voice, "en-US", SIGNATURE)
    [found] = signatures.all(ORG)
    assert found == VoiceSignature(
        voice_id=voice, name="Zoë ☎ O'Neill", language="en-US", signature=SIGNATURE
    )
    at = signatures.made(ORG)[voice]
    assert abs(at - datetime.now(UTC)) < timedelta(minutes=1)
    voices.rename(ORG, voice, "Zoë Price")
    assert signatures.all(ORG)[0].name == "Zoë Price"


def test_a_second_signature_takes_the_place_of_the_first(voices, signatures):
    voice = known(voices)
    signatures.put(ORG, voice, "en-US", "first")
    signatures.put(ORG, voice, "es-ES", "second")
    [found] = signatures.all(ORG)
    assert (found.language, found.signature) == ("es-ES", "second")


def test_signatures_are_deleted_alone_or_with_their_voice(voices, signatures):
    first, second = known(voices, "A"), known(voices, "B")
    for voice in (first, second):
        signatures.put(ORG, voice, "en-US", SIGNATURE)
    signatures.delete(ORG, first)
    assert set(signatures.made(ORG)) == {second}
    voices.delete(ORG, second)
    assert signatures.all(ORG) == ()
    assert signatures.made(ORG) == {}
    with pytest.raises(VoiceNotFound):
        signatures.delete(ORG, first)


def test_no_signature_without_a_known_voice(voices, signatures):
    elsewhere = known(voices, org_id=OTHER)
    for voice in ("nobody", elsewhere):
        with pytest.raises(VoiceNotFound):
            signatures.put(ORG, voice, "en-US", SIGNATURE)


def test_another_organisation_sees_and_deletes_nothing(voices, signatures):
    voice = known(voices)
    signatures.put(ORG, voice, "en-US", SIGNATURE)
    assert signatures.all(OTHER) == ()
    assert signatures.made(OTHER) == {}
    with pytest.raises(VoiceNotFound):
        signatures.delete(OTHER, voice)
    assert set(signatures.made(ORG)) == {voice}


def test_signatures_lie_sealed_and_are_not_shown(engine, voices, signatures):
    voice = known(voices)
    signatures.put(ORG, voice, "en-US", SIGNATURE)
    with engine.connect() as connection:
        row = connection.execute(text("SELECT * FROM voice_signatures")).one()
    assert not any(b"only Azure" in bytes(v) for v in row if isinstance(v, bytes | memoryview))
    assert "only Azure" not in repr(row)
    assert "only Azure" not in repr(signatures.all(ORG))


def test_rows_can_not_be_exchanged_nor_read_with_another_key(engine, voices, signatures):
    first, second = known(voices, "A"), known(voices, "B")
    signatures.put(ORG, first, "en-US", "first")
    signatures.put(ORG, second, "en-US", "second")
    columns = VOICE_SIGNATURES.c
    with engine.begin() as connection:
        taken = connection.execute(
            select(columns.signature, columns.wrapped_key).where(columns.voice_id == first)
        ).one()
        connection.execute(
            update(VOICE_SIGNATURES)
            .where(columns.voice_id == second)
            .values(signature=taken.signature, wrapped_key=taken.wrapped_key)
        )
    assert [one.voice_id for one in signatures.all(ORG)] == [first]
    assert VoiceSignatureStore(engine, MasterKey(bytes(32))).all(ORG) == ()
