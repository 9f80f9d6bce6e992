"""Calls as rules are looked for in all of them: their facts first, their lines where needed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, insert, select

from services.domain.errors import RulesChanged
from services.domain.people import Within
from services.domain.rules import Rule
from services.storage.database import reading, writing
from services.storage.models import CALLS
from services.storage.reach import rows_redacted, rows_within
from services.storage.rule_tables import CALL_CATEGORIES, RULE_FACTS
from services.storage.rules import StoredBook, hold_book, read_book

IDS_AT_ONCE = 500
ROWS_AT_ONCE = 5_000
_F = RULE_FACTS.c


@dataclass(frozen=True, kw_only=True)
class SweepStart:
    """What a sweep begins with: the rules, and the calls up to a row, ``calls`` of them.

    Whatever is stored later is stored by these rules or newer ones.
    """

    book: StoredBook
    last_row: int
    calls: int


@dataclass(frozen=True, slots=True)
class SweptCall:
    """A call's row: its facts and words as they are stored."""

    row_id: int
    call_id: str
    day: date
    facts: str
    words: str


@dataclass(frozen=True, slots=True)
class Spoken:
    """What is said in a call, packed as it is stored."""

    passages: bytes
    lines: bytes


Whose = dict[str, Any]
"""A call's day, agent and queue as columns."""

Found = tuple[str, date, str]
"""A call, its day, and why a rule applies to it, packed: there may be very many."""


class SweptCalls:
    """Reads calls for sweeps and writes what these find. Raises StorageError."""

    def __init__(self, engine: Engine) -> None:
        """Use this database."""
        self._engine = engine

    def start(self, org_id: str) -> SweepStart:
        """Return what a sweep begins with, once nobody writes by older rules any more."""
        mine = _F.org_id == org_id
        with writing(self._engine) as connection:
            hold_book(connection, org_id, alone=True)
            book = read_book(connection, org_id)
            query = select(func.max(_F.row_id), func.count()).where(mine)
            last, calls = connection.execute(query).one()
        return SweepStart(book=book, last_row=last or 0, calls=calls)

    def newest(
        self, org_id: str, limit: int, within: Within | None = None, *, redacted_only: bool = False
    ) -> list[SweptCall]:
        """Return the calls that were written last."""
        query = _calls(org_id).where(*rows_within(RULE_FACTS, org_id, within))
        if redacted_only:
            query = query.where(rows_redacted(RULE_FACTS))
        query = query.order_by(_F.row_id.desc()).limit(limit)
        with reading(self._engine) as connection:
            return [SweptCall(*row) for row in connection.execute(query)]

    def every(self, org_id: str, until: int, step: int) -> list[int]:
        """Return the row of every so many calls, up to a row, and the last one's."""
        query = select(_F.row_id).where(_F.org_id == org_id, _F.row_id <= until)
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(_F.row_id)).scalars().all()
        return [*rows[step - 1 :: step], *(rows[-1:] if len(rows) % step else ())]

    def after(self, org_id: str, row_id: int, until: int, limit: int) -> list[SweptCall]:
        """Return the next calls behind a row, in order of their rows."""
        query = _calls(org_id).where(_F.row_id > row_id, _F.row_id <= until)
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(_F.row_id).limit(limit)).all()
        return [SweptCall(*row) for row in rows]

    def spoken(self, calls: Sequence[SweptCall]) -> dict[str, Spoken]:
        """Return what is said in calls; one that has been written anew since is left out."""
        found: dict[str, Spoken] = {}
        for start in range(0, len(calls), IDS_AT_ONCE):
            rows = [call.row_id for call in calls[start : start + IDS_AT_ONCE]]
            query = select(_F.call_id, _F.passages, _F.lines).where(_F.row_id.in_(rows))
            with reading(self._engine) as connection:
                for call_id, passages, lines in connection.execute(query):
                    found[call_id] = Spoken(passages, lines)
        return found

    def replace(self, org_id: str, start: SweepStart, rule: Rule, found: Iterable[Found]) -> int:
        """Write what a rule found in all calls instead of what it had found before.

        Calls written or deleted meanwhile are left as they are. Returns how many categories were
        written. Raises RulesChanged when the rules are not those of the start any more.
        """
        table = CALL_CATEGORIES
        written = 0
        with writing(self._engine) as connection:
            if hold_book(connection, org_id, alone=True) != start.book.version:
                raise RulesChanged
            present = _present(connection, org_id, start.last_row)
            newer = select(_F.call_id).where(_F.org_id == org_id, _F.row_id > start.last_row)
            mine = (table.c.org_id == org_id, table.c.rule_id == rule.id)
            connection.execute(delete(table).where(*mine, table.c.call_id.not_in(newer)))
            same = {
                "rule_id": rule.id,
                "org_id": org_id,
                "kind": rule.kind.value,
                "alert": rule.alert,
            }
            rows = (
                {**same, "call_id": call_id, **present[call_id], "evidence": evidence}
                for call_id, _, evidence in found
                if call_id in present
            )
            while some := list(islice(rows, ROWS_AT_ONCE)):
                connection.execute(insert(table), some)
                written += len(some)
        return written


def _calls(org_id: str) -> Any:
    columns = (_F.row_id, _F.call_id, _F.day, _F.facts, _F.words)
    return select(*columns).where(_F.org_id == org_id)


def _present(connection: Connection, org_id: str, last_row: int) -> dict[str, Whose]:
    """Return the calls that still are as they were, kept from being deleted, and whose they are."""
    query = (
        select(_F.call_id, CALLS.c.day, CALLS.c.agent_name, CALLS.c.queue)
        .join(CALLS, CALLS.c.id == _F.call_id)
        .where(_F.org_id == org_id, _F.row_id <= last_row)
        .with_for_update(read=True, key_share=True, of=CALLS)
    )
    # The same few names and days over and over: one copy of each is kept.
    known: dict[tuple[Any, ...], Whose] = {}
    return {
        call_id: known.setdefault(
            (day, agent, queue), {"day": day, "agent_name": agent, "queue": queue}
        )
        for call_id, day, agent, queue in connection.execute(query)
    }
