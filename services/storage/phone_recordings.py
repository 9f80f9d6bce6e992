"""Which call a recording belongs to: it is ready when the call has landed, and is named otherwise.

Of what the telephone service names the call by a hash is kept.
"""

from datetime import datetime
from hashlib import sha256

from sqlalchemy import Engine, delete, select

from services.storage.database import reading, writing
from services.storage.phone_tables import PHONE_RECORDINGS
from services.storage.rows import insert_new

_R = PHONE_RECORDINGS.c


class PhoneRecordingStore:
    """Knows calls by their names. Every method raises StorageError when the database can't."""

    def __init__(self, engine: Engine) -> None:
        """Use this database."""
        self._engine = engine

    def expect(self, server_call_id: str, call_id: str, at: datetime) -> None:
        """Remember from this moment on that a call may get a recording; once for each name."""
        row = {"server_call": _hash(server_call_id), "call_id": call_id, "expected_at": at}
        with writing(self._engine) as connection:
            insert_new(connection, PHONE_RECORDINGS, row, key=("server_call",))

    def find(self, server_call_id: str) -> str | None:
        """Return the id of the call of this name, None for one that isn't known."""
        query = select(_R.call_id).where(_R.server_call == _hash(server_call_id))
        with reading(self._engine) as connection:
            return connection.execute(query).scalar()

    def delete_before(self, at: datetime) -> int:
        """Forget the calls remembered before this moment; return how many there were."""
        with writing(self._engine) as connection:
            gone = connection.execute(delete(PHONE_RECORDINGS).where(_R.expected_at < at))
        return gone.rowcount


def _hash(name: str) -> str:
    return sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
