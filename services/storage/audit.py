"""Where the audit is written: only ever at the end, and cut only at the front."""

import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, delete, select, update

from services import telemetry
from services.domain.acts import Act, AuditEntry, Outcome
from services.domain.audit_trail import ms_of
from services.domain.errors import AuditBroken, StorageError
from services.domain.people import User
from services.storage.audit_front import old_front
from services.storage.audit_reading import rows_of
from services.storage.audit_seals import ChainHead, ChainKeys, ChainSeal
from services.storage.audit_tables import AUDIT_ENTRIES, AUDIT_HEADS
from services.storage.database import writing
from services.storage.keys import MasterKey
from services.storage.rows import insert_new

MOST_CHARS = 200
"""So much of a name or an id is kept: ids come from addresses that anybody can write."""

_E, _H = AUDIT_ENTRIES.c, AUDIT_HEADS.c
_NEW = ("sequence", "hash", "cut_through", "seal")
# Whoever has the row goes first; others wait for it, and then see where it has come to.
_HEAD = select(AUDIT_HEADS).where(_H.org_id == bindparam("org")).with_for_update()
_ADD = AUDIT_ENTRIES.insert().values({c.name: bindparam(f"entry_{c.name}") for c in _E})
_ADVANCE = (
    update(AUDIT_HEADS)
    .where(_H.org_id == bindparam("org"))
    .values({name: bindparam(f"new_{name}") for name in _NEW})
)
# One way to the server instead of two.
_ADD_AND_ADVANCE = _ADD.add_cte(_ADVANCE.cte("advanced"))


class AuditStore:
    """Writes entries down for good, in the order of one chain for each organisation.

    Safe across threads and processes. Methods raise StorageError when the database can't, WrongKey
    when the master key is another one than the chain's, and AuditBroken when how far a chain has
    come was changed from outside: to write on would hide that.
    """

    def __init__(self, engine: Engine, master_key: MasterKey) -> None:
        """Use this database, and keys sealed by this one."""
        self._engine = engine
        self._keys = ChainKeys(master_key)

    def note(self, entry: AuditEntry) -> None:
        """Write one entry down.

        A refusal that can't be written is logged instead: it is refused either way.
        """
        try:
            self.add([entry])
        except StorageError as error:
            if entry.outcome is not Outcome.REFUSED:
                raise
            telemetry.fault("audit.refusal_not_written", error, act=entry.act.value)

    def add(self, entries: Sequence[AuditEntry]) -> None:
        """Write entries of one organisation down together, or none of them."""
        with writing(self._engine) as connection:
            self._append(connection, entries)

    def cut(self, user: User, before: datetime) -> int:
        """Cut entries older than this from the front; return how many.

        The chain begins later then, and says so by an entry of its own. None is cut that came after
        one which has to stay, whatever its clock said. What is cut, and the first that stays, have
        to be as they were written, or AuditBroken is raised and all stays: what was changed would
        go with them unseen.
        """
        org_id = user.org_id
        with writing(self._engine) as connection:
            head = self._head(connection, org_id)
            rows = rows_of(connection, org_id)
            with closing(rows):
                through, newest_ms = old_front(rows, head, self._seal(head), ms_of(before))
            if newest_ms is None:
                return 0
            details = {"through": through, "newest_at_ms": newest_ms}
            told = _own_entry(user, Act.AUDIT_CUT, details)
            self._append(connection, [told], cut_through=through)
            old = delete(AUDIT_ENTRIES).where(_E.org_id == org_id, _E.sequence <= through)
            connection.execute(old)
            return through - head.cut_through

    def resume(self, user: User) -> bool:
        """Let an organisation's audit go on though how far it has come was changed from outside.

        What is broken stays broken and can be found; an entry says that it went on. Returns False
        where nothing keeps it from going on. Raises WrongKey.
        """
        with writing(self._engine) as connection:
            head = self._head(connection, user.org_id)
            seal = self._keys.seal(user.org_id, head.key)
            newest = select(_E.sequence, _E.hash).where(_E.org_id == user.org_id)
            last = connection.execute(newest.order_by(_E.sequence.desc()).limit(1)).first()
            there = int(last[0]) if last else 0
            if seal.fits_head(head) and there <= head.sequence:
                return False
            sequence, last_hash = max(head.sequence, there), last[1] if last else head.hash
            new = (sequence, last_hash, head.cut_through)
            advance = _advance(user.org_id, *new, seal.of_head(user.org_id, *new))
            connection.execute(_ADVANCE, advance)
            self._append(connection, [_own_entry(user, Act.AUDIT_RESUMED, {"after": sequence})])
            return True

    def _append(
        self,
        connection: Connection,
        entries: Sequence[AuditEntry],
        *,
        cut_through: int | None = None,
    ) -> None:
        org_id = entries[0].org_id
        head = self._head(connection, org_id)
        seal = self._seal(head)
        rows, last = [], head.hash
        for sequence, entry in enumerate(entries, head.sequence + 1):
            row = _row(entry, sequence, last)
            last = row["hash"] = seal.of_entry(row)
            rows.append({f"entry_{name}": value for name, value in row.items()})
        cut = head.cut_through if cut_through is None else cut_through
        new = (head.sequence + len(rows), last, cut)
        advance = _advance(org_id, *new, seal.of_head(org_id, *new))
        if len(rows) == 1 and connection.dialect.name != "sqlite":
            connection.execute(_ADD_AND_ADVANCE, rows[0] | advance)
        else:
            connection.execute(_ADD, rows)
            connection.execute(_ADVANCE, advance)

    def _head(self, connection: Connection, org_id: str) -> ChainHead:
        row = connection.execute(_HEAD, {"org": org_id}).mappings().first()
        if row is None:
            insert_new(connection, AUDIT_HEADS, self._new_head(org_id), key=("org_id",))
            row = connection.execute(_HEAD, {"org": org_id}).mappings().one()
        return ChainHead.from_row(row)

    def _new_head(self, org_id: str) -> dict[str, Any]:
        key = self._keys.new(org_id)
        begun = {"org_id": org_id, "sequence": 0, "hash": "", "cut_through": 0}
        seal = self._keys.seal(org_id, key).of_head(org_id, 0, "", 0)
        return {**begun, "seal": seal, "key_id": key.key_id, "wrapped_key": key.sealed}

    def _seal(self, head: ChainHead) -> ChainSeal:
        seal = self._keys.seal(head.org_id, head.key)
        if not seal.fits_head(head):
            raise AuditBroken
        return seal


