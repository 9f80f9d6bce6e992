"""Scores across calls: per agent, per question and per week; counts are summed before rates.

A call without a share (no question of the scorecard counts in it) is in no n.
"""

from dataclasses import dataclass
from datetime import date
from math import sqrt
from typing import Any

from sqlalchemy import Engine, Select, case, func, select

from services.domain.calls import Call
from services.domain.scorecards import AnswerValue
from services.storage.analytics import AnalyticsFilter, Average
from services.storage.call_rows import call_from_row
from services.storage.database import reading
from services.storage.models import CALLS
from services.storage.score_tables import CALL_ANSWERS, CALL_SCORES

_S, _A = CALL_SCORES.c, CALL_ANSWERS.c


@dataclass(frozen=True, kw_only=True)
class AgentScore:
    """One agent's scores; ``agent_name`` None gathers the calls whose agent is not known.

    ``share.mean`` is the mean of the calls' shares, ``share.pooled`` all points over all possible
    ones. ``spread`` is the sample standard deviation of the shares, None below two calls.
    """

    agent_name: str | None
    calls: int
    share: Average
    spread: float | None
    lowest: float | None
    highest: float | None
    auto_failed: int


@dataclass(frozen=True, kw_only=True)
class QuestionFigures:
    """How one question was answered. The share of yes is ``yes`` of ``yes + no``."""

    question_id: str
    yes: int
    no: int
    not_applicable: int
    unanswered: int
    good: int
    by_person: int

    @property
    def yes_share(self) -> float | None:
        """Yes among yes and no, None without either."""
        return self.yes / (self.yes + self.no) if self.yes + self.no else None

    @property
    def good_share(self) -> float | None:
        """Good answers among yes and no, None without either."""
        return self.good / (self.yes + self.no) if self.yes + self.no else None


@dataclass(frozen=True, kw_only=True)
class WeekScore:
    """The scores of one week, which goes by its Monday."""

    week: date
    share: Average


@dataclass(frozen=True, kw_only=True)
class ScoredRow:
    """One call with its score, for lists."""

    call: Call
    points: int
    possible: int
    share: float | None
    auto_failed: bool
    version: int


