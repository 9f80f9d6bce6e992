"""Figures across calls: each averaged over calls and, beside it, pooled; n is always given.

Counts and durations are summed first, rates formed last. Calls without the figure (no transcript
yet, nobody known as agent, nothing scored) don't count in its n. The sums come from the rollups.
"""

from typing import Any, TypeVarTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Select,
    Table,
    func,
    select,
)

from services.domain.together import (
    AnalyticsFilter,
    Average,
    CallsTogether,
    GroupFigures,
    Period,
    PeriodFigures,
    Resolution,
)
from services.storage.call_rows import CallRow, call_row, select_rows
from services.storage.database import reading
from services.storage.models import CALL_FIGURES, CALLS
from services.storage.rollup_reading import (
    Sums,
    average,
    average_names,
    of_whom,
    read_sums,
)
from services.storage.rollup_tables import AGENT, HANDLE_UNIT_MS, MEASURES, QUEUE, SCALE

__all__ = ["Analytics", "AnalyticsFilter", "Average", "Period", "chosen"]

_Columns = TypeVarTuple("_Columns")

_F = CALL_FIGURES.c
_COUNTS = (
    "calls",
    "failed",
    "transcribed",
    "duration_ms",
    "negative_utterances",
    "resolution_known",
    "resolved",
)
_COUNTED = ("agent_interruptions", "customer_interruptions")
_SUMS = (
    *_COUNTS,
    *(name for m in MEASURES for name in average_names(m.name, pooled=m.part is not None)),
)


class Analytics:
    """Answers questions about many calls of one organisation."""

    def __init__(self, engine: Engine, *, from_rows: bool = False) -> None:
        """Use this database; ``from_rows`` adds calls up one by one, as rollups save doing."""
        self._engine = engine
        self._from_rows = from_rows

    def team(self, org_id: str, wanted: AnalyticsFilter | None = None) -> CallsTogether:
        """Return the figures of all chosen calls together."""
        with reading(self._engine) as connection:
            [sums] = self._sums(connection, org_id, wanted)
        return CallsTogether(**_together(sums))

    def per_period(
        self, org_id: str, wanted: AnalyticsFilter | None = None, by: Period = Period.DAY
    ) -> list[PeriodFigures]:
        """Return the figures of each day (or week) that has calls, in order."""
        with reading(self._engine) as connection:
            rows = self._sums(connection, org_id, wanted, by.value)
        return [PeriodFigures(day=row[by], **_together(row)) for row in rows if row["calls"]]

    def days(self, org_id: str, wanted: AnalyticsFilter | None = None) -> int:
        """Return how many days the filter spans, of those from the first call's to the last's."""
        wanted = wanted or AnalyticsFilter()
        mine = CALLS.c.org_id == org_id
        # Each by itself is one look into an index.
        first, last = (
            select(edge(CALLS.c.day)).where(mine).scalar_subquery() for edge in (func.min, func.max)
        )
        with reading(self._engine) as connection:
            begins, ends = connection.execute(select(first, last)).one()
        if begins is None:
            return 0
        begins = max(begins, wanted.first_day or begins)
        last_day = min(ends, wanted.last_day or ends)
        return max(0, int((last_day - begins).days) + 1)

    def by_agent(self, org_id: str, wanted: AnalyticsFilter | None = None) -> list[GroupFigures]:
        """Return the figures of each agent, in order of their names; who isn't known comes last."""
        return self._groups(org_id, wanted, AGENT)

    def by_queue(self, org_id: str, wanted: AnalyticsFilter | None = None) -> list[GroupFigures]:
        """Return the figures of each queue, in order of their names; the unknown one is last."""
        return self._groups(org_id, wanted, QUEUE)

    def longest_silences(
        self, org_id: str, wanted: AnalyticsFilter | None = None, limit: int = 10
    ) -> list[CallRow]:
        """Return the calls with the longest silences, longest first."""
        longest = _F.longest_silence_ms
        return self._extremes(org_id, wanted, longest > 0, limit, longest.desc(), "silences")

    def most_negative(
        self, org_id: str, wanted: AnalyticsFilter | None = None, limit: int = 10
    ) -> list[CallRow]:
        """Return the calls with the unhappiest customers (mean below 0), worst first."""
        mean = _F.customer_sentiment_mean
        return self._extremes(org_id, wanted, mean < 0, limit, mean.asc(), "moods")

    def _groups(self, org_id: str, wanted: AnalyticsFilter | None, who: str) -> list[GroupFigures]:
        with reading(self._engine) as connection:
            rows = self._sums(connection, org_id, wanted, who)
        found = [GroupFigures(name=row[who], **_together(row)) for row in rows if row["calls"]]
        return sorted(found, key=lambda group: (group.name is None, group.name or ""))

    def _sums(
        self, connection: Connection, org_id: str, wanted: AnalyticsFilter | None, *by: str
    ) -> list[Sums]:
        return read_sums(
            connection, "calls", org_id, wanted, sums=_SUMS, by=by, from_rows=self._from_rows
        )

    def _extremes(
        self,
        org_id: str,
        wanted: AnalyticsFilter | None,
        condition: ColumnElement[bool],
        limit: int,
        order: ColumnElement[Any],
        index: str,
    ) -> list[CallRow]:
        # Which calls they are is read off an index, in which the filter's columns are as well; only
        # theirs are looked at otherwise. SQLite is told which: in the order of all there may be ten
        # of one agent's, or of a few agents' few days, among a million, or none.
        agents = len(wanted.agents) if wanted else 0
        if agents == 1:
            index = f"agent_{index}"
        elif agents and wanted and (wanted.first_day or wanted.last_day):
            index = "agent_days"
        first = chosen(select(_F.call_id), CALL_FIGURES, org_id, wanted).where(condition)
        first = first.order_by(order, _F.call_id).limit(limit)
        first = first.with_hint(CALL_FIGURES, f"INDEXED BY ix_call_figures_{index}", "sqlite")
        with reading(self._engine) as connection:
            ids = list(connection.execute(first).scalars())
            found = connection.execute(select_rows(CALLS.c.id.in_(ids))).mappings()
            rows = {row["id"]: call_row(row) for row in found}
        return [rows[call_id] for call_id in ids if call_id in rows]


def chosen(
    query: Select[*_Columns], table: Table, org_id: str, wanted: AnalyticsFilter | None
) -> Select[*_Columns]:
    """Return the query over the filter's calls only, by this table's columns."""
    return query.where(*of_whom(table, org_id, wanted or AnalyticsFilter()))


def _together(sums: Sums) -> dict[str, Any]:
    """Return the figures of ``CallsTogether`` from sums over the calls."""
    counted = {name: average(sums, name, unit=1) for name in _COUNTED}
    return {
        **{name: sums[name] for name in _COUNTS[:5]},
        **counted,
        "customer_utterances": sums["sentiment_whole"],
        "handle_ms": average(sums, "handle", unit=HANDLE_UNIT_MS),
        "agent_share_of_call": average(sums, "of_call"),
        "agent_share_of_speech": average(sums, "of_speech"),
        "non_talk_share": average(sums, "non_talk"),
        "dead_air_share": average(sums, "dead_air"),
        "hold_share": average(sums, "hold"),
        "customer_sentiment": average(sums, "sentiment", part_unit=1 / SCALE),
        "sentiment_trend": average(sums, "trend"),
        "resolution": Resolution(resolved=sums["resolved"], known=sums["resolution_known"]),
    }