def _advance(org_id: str, *new: object) -> dict[str, object]:
    """Return how far a chain has come, as the statement takes it."""
    return {"org": org_id, **{f"new_{n}": value for n, value in zip(_NEW, new, strict=True)}}


def _row(entry: AuditEntry, sequence: int, previous: str) -> dict[str, Any]:
    return {
        "org_id": entry.org_id,
        "sequence": sequence,
        "at_ms": ms_of(entry.at),
        "user_id": _clean(entry.user_id),
        "name": _clean(entry.name),
        "role": entry.role,
        "act": entry.act.value,
        "outcome": entry.outcome.value,
        "subject": _clean(entry.subject),
        "address": _clean(entry.address),
        "details": _packed(entry.details),
        "previous": previous,
    }


def _own_entry(user: User, act: Act, details: Mapping[str, int]) -> AuditEntry:
    return AuditEntry(
        org_id=user.org_id,
        user_id=user.id,
        name=user.name,
        role=user.role.value,
        act=act,
        outcome=Outcome.ALLOWED,
        at=datetime.now(UTC),
        address=user.address,
        details=dict(details),
    )


def _packed(details: Mapping[str, str | int]) -> str:
    safe = {name: _clean(v) if isinstance(v, str) else v for name, v in details.items()}
    return json.dumps(safe, sort_keys=True, separators=(",", ":"))


def _clean(text: str | None) -> str | None:
    """Return a text as every database gives it back, or its hash would not fit what is read."""
    if text is None:
        return None
    return text[:MOST_CHARS].replace("\0", "").encode("utf-8", "replace").decode("utf-8")
