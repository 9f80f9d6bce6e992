"""Which events of telephone services have been dealt with: until then they are sent again.

Of an event's id a hash is kept, which has the same length whatever a service makes its ids of.
"""

from datetime import datetime
from hashlib import sha256

from sqlalchemy import Engine, delete, select

from services.storage.database import reading, writing
from services.storage.phone_tables import PHONE_SEEN
from services.storage.rows import insert_new

_S = PHONE_SEEN.c


class PhoneSeenStore:
    """Remembers events. Every method raises StorageError when the database can't."""

    def __init__(self, engine: Engine) -> None:
        """Use this database."""
        self._engine = engine

    def is_known(self, event_id: str) -> bool:
        """Say whether an event has been noted."""
        query = select(_S.event).where(_S.event == _hash(event_id))
        with reading(self._engine) as connection:
            return connection.execute(query).first() is not None

    def note(self, event_id: str, at: datetime) -> None:
        """Remember that an event was dealt with at this moment; the first time counts."""
        row = {"event": _hash(event_id), "seen_at": at}
        with writing(self._engine) as connection:
            insert_new(connection, PHONE_SEEN, row, key=("event",))

    def delete_before(self, at: datetime) -> int:
        """Forget the events noted before this moment; return how many there were."""
        with writing(self._engine) as connection:
            return connection.execute(delete(PHONE_SEEN).where(_S.seen_at < at)).rowcount


def _hash(event_id: str) -> str:
    return sha256(event_id.encode("utf-8", "surrogatepass")).hexdigest()
