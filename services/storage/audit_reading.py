"""What is asked of the audit: pages of it, and all of it in the order of its chains."""

import json
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Engine, RowMapping, or_, select

from services.domain.audit_trail import (
    AuditPage,
    AuditQuery,
    KeptEntry,
    NotedHead,
    moment_of,
    ms_of,
)
from services.storage.audit_seals import ChainHead
from services.storage.audit_tables import AUDIT_ENTRIES, AUDIT_HEADS
from services.storage.database import reading

ROWS_AT_ONCE = 1_000

_E = AUDIT_ENTRIES.c


@dataclass(frozen=True, kw_only=True)
class Chain:
    """One organisation's entries in order, as raw rows, and how far it says to have come."""

    org_id: str
    head: ChainHead | None
    rows: Iterator[RowMapping]


class AuditReader:
    """Reads the audit. Every method raises StorageError when the database can't."""

    def __init__(self, engine: Engine) -> None:
        """Use this database."""
        self._engine = engine

    def page(self, org_id: str, wanted: AuditQuery) -> AuditPage:
        """Return the newest entries that are wanted."""
        query = (
            select(AUDIT_ENTRIES)
            .where(*_conditions(org_id, wanted))
            .order_by(_E.sequence.desc())
            .limit(wanted.limit + 1)
        )
        with reading(self._engine) as connection:
            rows = connection.execute(query).mappings().all()
        entries = tuple(_kept(row) for row in rows[: wanted.limit])
        more = len(rows) > wanted.limit
        return AuditPage(entries=entries, before=entries[-1].sequence if more else None)

    def heads(self) -> list[NotedHead]:
        """Return how far the chain of each organisation has come."""
        query = select(AUDIT_HEADS).order_by(AUDIT_HEADS.c.org_id)
        with reading(self._engine) as connection:
            rows = connection.execute(query).mappings().all()
        return [
            NotedHead(org_id=row["org_id"], sequence=row["sequence"], hash=row["hash"])
            for row in rows
        ]

    @contextmanager
    def chains(self) -> Iterator[Iterator[Chain]]:
        """Give all chains of one moment, one after the other; each is read before the next."""
        with reading(self._engine) as connection:
            yield chains_on(connection)


def chains_on(connection: Connection) -> Iterator[Chain]:
    """Give all chains as a connection sees them, one after the other."""
    found = connection.execute(select(AUDIT_HEADS)).mappings().all()
    heads = {row["org_id"]: ChainHead.from_row(row) for row in found}
    # Also those whose head was taken away.
    orgs = heads.keys() | set(connection.execute(select(_E.org_id).distinct()).scalars())
    for org_id in sorted(orgs):
        yield Chain(org_id=org_id, head=heads.get(org_id), rows=rows_of(connection, org_id))


def rows_of(connection: Connection, org_id: str) -> Generator[RowMapping]:
    """Give the entries of an organisation in order, few of them in memory at a time."""
    query = select(AUDIT_ENTRIES).where(_E.org_id == org_id).order_by(_E.sequence)
    with connection.execute(query.execution_options(yield_per=ROWS_AT_ONCE)) as rows:
        yield from rows.mappings()


def _conditions(org_id: str, wanted: AuditQuery) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [_E.org_id == org_id]
    if wanted.who:
        named = _E.name.icontains(wanted.who, autoescape=True)
        found.append(or_(_E.user_id == wanted.who, named))
    if wanted.acts:
        found.append(_E.act.in_([act.value for act in wanted.acts]))
    if wanted.subject:
        found.append(_E.subject == wanted.subject)
    if wanted.outcome:
        found.append(_E.outcome == wanted.outcome.value)
    if wanted.since:
        found.append(_E.at_ms >= ms_of(wanted.since))
    if wanted.until:
        found.append(_E.at_ms < ms_of(wanted.until))
    if wanted.before is not None:
        found.append(_E.sequence < wanted.before)
    return found


def _kept(row: RowMapping) -> KeptEntry:
    names = ("sequence", "user_id", "name", "role", "act", "outcome", "subject", "address")
    return KeptEntry(
        at=moment_of(row["at_ms"]),
        details=_unpacked(row["details"]),
        **{name: row[name] for name in names},
    )


def _unpacked(details: str) -> dict[str, str | int]:
    try:
        told = json.loads(details)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
