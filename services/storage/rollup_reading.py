"""Reading the rollups: sums over chosen calls, from the smallest table that has them.

The sums that are stored (of whole weeks where they will do, else of days) and the changes noted
since are each grouped by themselves, in the order in which they lie, and added up here. The same
sums can be formed from the rows of the calls, by the expressions that triggers use.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from math import sqrt
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Date,
    Integer,
    Table,
    Text,
    bindparam,
    column,
    text,
)
from sqlalchemy.sql.elements import BindParameter
from sqlalchemy.sql.selectable import TextualSelect

from services.domain.people import Reach
from services.domain.together import AnalyticsFilter, Average, Period
from services.storage.models import CALLS
from services.storage.reach import (
    CALL_ID,
    REACHED_QUEUES,
    PartWithin,
    parts_within,
    rows_within,
    values_within,
)
from services.storage.rollup_names import few_days_index, time_index
from services.storage.rollup_tables import AGENT, BOTH, QUEUE, ROLLUPS, SCALE
from services.storage.rollup_triggers import contribution
from services.storage.stretches import Stretch, stretches

Sums = Mapping[str, Any]
_DAYS = ("day", "week")
_ROWS = "rows"
# By its own column, rows of an agent can be found in an index.
_NAMED = "agent as it is"


def read_sums(
    connection: Connection,
    name: str,
    org_id: str,
    wanted: AnalyticsFilter | None,
    *,
    sums: Sequence[str],
    by: Sequence[str] = (),
    where: Mapping[str, str] | None = None,
    from_rows: bool = False,
) -> list[Sums]:
    """Return sums of a rollup over the chosen calls, one row for each group ``by``, in order.

    ``where`` narrows the rollup's own keys. Without ``by`` there is one row, of zeros when nothing
    is chosen. An agent or queue that isn't known is None, and last.
    """
    wanted, where = wanted or AnalyticsFilter(), where or {}
    values = {"org_id": org_id, **where, **vars(wanted), **values_within(wanted.within)}
    width, nothing = len(by), (0,) * len(sums)
    groups: dict[tuple[Any, ...], Sequence[Any]] = {} if by else {(): nothing}
    for part in parts_within(wanted.within):
        question = _Question(
            rollup=name,
            who=_ROWS if from_rows or part.own else _who(wanted, by),
            by=tuple(by),
            sums=tuple(sums),
            where=tuple(where),
            filters=tuple(name for name in _CONDITIONS if getattr(wanted, name)),
            part=part,
        )
        parts = stretches(wanted.first_day, wanted.last_day, weeks="day" not in by)
        statement = _statement(question, _kinds(parts), connection.dialect.name)
        for row in connection.execute(statement, {**values, **_ends(parts)}).all():
            key, added = tuple(row[:width]), row[width:]
            known = groups.get(key)
            groups[key] = added if known is None else _added(known, added)
    names = (*by, *sums)
    found = [
        dict(zip(names, (*key, *map(int, groups[key])), strict=True)) for key in sorted(groups)
    ]
    for who in {AGENT, QUEUE}.intersection(by):
        for group in found:
            group[who] = group[who] or None
        found.sort(key=lambda group: group[who] is None)
    return [*found]


def _added(known: Sequence[Any], more: Sequence[Any]) -> list[int]:
    """Return sums of two parts; the sum of no rows at all is NULL."""
    return [(a or 0) + (b or 0) for a, b in zip(known, more, strict=True)]


@dataclass(frozen=True, kw_only=True)
class _Question:
    """What is asked, without the values asked about."""

    rollup: str
    who: str
    by: tuple[str, ...]
    sums: tuple[str, ...]
    where: tuple[str, ...]
    filters: tuple[str, ...]
    part: PartWithin


# A stretch without its days: the period, and whether it begins and ends.
_Kinds = tuple[tuple[Period, bool, bool], ...]


def _kinds(parts: Sequence[Stretch]) -> _Kinds:
    return tuple((p.period, p.first is not None, p.last is not None) for p in parts)


def _ends(parts: Sequence[Stretch]) -> dict[str, date]:
    """Return the values of the stretches' conditions."""
    ends = {f"first_{n}": part.first for n, part in enumerate(parts)}
    ends |= {f"last_{n}": part.last for n, part in enumerate(parts)}
    return {name: end for name, end in ends.items() if end}


# Put together as text and kept: SQLAlchemy takes longer over so many columns than databases do.
@lru_cache(maxsize=512)
def _statement(question: _Question, kinds: _Kinds, dialect: str) -> TextualSelect:
    if question.who == _ROWS:
        arms = _of_rows(question, dialect)
    else:
        arms = _of_sums(question, kinds, dialect)
    several: list[BindParameter[Any]] = [
        bindparam(n, expanding=True)
        for n in ("agents", "queues", REACHED_QUEUES)
        if n in question.filters or (n == REACHED_QUEUES and question.part.queues)
    ]
    sql = " UNION ALL ".join(arms)
    days = [bindparam(n, type_=Date()) for n in sorted(set(_DAY_VALUE.findall(sql)))]
    # They are matched by their places.
    types = (*map(_type_of, question.by), *([BigInteger()] * len(question.sums)))
    columns = (column(f"c{place}", kind) for place, kind in enumerate(types))
    return text(sql).bindparams(*several, *days).columns(*columns)


def _of_rows(question: _Question, dialect: str) -> Iterator[str]:
    rollup = ROLLUPS[question.rollup]
    for source in rollup.sources:
        if any(name in source.sums for name in question.sums):
            yield _arm(
                question,
                source.table,
                {
                    **contribution(rollup, source, dialect),
                    _NAMED: "agent_name",
                    CALL_ID: "id" if source.table is CALLS else "call_id",
                },
                question.filters,
            )


