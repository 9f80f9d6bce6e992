"""Which events of telephone services have come: they are sent again until they are taken.

Of an event's id a hash is kept, which has the same length whatever a service makes its ids of.
"""

from datetime import datetime
from hashlib import sha256

from sqlalchemy import Engine, delete

from services.storage.database import insert_new, writing
from services.storage.phone_tables import PHONE_SEEN

_S = PHONE_SEEN.c


class PhoneSeenStore:
    """Remembers events. Every method raises StorageError when the database can't."""

    def __init__(self, engine: Engine) -> None:
        """Use this database."""
        self._engine = engine

    def is_new(self, event_id: str, at: datetime) -> bool:
        """Remember an event as seen at this moment; say whether it had not been before.

        Of several processes that are sent one event at once exactly one is told that it is new.
        """
        row = {"event": _hash(event_id), "seen_at": at}
        with writing(self._engine) as connection:
            return insert_new(connection, PHONE_SEEN, row, key=("event",))

    def forget(self, event_id: str) -> None:
        """Take the event as new again when it comes the next time."""
        with writing(self._engine) as connection:
            connection.execute(delete(PHONE_SEEN).where(_S.event == _hash(event_id)))

    def delete_before(self, at: datetime) -> int:
        """Forget the events seen before this moment; return how many there were."""
        with writing(self._engine) as connection:
            return connection.execute(delete(PHONE_SEEN).where(_S.seen_at < at)).rowcount


def _hash(event_id: str) -> str:
    return sha256(event_id.encode("utf-8", "surrogatepass")).hexdigest()
