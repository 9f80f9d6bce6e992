"""Scores across calls: per agent, per question and per week; counts are summed before rates.

A call without a share (no question of the scorecard counts in it) is in no n.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Engine, Select, select

from services.domain.calls import Call
from services.domain.together import AnalyticsFilter, Average, Period
from services.storage.call_rows import call_from_row
from services.storage.database import reading
from services.storage.models import CALLS
from services.storage.rollup_reading import Sums, average, average_names, of_whom, read_sums
from services.storage.rollup_tables import AGENT
from services.storage.score_tables import CALL_ANSWERS, CALL_SCORES

_SHARE = average_names("share", pooled=True)
_ANSWERS = ("yes", "no", "not_applicable", "unanswered", "good", "by_person")
_S, _A = CALL_SCORES.c, CALL_ANSWERS.c


@dataclass(frozen=True, kw_only=True)
class AgentScore:
    """One agent's scores; ``agent_name`` None gathers the calls whose agent is not known.

    ``share.mean`` is the mean of the calls' shares, ``share.pooled`` all points over all possible
    ones.
    """

    agent_name: str | None
    calls: int
    share: Average
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

    def __init__(self, engine: Engine, *, from_rows: bool = False) -> None:
        """Use this database; ``from_rows`` adds calls up one by one, as rollups save doing."""
        self._engine = engine
        self._from_rows = from_rows

    def scorecards(self, org_id: str, wanted: AnalyticsFilter | None = None) -> dict[str, str]:
        """Return id and name of the scorecards by which any chosen call has a score."""
        with reading(self._engine) as connection:
            rows = self._sums(connection, "scores", org_id, wanted, ("calls",), "scorecard_id")
            ids = [row["scorecard_id"] for row in rows if row["calls"]]
            names = {card: _newest_name(connection, org_id, card) for card in ids}
        return dict(sorted(names.items(), key=lambda card: (card[1], card[0])))

    def versions(
        self, org_id: str, scorecard_id: str, wanted: AnalyticsFilter | None = None
    ) -> dict[int, int]:
        """Return how many calls were scored by which version of the scorecard."""
        by = "scorecard_version"
        with reading(self._engine) as connection:
            rows = self._sums(
                connection, "scores", org_id, wanted, ("calls",), by, card=scorecard_id
            )
        return {row[by]: row["calls"] for row in rows if row["calls"]}

    def by_agent(
        self, org_id: str, scorecard_id: str, wanted: AnalyticsFilter | None = None
    ) -> list[AgentScore]:
        """Return each agent's scores in order of their names; who isn't known comes last."""
        sums = ("calls", "auto_failed", *_SHARE)
        with reading(self._engine) as connection:
            rows = self._sums(connection, "scores", org_id, wanted, sums, AGENT, card=scorecard_id)
        found = [
            AgentScore(
                agent_name=row[AGENT],
                calls=row["calls"],
                share=average(row, "share"),
                auto_failed=row["auto_failed"],
            )
            for row in rows
            if row["calls"]
        ]
        return sorted(found, key=lambda score: (score.agent_name is None, score.agent_name or ""))

    def by_week(
        self, org_id: str, scorecard_id: str, wanted: AnalyticsFilter | None = None
    ) -> list[WeekScore]:
        """Return the scores of each week that has any, in order."""
        by = Period.WEEK
        with reading(self._engine) as connection:
            rows = self._sums(connection, "scores", org_id, wanted, _SHARE, by, card=scorecard_id)
        return [
            WeekScore(week=row[by], share=average(row, "share")) for row in rows if row["share_n"]
        ]

    def by_question(
        self, org_id: str, scorecard_id: str, wanted: AnalyticsFilter | None = None
    ) -> list[QuestionFigures]:
        """Return how each question was answered, in order of their ids."""
        by, sums = "question_id", ("entries", *_ANSWERS)
        with reading(self._engine) as connection:
            rows = self._sums(connection, "answers", org_id, wanted, sums, by, card=scorecard_id)
        return [
            QuestionFigures(question_id=row[by], **{name: row[name] for name in _ANSWERS})
            for row in rows
            if row["entries"]
        ]

    def _sums(
        self,
        connection: Connection,
        rollup: str,
        org_id: str,
        wanted: AnalyticsFilter | None,
        sums: Sequence[str],
        by: str,
        *,
        card: str | None = None,
    ) -> list[Sums]:
        return read_sums(
            connection,
            rollup,
            org_id,
            wanted,
            sums=sums,
            by=(by,),
            where={} if card is None else {"scorecard_id": card},
            from_rows=self._from_rows,
        )

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
        first = _chosen(select(_S.call_id), org_id, scorecard_id, wanted)
        first = first.where(_S.share.is_not(None)).order_by(_S.share, _S.call_id).limit(limit)
        if answered_badly is not None:
            bad = select(_A.call_id).where(
                _A.call_id == _S.call_id,
                _A.scorecard_id == scorecard_id,
                _A.question_id == answered_badly,
                _A.is_good.is_(False),
            )
            first = first.where(bad.exists())
        first = first.with_hint(CALL_SCORES, "INDEXED BY ix_call_scores_lowest", "sqlite")
        columns = (_S.points, _S.possible, _S.share, _S.auto_failed, _S.scorecard_version)
        query = select(CALLS, *columns).select_from(
            CALL_SCORES.join(CALLS, CALLS.c.id == _S.call_id)
        )
        query = query.where(_S.scorecard_id == scorecard_id).order_by(_S.share, _S.call_id)
        with reading(self._engine) as connection:
            # Which calls they are is read off an index; only theirs are looked at otherwise.
            ids = list(connection.execute(first).scalars())
            query = query.where(_S.call_id.in_(ids))
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
    query: Select[Any], org_id: str, scorecard_id: str, wanted: AnalyticsFilter | None
) -> Select[Any]:
    conditions = of_whom(CALL_SCORES, org_id, wanted or AnalyticsFilter())
    return query.where(_S.scorecard_id == scorecard_id, *conditions)


def _newest_name(connection: Connection, org_id: str, scorecard_id: str) -> str:
    query = select(_S.name).where(_S.org_id == org_id, _S.scorecard_id == scorecard_id)
    return connection.execute(query.order_by(_S.day.desc()).limit(1)).scalar() or scorecard_id