def _of_sums(question: _Question, kinds: _Kinds, dialect: str) -> Iterator[str]:
    rollup = ROLLUPS[question.rollup]
    others = tuple(name for name in question.filters if name not in _DAY_FILTERS)
    for number, (period, begins, ends) in enumerate(kinds):
        table = rollup.of(question.who, period)
        edges = f" AND {period} >= :first_{number}" if begins else ""
        edges += f" AND {period} <= :last_{number}" if ends else ""
        hint = _hint(question, table, few=begins and ends) if dialect == "sqlite" else ""
        yield _arm(question, table, _as_named(table), others, f"{hint} WHERE", edges)
    yield _arm(question, rollup.changes, _as_named(rollup.changes), question.filters)


def _hint(question: _Question, table: Table, *, few: bool) -> str:
    """Tell SQLite the index to read a table of sums by, for it has no statistics to choose by.

    ``few``: both ends of the time are given.
    """
    keys, index = ROLLUPS[question.rollup].keys, ""
    few = few and "day" in table.primary_key.columns
    if not keys:
        index = time_index(table) if few and question.who != QUEUE else ""
    elif question.who == QUEUE:
        index = time_index(table) if few and not question.where else ""
    elif "agents" in question.filters:
        index = time_index(table) if len(question.where) < len(keys) else ""
    elif question.who == AGENT and question.where and few:
        index = few_days_index(table)
    return f" INDEXED BY {index}" if index else ""


def _as_named(table: Table) -> dict[str, str]:
    return {made.name: made.name for made in table.c}


def _arm(
    question: _Question,
    table: Table,
    given: Mapping[str, str],
    filters: Iterable[str],
    where: str = " WHERE",
    edges: str = "",
) -> str:
    """Return the question over one table; ``given`` is the SQL of each column that it has."""
    groups = [given[name] for name in question.by]
    # PostgreSQL gives sums of BIGINT in another type, which is slower to read.
    sums = [f"CAST(SUM({given[name]}) AS BIGINT)" for name in question.sums]
    sql = f"SELECT {', '.join((*groups, *sums))} FROM {table.name}{where} org_id = :org_id{edges}"
    sql += "".join(f" AND {given[key]} = :{key}" for key in question.where)
    sql += "".join(_CONDITIONS[name](given) for name in filters)
    sql += question.part.sql(given)
    if groups:
        # In the order of the key, in which rows lie: then they need not be sorted.
        lying = sorted(zip(question.by, groups, strict=True), key=lambda group: group[0] in _DAYS)
        sql += f" GROUP BY {', '.join(given_name for _, given_name in lying)}"
    return sql


_DAY_FILTERS = ("first_day", "last_day")
_DAY_VALUE = re.compile(r":((?:first|last)_(?:day|\d+))\b")
_CONDITIONS: Mapping[str, Callable[[Mapping[str, str]], str]] = {
    "first_day": lambda given: f" AND {given['day']} >= :first_day",
    "last_day": lambda given: f" AND {given['day']} <= :last_day",
    "agents": lambda given: f" AND {given.get(_NAMED, given[AGENT])} IN :agents",
    "queues": lambda given: f" AND {given[QUEUE]} IN :queues",
}


def _type_of(name: str) -> Any:
    if name in _DAYS:
        return Date()
    return Integer() if name.endswith("_version") else Text()


def average_names(measure: str, *, pooled: bool = False) -> tuple[str, ...]:
    """Return the sums that ``average`` reads for a measure."""
    names = (f"{measure}_n", f"{measure}_sum", f"{measure}_squares")
    return (*names, f"{measure}_part", f"{measure}_whole") if pooled else names


def average(sums: Sums, measure: str, *, unit: float = 1 / SCALE, part_unit: float = 1) -> Average:
    """Return a measure's average; ``unit`` is what 1 stands for, ``part_unit`` in the pooled part.

    Exact until the last division: the sums are integers.
    """
    n, total = sums[f"{measure}_n"], sums[f"{measure}_sum"]
    if not n:
        return Average()
    about_mean = n * sums[f"{measure}_squares"] - total * total
    whole = sums.get(f"{measure}_whole")
    return Average(
        mean=total / n * unit,
        pooled=sums[f"{measure}_part"] * part_unit / whole if whole else None,
        spread=sqrt(max(0, about_mean) / (n * (n - 1))) * unit if n > 1 else None,
        n=n,
    )


def _who(wanted: AnalyticsFilter, by: Sequence[str]) -> str:
    """Return by whom the sums are to be read."""
    reach = wanted.within.reach if wanted.within else Reach()
    agents = bool(wanted.agents or reach.agent_name) or AGENT in by
    queues = bool(wanted.queues or reach.queues) or QUEUE in by
    if agents and queues:
        return BOTH
    # There are fewer queues than agents.
    return AGENT if agents else QUEUE


def of_whom(table: Table, org_id: str, wanted: AnalyticsFilter) -> list[ColumnElement[bool]]:
    """Return the conditions on rows about calls that the filter sets."""
    conditions = [table.c.org_id == org_id]
    if wanted.first_day:
        conditions.append(table.c.day >= wanted.first_day)
    if wanted.last_day:
        conditions.append(table.c.day <= wanted.last_day)
    for whose, names in (("agent_name", wanted.agents), ("queue", wanted.queues)):
        if names:
            conditions.append(table.c[whose].in_(names))
    return conditions + rows_within(table, org_id, wanted.within)
