"""The words of phone calls that are being held, kept as they are told.

A telephone service that sends words sends no sound, so that this is to such a call what a tape is
to another: what ``append`` has returned from survives the death of the process. It is encrypted
with a key of the call's, which the call has afterwards, too, and goes with the call's row.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, insert, select

from services import telemetry
from services.domain.errors import DataDamaged, NotFound
from services.storage.database import joining, reading, writing
from services.storage.forms import pack
from services.storage.keys import DataKey, MasterKey, WrappedKey
from services.storage.live_tables import LIVE_CALLS
from services.storage.phone_tables import PHONE_KEYS, PHONE_WORDS
from services.storage.rows import insert_new

Json = Mapping[str, Any]

_K = PHONE_KEYS.c
_W = PHONE_WORDS.c


class PhoneWordStore:
    """Keeps told events by call. Every method raises StorageError when the database can't."""

    def __init__(self, engine: Engine, master_key: MasterKey) -> None:
        """Use this database, and keys that ``master_key`` wraps."""
        self._engine = engine
        self._master_key = master_key

    def append(self, call_id: str, told: Sequence[Json]) -> None:
        """Keep these events behind those that are kept; all of them or none.

        Raises NotFound when the call isn't being held, or not any more; WrongKey, DiskFull.
        """
        if not told:
            return
        plain = pack([dict(event) for event in told]).encode()
        with writing(self._engine) as connection:
            org_id, key = self._key_to_write(connection, call_id)
            cipher = self._master_key.unwrap(key, call_id)
            last = connection.execute(select(func.max(_W.n)).where(_W.call_id == call_id)).scalar()
            n = (last or 0) + 1
            content = cipher.seal(plain, context=_context(call_id, n))
            row = {"call_id": call_id, "n": n, "org_id": org_id, "content": content}
            connection.execute(insert(PHONE_WORDS).values(row))

    def read(self, call_id: str) -> list[dict[str, Any]]:
        """Return the call's events in the order in which they were told; none for another call.

        What was damaged is left out. Raises WrongKey.
        """
        query = select(_W.n, _W.content).where(_W.call_id == call_id).order_by(_W.n)
        with reading(self._engine) as connection:
            key = _stored_key(connection, call_id)
            rows = connection.execute(query).all() if key else []
        if key is None:
            return []
        cipher = self._master_key.unwrap(key, call_id)
        return [event for n, sealed in rows for event in _events(cipher, call_id, n, sealed)]

    def key(self, call_id: str) -> WrappedKey | None:
        """Return the call's data key as it is stored, None for one without words."""
        with reading(self._engine) as connection:
            return _stored_key(connection, call_id)

    def delete(self, call_id: str, *, connection: Connection | None = None) -> None:
        """Delete the call's words and their key; what isn't there is as good as deleted."""
        with joining(self._engine, connection) as inside:
            inside.execute(delete(PHONE_WORDS).where(_W.call_id == call_id))
            inside.execute(delete(PHONE_KEYS).where(_K.call_id == call_id))

    def _key_to_write(self, connection: Connection, call_id: str) -> tuple[str, WrappedKey]:
        """Return the call's organisation and key, made when missing, its row locked meanwhile."""
        query = select(PHONE_KEYS).where(_K.call_id == call_id).with_for_update()
        row = connection.execute(query).first()
        if row is None:
            # The call's row stays while words are added: nobody lands it without them.
            held = select(LIVE_CALLS.c.org_id).where(LIVE_CALLS.c.id == call_id)
            org_id = connection.execute(held.with_for_update(key_share=True)).scalar()
            if org_id is None:
                raise NotFound
            made = self._master_key.new_data_key(call_id)
            new = {
                "call_id": call_id,
                "org_id": org_id,
                "key_id": made.key_id,
                "wrapped_key": made.sealed,
            }
            insert_new(connection, PHONE_KEYS, new, key=("call_id",))
            row = connection.execute(query).one()
        return row.org_id, WrappedKey(key_id=row.key_id, sealed=row.wrapped_key)


def _stored_key(connection: Connection, call_id: str) -> WrappedKey | None:
    row = connection.execute(select(PHONE_KEYS).where(_K.call_id == call_id)).first()
    return None if row is None else WrappedKey(key_id=row.key_id, sealed=row.wrapped_key)


def _events(cipher: DataKey, call_id: str, n: int, sealed: bytes) -> list[dict[str, Any]]:
    try:
        plain = cipher.unseal(sealed, context=_context(call_id, n))
    except DataDamaged:
        telemetry.warning("phone.words_damaged")
        return []
    events: list[dict[str, Any]] = json.loads(plain)
    return events


def _context(call_id: str, n: int) -> str:
    return f"phone words {call_id} {n}"
