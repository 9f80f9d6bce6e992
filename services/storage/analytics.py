"""Figures across calls: each averaged over calls and, beside it, pooled; n is always given.

Counts and durations are summed first, rates formed last. Calls without the figure (no transcript
yet, nobody known as agent, nothing scored) don't count in its n.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, TypeVarTuple

from sqlalchemy import (
    ColumnElement,
    Engine,
    Float,
    RowMapping,
    Select,
    Table,
    case,
    cast,
    func,
    select,
)

from services.domain.calls import CallState
from services.storage.call_rows import CallRow, call_row, select_rows
from services.storage.database import reading
from services.storage.models import CALL_FIGURES, CALLS


class Period(StrEnum):
    """By what to group; a week goes by its Monday."""

    DAY = "day"
    WEEK = "week"


@dataclass(frozen=True, kw_only=True)
class AnalyticsFilter:
    """Which calls to look at; both days are included, empty tuples and None don't filter."""

    first_day: date | None = None
    last_day: date | None = None
    agents: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Average:
    """A rate over several calls.

    ``mean`` is the mean of the calls' own rates, each call counting the same; ``pooled`` is the
    rate of the sums, longer calls counting more. ``n`` calls stand behind both, None without any.
    """

    mean: float | None
    pooled: float | None
    n: int


@dataclass(frozen=True, kw_only=True)
class CallCount:
    """Calls of one day or week, and how many of them have a transcript."""

    day: date
    calls: int
    transcribed: int


@dataclass(frozen=True, kw_only=True)
class AgentFigures:
    """One agent's calls; ``agent_name`` None gathers the calls whose agent is not known."""

    agent_name: str | None
    calls: int
    share_of_call: Average
    share_of_speech: Average
    customer_sentiment: Average


@dataclass(frozen=True, kw_only=True)
class SentimentOfDay:
    """The customers' sentiment of one day or week; ``utterances`` were scored for it."""

    day: date
    sentiment: Average
    utterances: int


@dataclass(frozen=True, kw_only=True)
class TeamFigures:
    """All chosen calls together. Durations are sums in milliseconds over the transcribed calls."""

    calls: int
    transcribed: int
    failed: int
    duration_ms: int
    non_talk_share: Average
    agent_share_of_call: Average
    agent_share_of_speech: Average
    customer_sentiment: Average
    longest_silence_ms: int | None
    negative_utterances: int


_Columns = TypeVarTuple("_Columns")

_F = CALL_FIGURES.c
_SHARE_OF_CALL = (_F.agent_talk_ms, _F.duration_ms)
_SHARE_OF_SPEECH = (_F.agent_talk_ms, _F.all_talk_ms)
SENTIMENT = (_F.customer_sentiment_sum, _F.customer_sentiment_count)
_NON_TALK = (_F.non_talk_ms, _F.duration_ms)


