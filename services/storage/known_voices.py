"""The store of known voices.

A voiceprint is sealed by a key of its own, which the master key wraps. Key and seal are bound to
the row's id and organisation, so that rows can't be exchanged; deleting a row takes both with it.
"""

import builtins
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, and_, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from services import telemetry
from services.domain.errors import DataDamaged, VoiceNameTaken, VoiceNotFound, WrongKey
from services.domain.speech import SpeakerRole
from services.domain.voices import EnrolledVoice, KnownVoice, Voiceprint, VoiceQuality
from services.storage.database import reading, writing
from services.storage.keys import DataKey, MasterKey, WrappedKey
from services.storage.models import KNOWN_VOICES

_SHOWN = [c for c in KNOWN_VOICES.c if c.name not in {"key_id", "wrapped_key", "voiceprint"}]


class KnownVoiceStore:
    """Keeps known voices. Every method raises StorageError, or DiskFull, when the database can't.

    Every method takes the organisation; a voice of another one is not found.
    """

    def __init__(self, engine: Engine, master_key: MasterKey) -> None:
        """Use this database, and keys that ``master_key`` wraps."""
        self._engine = engine
        self._master_key = master_key

    def add(self, voice: KnownVoice, voiceprint: Voiceprint) -> None:
        """Add a voice. Raises VoiceNameTaken when the organisation has one of this name."""
        context = context_of_voice(voice.org_id, voice.id)
        key = DataKey.random()
        wrapped = self._master_key.wrap(key, context)
        row = {
            **vars(voice),
            "key_id": wrapped.key_id,
            "wrapped_key": wrapped.sealed,
            "voiceprint": key.seal(voiceprint.packed, context=context),
        }
        with writing(self._engine) as connection:
            try:
                connection.execute(insert(KNOWN_VOICES).values(row))
            except IntegrityError:
                raise VoiceNameTaken from None

    def list(self, org_id: str) -> builtins.list[KnownVoice]:
        """Return the organisation's voices by name."""
        query = select(*_SHOWN).where(KNOWN_VOICES.c.org_id == org_id)
        with reading(self._engine) as connection:
            found = [_voice(row) for row in connection.execute(query).mappings()]
        return sorted(found, key=lambda voice: (voice.name.casefold(), voice.id))

    def names(self, org_id: str) -> dict[str, str]:
        """Return the name of each voice of the organisation by the voice's id."""
        query = select(KNOWN_VOICES.c.id, KNOWN_VOICES.c.name)
        with reading(self._engine) as connection:
            rows = connection.execute(query.where(KNOWN_VOICES.c.org_id == org_id)).all()
        return {row.id: row.name for row in rows}

    def enrolled(self, org_id: str) -> tuple[EnrolledVoice, ...]:
        """Return the organisation's voices with their voiceprints, to recognise them by.

        One whose seal doesn't open (another master key, a changed row) is left out and logged: a
        call must not fail because of it.
        """
        query = select(KNOWN_VOICES).where(KNOWN_VOICES.c.org_id == org_id)
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(KNOWN_VOICES.c.id)).mappings().all()
        found = []
        for row in rows:
            try:
                found.append(EnrolledVoice(voice=_voice(row), voiceprint=self._opened(row)))
            except (WrongKey, DataDamaged) as error:
                telemetry.warning("known_voice.unreadable", voice=row["id"], error=error.code)
        return tuple(found)

    def rename(self, org_id: str, voice_id: str, name: str) -> None:
        """Give a voice another name. Raises VoiceNotFound, VoiceNameTaken."""
        self._change(org_id, voice_id, name=name)

    def set_role(self, org_id: str, voice_id: str, role: SpeakerRole) -> None:
        """Set the role that the person usually plays. Raises VoiceNotFound."""
        self._change(org_id, voice_id, role=role)

    def delete(
        self, org_id: str, voice_id: str, *, also: Callable[[Connection], None] = lambda _: None
    ) -> None:
        """Delete a voice, voiceprint and key included; ``also`` is done in the same transaction.

        Raises VoiceNotFound.
        """
        with writing(self._engine) as connection:
            if not connection.execute(delete(KNOWN_VOICES).where(_is(org_id, voice_id))).rowcount:
                raise VoiceNotFound
            also(connection)

    def _change(self, org_id: str, voice_id: str, **values: str) -> None:
        change = update(KNOWN_VOICES).where(_is(org_id, voice_id)).values(**values)
        with writing(self._engine) as connection:
            try:
                if not connection.execute(change).rowcount:
                    raise VoiceNotFound
            except IntegrityError:
                raise VoiceNameTaken from None

    def _opened(self, row: RowMapping) -> Voiceprint:
        context = context_of_voice(row["org_id"], row["id"])
        wrapped = WrappedKey(key_id=row["key_id"], sealed=row["wrapped_key"])
        key = self._master_key.unwrap(wrapped, context)
        return Voiceprint(packed=key.unseal(row["voiceprint"], context=context))


def context_of_voice(org_id: str, voice_id: str) -> str:
    """Return what a voiceprint and its key are bound to."""
    return f"known voice {voice_id} of {org_id}"


def _is(org_id: str, voice_id: str) -> Any:
    return and_(KNOWN_VOICES.c.org_id == org_id, KNOWN_VOICES.c.id == voice_id)


def _voice(row: RowMapping) -> KnownVoice:
    return KnownVoice(
        id=row["id"],
        org_id=row["org_id"],
        name=row["name"],
        role=SpeakerRole(row["role"]),
        created_at=row["created_at"],
        speech_ms=row["speech_ms"],
        quality=VoiceQuality(row["quality"]),
    )
