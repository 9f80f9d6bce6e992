"""The categories of calls: what rules found in each, written with it and read across calls."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, insert, select

from services.domain.calls import Call
from services.domain.metrics import AnalysedTranscript
from services.domain.people import Within
from services.domain.rules import CallFacts, Category, RuleKind, SpokenPassage
from services.domain.together import AnalyticsFilter
from services.storage.database import reading
from services.storage.figures import day_of
from services.storage.reach import rows_within
from services.storage.rollup_reading import Sums, read_sums
from services.storage.rollup_tables import AGENT
from services.storage.rule_forms import (
    RoleWords,
    pack_evidence,
    pack_facts,
    pack_lines,
    pack_passages,
    pack_words,
    unpack_evidence,
)
from services.storage.rule_tables import CALL_CATEGORIES, RULE_FACTS
from services.storage.rules import StoredBook, hold_book, read_book

_C = CALL_CATEGORIES.c
_READ = "read_by_rules"
_INSERT_FACTS, _INSERT_CATEGORIES = insert(RULE_FACTS), insert(CALL_CATEGORIES)


@dataclass(frozen=True, kw_only=True)
class RuleReading:
    """What rules of a version make of a call, and what they have to know about it for that."""

    version: int
    facts: CallFacts
    words: RoleWords
    passages: tuple[SpokenPassage, ...]
    categories: tuple[Category, ...]


RuleReader = Callable[[StoredBook, AnalysedTranscript], RuleReading]
"""Reads a call by an organisation's rules."""


PresentReading = Callable[[Connection], RuleReading]
"""Gives, inside a transaction, what the rules as they are by then make of a call."""


def read_by_rules(
    engine: Engine, read: RuleReader | None, org_id: str, shown: AnalysedTranscript
) -> PresentReading | None:
    """Read a call by the present rules; return how to get at that inside the transaction.

    Reading takes time, so it is done before; again only if the rules changed in between.
    """
    if read is None:
        return None
    reader = read
    with reading(engine) as connection:
        book = read_book(connection, org_id)
    before = reader(book, shown)

    def present(connection: Connection) -> RuleReading:
        if hold_book(connection, org_id) == before.version:
            return before
        return reader(read_book(connection, org_id), shown)

    return present


def write_reading(
    connection: Connection, call: Call, found: RuleReading, *, is_first: bool = False
) -> None:
    """Write what rules ask about a call and what they found; ``found`` was held beforehand.

    ``is_first``: nothing is written of the call yet.
    """
    day = day_of(call.held_at)
    if not is_first:
        connection.execute(delete(RULE_FACTS).where(RULE_FACTS.c.call_id == call.id))
        connection.execute(delete(CALL_CATEGORIES).where(_C.call_id == call.id))
    row = {
        "org_id": call.org_id,
        "call_id": call.id,
        "day": day,
        "facts": pack_facts(found.facts),
        "words": pack_words(found.words),
        "passages": pack_passages(found.passages),
        "lines": pack_lines(found.facts.utterances),
        "agent_name": call.details.agent_name,
        "queue": call.details.queue,
    }
    connection.execute(_INSERT_FACTS, [row])
    rows = [
        {
            "call_id": call.id,
            "rule_id": category.rule_id,
            "org_id": call.org_id,
            "day": day,
            "kind": category.kind.value,
            "alert": category.alert,
            "evidence": pack_evidence(category.evidence),
            "agent_name": call.details.agent_name,
            "queue": call.details.queue,
        }
        for category in found.categories
    ]
    if rows:
        connection.execute(_INSERT_CATEGORIES, rows)


@dataclass(frozen=True, kw_only=True)
class AgentShare:
    """Of an agent's ``n`` calls, to how many a rule applies."""

    agent_name: str | None
    calls: int
    n: int