class Analytics:
    """Answers questions about many calls of one organisation."""

    def __init__(self, engine: Engine) -> None:
        """Use this database."""
        self._engine = engine

    def team(self, org_id: str, wanted: AnalyticsFilter | None = None) -> TeamFigures:
        """Return the figures of all chosen calls together."""
        counts = select(
            func.count().label("calls"), _count_if(CALLS.c.state == CallState.FAILED, "failed")
        )
        sums = select(
            func.count().label("transcribed"),
            func.coalesce(func.sum(_F.duration_ms), 0).label("duration_ms"),
            func.max(_F.longest_silence_ms).label("longest_silence_ms"),
            func.coalesce(func.sum(_F.negative_utterances), 0).label("negative_utterances"),
            *average_columns("non_talk", _NON_TALK),
            *average_columns("of_call", _SHARE_OF_CALL),
            *average_columns("of_speech", _SHARE_OF_SPEECH),
            *average_columns("sentiment", SENTIMENT),
        )
        with reading(self._engine) as connection:
            all_calls = connection.execute(chosen(counts, CALLS, org_id, wanted)).one()
            row = connection.execute(chosen(sums, CALL_FIGURES, org_id, wanted)).mappings().one()
        return TeamFigures(
            calls=all_calls.calls,
            failed=all_calls.failed,
            transcribed=row["transcribed"],
            duration_ms=int(row["duration_ms"]),
            non_talk_share=average(row, "non_talk"),
            agent_share_of_call=average(row, "of_call"),
            agent_share_of_speech=average(row, "of_speech"),
            customer_sentiment=average(row, "sentiment"),
            longest_silence_ms=row["longest_silence_ms"],
            negative_utterances=int(row["negative_utterances"]),
        )

    def calls_per_day(
        self, org_id: str, wanted: AnalyticsFilter | None = None, by: Period = Period.DAY
    ) -> list[CallCount]:
        """Return the number of calls per day (or week) that has any, in order."""
        day = CALLS.c[by]
        has_transcript = CALLS.c.active_transcript_id.is_not(None)
        columns = (day.label("day"), func.count(), _count_if(has_transcript, "transcribed"))
        query = chosen(select(*columns), CALLS, org_id, wanted).group_by(day).order_by(day)
        with reading(self._engine) as connection:
            return [
                CallCount(day=day, calls=calls, transcribed=transcribed)
                for day, calls, transcribed in connection.execute(query)
            ]

    def by_agent(self, org_id: str, wanted: AnalyticsFilter | None = None) -> list[AgentFigures]:
        """Return talk shares and customer sentiment per agent, in order of their names."""
        query = select(
            _F.agent_name,
            func.count().label("calls"),
            *average_columns("of_call", _SHARE_OF_CALL),
            *average_columns("of_speech", _SHARE_OF_SPEECH),
            *average_columns("sentiment", SENTIMENT),
        )
        query = chosen(query, CALL_FIGURES, org_id, wanted)
        query = query.group_by(_F.agent_name).order_by(_F.agent_name.nulls_last())
        with reading(self._engine) as connection:
            return [
                AgentFigures(
                    agent_name=row["agent_name"],
                    calls=row["calls"],
                    share_of_call=average(row, "of_call"),
                    share_of_speech=average(row, "of_speech"),
                    customer_sentiment=average(row, "sentiment"),
                )
                for row in connection.execute(query).mappings()
            ]

    def sentiment_per_day(
        self, org_id: str, wanted: AnalyticsFilter | None = None, by: Period = Period.DAY
    ) -> list[SentimentOfDay]:
        """Return the customers' sentiment per day (or week) with scored utterances, in order."""
        day = _F[by]
        query = select(
            day.label("day"),
            func.sum(_F.customer_sentiment_count).label("utterances"),
            *average_columns("sentiment", SENTIMENT),
        ).where(_F.customer_sentiment_count > 0)
        query = chosen(query, CALL_FIGURES, org_id, wanted).group_by(day).order_by(day)
        with reading(self._engine) as connection:
            return [
                SentimentOfDay(
                    day=row["day"],
                    sentiment=average(row, "sentiment"),
                    utterances=int(row["utterances"]),
                )
                for row in connection.execute(query).mappings()
            ]

    def longest_silences(
        self, org_id: str, wanted: AnalyticsFilter | None = None, limit: int = 10
    ) -> list[CallRow]:
        """Return the calls with the longest silences, longest first."""
        return self._extremes(
            org_id, wanted, _F.longest_silence_ms > 0, limit, _F.longest_silence_ms.desc()
        )

    def most_negative(
        self, org_id: str, wanted: AnalyticsFilter | None = None, limit: int = 10
    ) -> list[CallRow]:
        """Return the calls with the unhappiest customers (mean below 0), worst first."""
        mean = _F.customer_sentiment_mean
        return self._extremes(org_id, wanted, mean < 0, limit, mean.asc())

    def _extremes(
        self,
        org_id: str,
        wanted: AnalyticsFilter | None,
        condition: ColumnElement[bool],
        limit: int,
        order: ColumnElement[Any],
    ) -> list[CallRow]:
        query = chosen(select_rows(condition), CALL_FIGURES, org_id, wanted)
        query = query.where(CALLS.c.org_id == org_id).order_by(order, CALLS.c.id).limit(limit)
        with reading(self._engine) as connection:
            return [call_row(row) for row in connection.execute(query).mappings()]


def chosen(
    query: Select[*_Columns], table: Table, org_id: str, wanted: AnalyticsFilter | None
) -> Select[*_Columns]:
    """Return the query over the filter's calls only, by this table's columns."""
    wanted = wanted or AnalyticsFilter()
    query = query.where(table.c.org_id == org_id)
    if wanted.first_day:
        query = query.where(table.c.day >= wanted.first_day)
    if wanted.last_day:
        query = query.where(table.c.day <= wanted.last_day)
    if wanted.agents:
        query = query.where(table.c.agent_name.in_(wanted.agents))
    if wanted.queues:
        query = query.where(table.c.queue.in_(wanted.queues))
    return query


def _count_if(condition: ColumnElement[bool], name: str) -> ColumnElement[int]:
    return func.count(case((condition, 1))).label(name)


def average_columns(
    name: str, rate: tuple[ColumnElement[Any], ColumnElement[Any]]
) -> list[ColumnElement[Any]]:
    """Return the columns that ``average`` reads, for a rate part ÷ whole of each call."""
    part, whole = rate
    defined = part.is_not(None) & (whole > 0)
    own = case((defined, cast(part, Float) / whole))
    return [
        func.avg(own).label(f"{name}_mean"),
        func.sum(case((defined, part))).label(f"{name}_part"),
        func.sum(case((defined, whole))).label(f"{name}_whole"),
        func.count(own).label(f"{name}_n"),
    ]


def average(row: RowMapping, name: str) -> Average:
    """Return the average in a row that has the columns of ``average_columns``."""
    n = row[f"{name}_n"]
    if not n:
        return Average(mean=None, pooled=None, n=0)
    pooled = float(row[f"{name}_part"]) / float(row[f"{name}_whole"])
    return Average(mean=float(row[f"{name}_mean"]), pooled=pooled, n=n)
