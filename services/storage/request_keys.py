"""Which call a request made, by the key that a program gave it: asked again, it makes no other.

Of a key a hash is kept, which has the same length whatever programs make their keys of.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from sqlalchemy import Connection, Engine, delete, select

from services.domain.errors import RequestKeyTaken
from services.storage.database import joining, reading, writing
from services.storage.ingest_tables import REQUEST_KEYS
from services.storage.rows import insert_new

KEPT_FOR = timedelta(days=7)
_K = REQUEST_KEYS.c


@dataclass(frozen=True, kw_only=True)
class KnownRequest:
    """A request's call; as a ``duplicate`` it had been there before."""

    call_id: str
    duplicate: bool


class RequestKeyStore:
    """Remembers keys. Every method raises StorageError when the database can't."""

    def __init__(self, engine: Engine) -> None:
        """Use this database."""
        self._engine = engine

    def known(self, org_id: str, key: str) -> KnownRequest | None:
        """Return what became of a request with this key, if there was one."""
        mine = (_K.org_id == org_id, _K.request_key == _hash(key))
        with reading(self._engine) as connection:
            row = connection.execute(select(_K.call_id, _K.duplicate).where(*mine)).first()
        return KnownRequest(call_id=row.call_id, duplicate=row.duplicate) if row else None

    def note(
        self,
        org_id: str,
        key: str,
        call_id: str,
        *,
        duplicate: bool = False,
        connection: Connection | None = None,
    ) -> None:
        """Remember which call a request made or found; it is forgotten with the call.

        Raises RequestKeyTaken when a request with this key made another.
        """
        row = {
            "org_id": org_id,
            "request_key": _hash(key),
            "call_id": call_id,
            "duplicate": duplicate,
            "noted_at": datetime.now(UTC),
        }
        known = select(_K.call_id).where(_K.org_id == org_id, _K.request_key == _hash(key))
        with joining(self._engine, connection) as inside:
            if insert_new(inside, REQUEST_KEYS, row, key=("org_id", "request_key")):
                return
            if inside.execute(known).scalar() != call_id:
                raise RequestKeyTaken

    def forget_old(self) -> int:
        """Forget keys that no program asks with any more; return how many there were."""
        at = datetime.now(UTC) - KEPT_FOR
        with writing(self._engine) as connection:
            return connection.execute(delete(REQUEST_KEYS).where(_K.noted_at < at)).rowcount


def _hash(key: str) -> str:
    return sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