class CategoryStore:
    """Reads categories. Every method raises StorageError when the database can't."""

    def __init__(self, engine: Engine, *, from_rows: bool = False) -> None:
        """Use this database; ``from_rows`` adds calls up one by one, as rollups save doing."""
        self._engine = engine
        self._from_rows = from_rows

    def of_call(self, org_id: str, call_id: str) -> tuple[Category, ...]:
        """Return the stored categories of a call; rules' names are not among what is stored."""
        query = select(_C.rule_id, _C.kind, _C.alert, _C.evidence)
        query = query.where(_C.org_id == org_id, _C.call_id == call_id).order_by(_C.rule_id)
        with reading(self._engine) as connection:
            return tuple(
                Category(
                    rule_id=rule_id,
                    kind=RuleKind(kind),
                    alert=alert,
                    evidence=unpack_evidence(evidence),
                )
                for rule_id, kind, alert, evidence in connection.execute(query)
            )

    def of_calls(self, org_id: str, call_ids: Iterable[str]) -> dict[str, tuple[Category, ...]]:
        """Return the categories of some calls without their evidence."""
        found: dict[str, tuple[Category, ...]] = {}
        query = select(_C.call_id, _C.rule_id, _C.kind, _C.alert)
        query = query.where(_C.org_id == org_id, _C.call_id.in_(list(call_ids)))
        with reading(self._engine) as connection:
            for call_id, rule_id, kind, alert in connection.execute(query.order_by(_C.rule_id)):
                one = Category(rule_id=rule_id, kind=RuleKind(kind), alert=alert, evidence=())
                found[call_id] = (*found.get(call_id, ()), one)
        return found

    def counts(
        self, org_id: str, *, since: date | None = None, within: Within | None = None
    ) -> dict[str, int]:
        """Return to how many calls each rule applies, of those held since a day."""
        query = (
            select(_C.rule_id, func.count().label("calls"))
            .where(_C.org_id == org_id, *rows_within(CALL_CATEGORIES, org_id, within))
            .group_by(_C.rule_id)
        )
        if since is not None:
            query = query.where(_C.day >= since)
        with reading(self._engine) as connection:
            return {row.rule_id: row.calls for row in connection.execute(query)}

    def counts_among(self, org_id: str, wanted: AnalyticsFilter) -> tuple[int, dict[str, int]]:
        """Return how many chosen calls rules have read, and to how many each applies."""
        with reading(self._engine) as connection:
            counts = self._sums(connection, "categories", org_id, wanted, "rule_id")
            [read] = self._sums(connection, "calls", org_id, wanted)
        return read[_READ], {row["rule_id"]: row["calls"] for row in counts if row["calls"]}

    def by_week(
        self, org_id: str, rule_id: str, wanted: AnalyticsFilter
    ) -> list[tuple[date, int, int]]:
        """Return for each week (its Monday) the calls a rule applies to, and all that were read."""
        return self._shares(org_id, rule_id, wanted, "week")

    def by_agent(self, org_id: str, rule_id: str, wanted: AnalyticsFilter) -> list[AgentShare]:
        """Return for each agent to how many of their calls a rule applies."""
        shares = self._shares(org_id, rule_id, wanted, AGENT)
        found = [AgentShare(agent_name=name, calls=calls, n=n) for name, calls, n in shares]
        return sorted(found, key=lambda share: (share.agent_name is None, share.agent_name or ""))

    def _shares(
        self, org_id: str, rule_id: str, wanted: AnalyticsFilter, by: str
    ) -> list[tuple[Any, int, int]]:
        with reading(self._engine) as connection:
            rows = self._sums(connection, "categories", org_id, wanted, by, rule_id=rule_id)
            read = self._sums(connection, "calls", org_id, wanted, by)
        calls = {row[by]: row["calls"] for row in rows}
        return [(row[by], calls.get(row[by], 0), row[_READ]) for row in read if row[_READ]]

    def _sums(
        self,
        connection: Connection,
        rollup: str,
        org_id: str,
        wanted: AnalyticsFilter,
        *by: str,
        **where: str,
    ) -> list[Sums]:
        return read_sums(
            connection,
            rollup,
            org_id,
            wanted,
            sums=("calls",) if rollup == "categories" else (_READ,),
            by=by,
            where=where,
            from_rows=self._from_rows,
        )
