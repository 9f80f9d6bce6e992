"""The store of voice signatures: sealed as voiceprints are, and gone with their known voice."""

from datetime import UTC, datetime

from sqlalchemy import Engine, RowMapping, and_, delete, select
from sqlalchemy.exc import IntegrityError

from services import telemetry
from services.domain.errors import DataDamaged, VoiceNotFound, WrongKey
from services.domain.voices import VoiceSignature
from services.storage.database import reading, writing
from services.storage.keys import DataKey, MasterKey, WrappedKey
from services.storage.models import KNOWN_VOICES
from services.storage.rows import upsert
from services.storage.signature_tables import VOICE_SIGNATURES


class VoiceSignatureStore:
    """Keeps one signature a known voice. Methods raise StorageError when the database can't.

    Every method takes the organisation; a voice of another one is not found.
    """

    def __init__(self, engine: Engine, master_key: MasterKey) -> None:
        """Use this database, and keys that ``master_key`` wraps."""
        self._engine = engine
        self._master_key = master_key

    def put(self, org_id: str, voice_id: str, language: str, signature: str) -> None:
        """Keep a voice's signature in place of an earlier one. Raises VoiceNotFound."""
        context = context_of_signature(org_id, voice_id)
        key = DataKey.random()
        wrapped = self._master_key.wrap(key, context)
        row = {
            "voice_id": voice_id,
            "org_id": org_id,
            "language": language,
            "created_at": datetime.now(UTC),
            "key_id": wrapped.key_id,
            "wrapped_key": wrapped.sealed,
            "signature": key.seal(signature.encode(), context=context),
        }
        known = and_(KNOWN_VOICES.c.org_id == org_id, KNOWN_VOICES.c.id == voice_id)
        with writing(self._engine) as connection:
            if connection.execute(select(KNOWN_VOICES.c.id).where(known)).first() is None:
                raise VoiceNotFound
            try:
                upsert(connection, VOICE_SIGNATURES, row, key=("voice_id",))
            except IntegrityError:
                # The voice was deleted meanwhile.
                raise VoiceNotFound from None

    def made(self, org_id: str) -> dict[str, datetime]:
        """Return when the signature of each voice that has one was made, by the voice's id."""
        columns = VOICE_SIGNATURES.c
        query = select(columns.voice_id, columns.created_at).where(columns.org_id == org_id)
        with reading(self._engine) as connection:
            return {row.voice_id: row.created_at for row in connection.execute(query)}

    def all(self, org_id: str) -> tuple[VoiceSignature, ...]:
        """Return the organisation's signatures, opened, in the order of their voices' ids.

        One whose seal doesn't open is left out and logged: a call must not fail because of it.
        """
        joined = VOICE_SIGNATURES.join(
            KNOWN_VOICES, KNOWN_VOICES.c.id == VOICE_SIGNATURES.c.voice_id
        )
        query = (
            select(VOICE_SIGNATURES, KNOWN_VOICES.c.name)
            .select_from(joined)
            .where(VOICE_SIGNATURES.c.org_id == org_id)
            .order_by(VOICE_SIGNATURES.c.voice_id)
        )
        with reading(self._engine) as connection:
            rows = connection.execute(query).mappings().all()
        found = []
        for row in rows:
            try:
                found.append(self._opened(row))
            except (WrongKey, DataDamaged) as error:
                telemetry.warning(
                    "voice_signature.unreadable", voice=row["voice_id"], error=error.code
                )
        return tuple(found)

    def delete(self, org_id: str, voice_id: str) -> None:
        """Delete a voice's signature with its key. Raises VoiceNotFound when it has none."""
        columns = VOICE_SIGNATURES.c
        its = and_(columns.org_id == org_id, columns.voice_id == voice_id)
        with writing(self._engine) as connection:
            if not connection.execute(delete(VOICE_SIGNATURES).where(its)).rowcount:
                raise VoiceNotFound

    def _opened(self, row: RowMapping) -> VoiceSignature:
        context = context_of_signature(row["org_id"], row["voice_id"])
        wrapped = WrappedKey(key_id=row["key_id"], sealed=row["wrapped_key"])
        key = self._master_key.unwrap(wrapped, context)
        return VoiceSignature(
            voice_id=row["voice_id"],
            name=row["name"],
            language=row["language"],
            signature=key.unseal(row["signature"], context=context).decode(),
        )


def context_of_signature(org_id: str, voice_id: str) -> str:
    """Return what a signature and its key are bound to."""
    return f"voice signature {voice_id} of {org_id}"
