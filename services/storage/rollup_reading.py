"""Reading the rollups: sums over chosen calls, from the smallest table that has them.

Where agents and queues are asked about at once no rollup can answer, and the rows of the calls are
summed instead. What these give is what triggers put into the rollups, so the sums are the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import sqrt
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    func,
    literal_column,
    select,
    union_all,
)

from services.domain.together import AnalyticsFilter, Average
from services.storage.models import CALL_FIGURES, CALLS
from services.storage.rollup_tables import AGENT, QUEUE, ROLLUPS, SCALE, UNKNOWN, Rollup
from services.storage.rollup_triggers import contribution

Sums = Mapping[str, Any]
_BY_ROW = ("agent_name", "queue")


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
    is chosen. An agent or queue that isn't known is None.
    """
    rollup, wanted = ROLLUPS[name], wanted or AnalyticsFilter()
    names = (*by, *sums)
    who = None if from_rows else _who(wanted, by)
    if who is None:
        arms = _arms_of_rows(connection, rollup, org_id, wanted, names, where or {})
    else:
        tables = (rollup.of(who), rollup.changes)
        arms = [_arm(table, org_id, wanted, names, where or {}) for table in tables]
    noted = union_all(*arms).subquery()
    groups = [noted.c[name] for name in by]
    query: Select[Any] = select(*groups, *(func.sum(noted.c[name]).label(name) for name in sums))
    if groups:
        query = query.group_by(*groups).order_by(*groups)
    rows = connection.execute(query).mappings()
    found = [{**row, **{name: int(row[name] or 0) for name in sums}} for row in rows]
    return [{**row, **_known(row, by)} for row in found]


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


def _known(row: Mapping[str, Any], by: Iterable[str]) -> dict[str, Any]:
    return {who: None for who in (AGENT, QUEUE) if who in by and row[who] == UNKNOWN}


def _who(wanted: AnalyticsFilter, by: Sequence[str]) -> str | None:
    """Return by whom the sums are to be read, None when only calls one by one can answer."""
    agents = bool(wanted.agents) or AGENT in by
    queues = bool(wanted.queues) or QUEUE in by
    if agents and queues:
        return None
    # There are fewer queues than agents.
    return AGENT if agents else QUEUE


def _arm(
    table: Table,
    org_id: str,
    wanted: AnalyticsFilter,
    names: Iterable[str],
    where: Mapping[str, str],
) -> Select[Any]:
    conditions = [table.c.org_id == org_id, *_on_days(table, wanted)]
    conditions += [table.c[key] == value for key, value in where.items()]
    if wanted.agents:
        conditions.append(table.c[AGENT].in_(wanted.agents))
    if wanted.queues:
        conditions.append(table.c[QUEUE].in_(wanted.queues))
    return select(*(table.c[name] for name in names)).where(*conditions)


def _arms_of_rows(
    connection: Connection,
    rollup: Rollup,
    org_id: str,
    wanted: AnalyticsFilter,
    names: Sequence[str],
    where: Mapping[str, str],
) -> list[Select[Any]]:
    arms = []
    for source in rollup.sources:
        if not any(name in source.sums for name in names):
            continue
        table = source.table
        given = contribution(rollup, source, connection.dialect.name)
        conditions = [*of_whom(table, org_id, wanted)]
        conditions += [table.c[key] == value for key, value in where.items()]
        if wanted.agents and table not in (CALLS, CALL_FIGURES):
            theirs = select(CALL_FIGURES.c.call_id).where(*of_whom(CALL_FIGURES, org_id, wanted))
            conditions.append(table.c.call_id.in_(theirs))
        columns = [
            literal_column(given[name], rollup.changes.c[name].type).label(name) for name in names
        ]
        arms.append(select(*columns).select_from(table).where(*conditions))
    return arms


def of_whom(table: Table, org_id: str, wanted: AnalyticsFilter) -> list[ColumnElement[bool]]:
    """Return the conditions on rows about calls that the filter sets."""
    conditions = [table.c.org_id == org_id, *_on_days(table, wanted)]
    for column, names in zip(_BY_ROW, (wanted.agents, wanted.queues), strict=True):
        if names:
            conditions.append(table.c[column].in_(names))
    return conditions


def _on_days(table: Table, wanted: AnalyticsFilter) -> list[ColumnElement[bool]]:
    conditions = []
    if wanted.first_day:
        conditions.append(table.c.day >= wanted.first_day)
    if wanted.last_day:
        conditions.append(table.c.day <= wanted.last_day)
    return conditions
