"""All data keys that the master key has sealed, wherever they lie in the database."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, Table, bindparam, func, select, update

from services.storage.audit_seals import key_context
from services.storage.audit_tables import AUDIT_HEADS
from services.storage.database import reading, writing
from services.storage.ingest_tables import UPLOADS
from services.storage.keys import MasterKey, WrappedKey
from services.storage.known_voices import context_of_voice
from services.storage.models import CALLS, KNOWN_VOICES
from services.storage.phone_tables import PHONE_KEYS
from services.storage.signature_tables import VOICE_SIGNATURES
from services.storage.voice_signatures import context_of_signature

ROWS_AT_ONCE = 500


@dataclass(frozen=True, kw_only=True)
class SealedTable:
    """A table of which each row has a data key; ``context`` says what that is bound to."""

    table: Table
    id_column: str
    context: Callable[[str, str], str]

    @property
    def name(self) -> str:
        """The table's name."""
        return self.table.name


def _the_id(_org_id: str, row_id: str) -> str:
    return row_id


def _of_audit(org_id: str, _row_id: str) -> str:
    return key_context(org_id)


SEALED_TABLES = (
    SealedTable(table=CALLS, id_column="id", context=_the_id),
    SealedTable(table=KNOWN_VOICES, id_column="id", context=context_of_voice),
    SealedTable(table=VOICE_SIGNATURES, id_column="voice_id", context=context_of_signature),
    SealedTable(table=PHONE_KEYS, id_column="call_id", context=_the_id),
    SealedTable(table=UPLOADS, id_column="id", context=_the_id),
    SealedTable(table=AUDIT_HEADS, id_column="org_id", context=_of_audit),
)


class SealedKeyStore:
    """Finds and renews sealed keys. Methods raise StorageError when the database can't."""

    def __init__(self, engine: Engine) -> None:
        """Use this database."""
        self._engine = engine

    def counts(self) -> dict[str, int]:
        """Return how many keys each master key has sealed, by its name."""
        found: dict[str, int] = {}
        with reading(self._engine) as connection:
            for sealed in SEALED_TABLES:
                by = sealed.table.c.key_id
                for key_id, count in connection.execute(select(by, func.count()).group_by(by)):
                    found[key_id] = found.get(key_id, 0) + count
        return found

    def rewrap(self, master_key: MasterKey) -> Iterator[int]:
        """Seal all keys with the current master key; yield after each transaction how many.

        What is sealed stays as it is, and can be opened at every moment. Raises WrongKey for a
        key that nobody who is known has sealed.
        """
        for sealed in SEALED_TABLES:
            after = ""
            while rows := self._some(sealed, after, master_key):
                after = rows[-1]["id"]
                yield len(rows)

    def _some(self, sealed: SealedTable, after: str, master_key: MasterKey) -> list[Any]:
        columns = sealed.table.c
        by_id = columns[sealed.id_column]
        query = (
            select(by_id.label("id"), columns.org_id, columns.key_id, columns.wrapped_key)
            .where(by_id > after, columns.key_id != master_key.current.key_id)
            .order_by(by_id)
            .limit(ROWS_AT_ONCE)
            .with_for_update()
        )
        change = (
            update(sealed.table)
            .where(by_id == bindparam("row_id"))
            .values(key_id=bindparam("by"), wrapped_key=bindparam("sealed"))
        )
        with writing(self._engine) as connection:
            rows = list(connection.execute(query).mappings().all())
            fresh = [_rewrapped(master_key, sealed, row) for row in rows]
            if fresh:
                connection.execute(change, fresh)
        return rows


def _rewrapped(master_key: MasterKey, sealed: SealedTable, row: Any) -> dict[str, object]:
    before = WrappedKey(key_id=row["key_id"], sealed=row["wrapped_key"])
    after = master_key.rewrap(before, sealed.context(row["org_id"], row["id"]))
    return {"row_id": row["id"], "by": after.key_id, "sealed": after.sealed}