class ScoreAnalytics:
    """Answers questions about the scores of many calls by one scorecard."""

    def __init__(self, engine: Engine) -> None:
        """Use this database."""
        self._engine = engine

    def scorecards(self, org_id: str, wanted: AnalyticsFilter | None = None) -> dict[str, str]:
        """Return id and name of the scorecards by which any chosen call has a score."""
        query = select(_S.scorecard_id, func.max(_S.name).label("name"))
        query = _chosen(query, org_id, None, wanted).group_by(_S.scorecard_id)
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        return dict(sorted(((r.scorecard_id, r.name) for r in rows), key=lambda r: (r[1], r[0])))

    def versions(
        self, org_id: str, scorecard_id: str, wanted: AnalyticsFilter | None = None
    ) -> dict[int, int]:
        """Return how many calls were scored by which version of the scorecard."""
        query = select(_S.scorecard_version, func.count())
        query = _chosen(query, org_id, scorecard_id, wanted).group_by(_S.scorecard_version)
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        return {row[0]: row[1] for row in rows}

    def by_agent(
        self, org_id: str, scorecard_id: str, wanted: AnalyticsFilter | None = None
    ) -> list[AgentScore]:
        """Return each agent's scores in order of their names."""
        query = select(
            _S.agent_name,
            func.count().label("calls"),
            func.count(case((_S.auto_failed, 1))).label("auto_failed"),
            func.min(_S.share).label("lowest"),
            func.max(_S.share).label("highest"),
            func.sum(_S.share * _S.share).label("squares"),
            *_share_columns(),
        )
        query = _chosen(query, org_id, scorecard_id, wanted)
        query = query.group_by(_S.agent_name).order_by(_S.agent_name.nulls_last())
        with reading(self._engine) as connection:
            return [
                AgentScore(
                    agent_name=row["agent_name"],
                    calls=row["calls"],
                    share=_share(row),
                    spread=_spread(row),
                    lowest=row["lowest"],
                    highest=row["highest"],
                    auto_failed=row["auto_failed"],
                )
                for row in connection.execute(query).mappings()
            ]

    def by_week(
        self, org_id: str, scorecard_id: str, wanted: AnalyticsFilter | None = None
    ) -> list[WeekScore]:
        """Return the scores of each week that has any, in order."""
        query = select(_S.week, *_share_columns()).where(_S.share.is_not(None))
        query = _chosen(query, org_id, scorecard_id, wanted).group_by(_S.week).order_by(_S.week)
        with reading(self._engine) as connection:
            rows = connection.execute(query).mappings().all()
        return [WeekScore(week=row["week"], share=_share(row)) for row in rows]

    def by_question(
        self, org_id: str, scorecard_id: str, wanted: AnalyticsFilter | None = None
    ) -> list[QuestionFigures]:
        """Return how each question was answered, in order of their ids."""

        def count(value: AnswerValue | None) -> Any:
            same = _A.value.is_(None) if value is None else _A.value == value
            return func.count(case((same, 1)))

        query = select(
            _A.question_id,
            count(AnswerValue.YES).label("yes"),
            count(AnswerValue.NO).label("no"),
            count(AnswerValue.NOT_APPLICABLE).label("not_applicable"),
            count(None).label("unanswered"),
            func.count(case((_A.is_good.is_(True), 1))).label("good"),
            func.count(case((_A.by_person.is_(True), 1))).label("by_person"),
        ).select_from(
            CALL_ANSWERS.join(
                CALL_SCORES,
                (_S.call_id == _A.call_id) & (_S.scorecard_id == _A.scorecard_id),
            )
        )
        query = _chosen(query, org_id, scorecard_id, wanted)
        query = query.group_by(_A.question_id).order_by(_A.question_id)
        with reading(self._engine) as connection:
            return [QuestionFigures(**row) for row in connection.execute(query).mappings()]

    def lowest(
        self,
        org_id: str,
        scorecard_id: str,
        wanted: AnalyticsFilter | None = None,
        *,
        answered_badly: str | None = None,
        limit: int = 20,
    ) -> list[ScoredRow]:
        """Return the calls with the lowest shares, lowest first.

        ``answered_badly`` names a question: only calls in which it earned nothing.
        """
        columns = (_S.points, _S.possible, _S.share, _S.auto_failed, _S.scorecard_version)
        query = select(CALLS, *columns).select_from(
            CALL_SCORES.join(CALLS, CALLS.c.id == _S.call_id)
        )
        query = _chosen(query, org_id, scorecard_id, wanted).where(_S.share.is_not(None))
        if answered_badly is not None:
            bad = select(_A.call_id).where(
                _A.scorecard_id == scorecard_id,
                _A.question_id == answered_badly,
                _A.is_good.is_(False),
            )
            query = query.where(_S.call_id.in_(bad))
        query = query.order_by(_S.share, CALLS.c.held_at.desc(), CALLS.c.id).limit(limit)
        with reading(self._engine) as connection:
            return [
                ScoredRow(
                    call=call_from_row(row),
                    points=row["points"],
                    possible=row["possible"],
                    share=row["share"],
                    auto_failed=row["auto_failed"],
                    version=row["scorecard_version"],
                )
                for row in connection.execute(query).mappings()
            ]


def _chosen(
    query: Select[Any], org_id: str, scorecard_id: str | None, wanted: AnalyticsFilter | None
) -> Select[Any]:
    wanted = wanted or AnalyticsFilter()
    query = query.where(_S.org_id == org_id)
    if scorecard_id is not None:
        query = query.where(_S.scorecard_id == scorecard_id)
    if wanted.first_day:
        query = query.where(_S.day >= wanted.first_day)
    if wanted.last_day:
        query = query.where(_S.day <= wanted.last_day)
    if wanted.agents:
        query = query.where(_S.agent_name.in_(wanted.agents))
    if wanted.queues:
        query = query.where(_S.queue.in_(wanted.queues))
    return query


def _share_columns() -> list[Any]:
    counts = _S.share.is_not(None)
    return [
        func.avg(_S.share).label("mean"),
        func.count(_S.share).label("n"),
        func.sum(case((counts, _S.points))).label("points"),
        func.sum(case((counts, _S.possible))).label("possible"),
    ]


def _share(row: Any) -> Average:
    if not row["n"]:
        return Average(mean=None, pooled=None, n=0)
    pooled = float(row["points"]) / float(row["possible"])
    return Average(mean=float(row["mean"]), pooled=pooled, n=row["n"])


def _spread(row: Any) -> float | None:
    n = row["n"]
    if n < 2:
        return None
    about_mean = float(row["squares"]) - n * float(row["mean"]) ** 2
    return sqrt(max(0.0, about_mean) / (n - 1))
