"""Figures over many calls: over those that a person has to do with, and no other."""

from dataclasses import replace
from datetime import date

from services.access.authority import Authority
from services.domain.acts import Act
from services.domain.people import User
from services.domain.together import (
    AnalyticsFilter,
    CallsTogether,
    GroupFigures,
    Period,
    PeriodFigures,
)
from services.storage.analytics import Analytics
from services.storage.call_rows import CallRow
from services.storage.categories import AgentShare, CategoryStore
from services.storage.score_figures import (
    AgentScore,
    QuestionFigures,
    ScoreAnalytics,
    ScoredRow,
    WeekScore,
)
from services.storage.topic_analytics import TopicAnalytics, TopicCount, TopicFigures, TopicReach

Filter = AnalyticsFilter | None


class FiguresDesk:
    """Answers questions about many calls.

    Every method raises AccessDenied for whoever may see no calls, and StorageError.
    """

    def __init__(
        self,
        analytics: Analytics,
        topics: TopicAnalytics,
        categories: CategoryStore,
        scores: ScoreAnalytics,
        *,
        authority: Authority,
    ) -> None:
        """Read these stores."""
        self._analytics = analytics
        self._topics = topics
        self._categories = categories
        self._scores = scores
        self._authority = authority

    def check_export(self, user: User) -> None:
        """Let a person take figures away as a file. Raises AccessDenied."""
        self._authority.allow(user, Act.FIGURES_EXPORTED)

    # --- the conversations ------------------------------------------------------------------------

    def team(self, user: User, wanted: Filter = None) -> CallsTogether:
        """Return the figures of all chosen calls together."""
        return self._analytics.team(user.org_id, self._within(user, wanted))

    def per_period(
        self, user: User, wanted: Filter = None, by: Period = Period.DAY
    ) -> list[PeriodFigures]:
        """Return the figures of each day (or week) that has calls, in order."""
        return self._analytics.per_period(user.org_id, self._within(user, wanted), by)

    def days(self, user: User, wanted: Filter = None) -> int:
        """Return how many days the filter spans, of those from the first call's to the last's."""
        return self._analytics.days(user.org_id, self._within(user, wanted))

    def by_agent(self, user: User, wanted: Filter = None) -> list[GroupFigures]:
        """Return the figures of each agent, in order of their names; who isn't known comes last."""
        return self._analytics.by_agent(user.org_id, self._within(user, wanted))

    def by_queue(self, user: User, wanted: Filter = None) -> list[GroupFigures]:
        """Return the figures of each queue, in order of their names; the unknown one is last."""
        return self._analytics.by_queue(user.org_id, self._within(user, wanted))

    def longest_silences(self, user: User, wanted: Filter = None, limit: int = 10) -> list[CallRow]:
        """Return the calls with the longest silences, longest first."""
        return self._analytics.longest_silences(user.org_id, self._within(user, wanted), limit)

    def most_negative(self, user: User, wanted: Filter = None, limit: int = 10) -> list[CallRow]:
        """Return the calls with the unhappiest customers (mean below 0), worst first."""
        return self._analytics.most_negative(user.org_id, self._within(user, wanted), limit)

    # --- what they are about ----------------------------------------------------------------------

    def by_topic(self, user: User, wanted: Filter = None) -> list[TopicFigures]:
        """Return the figures of each topic, the most frequent first."""
        return self._topics.by_topic(user.org_id, self._within(user, wanted))

    def topics_per_day(
        self, user: User, wanted: Filter = None, by: Period = Period.DAY
    ) -> list[TopicCount]:
        """Return how many calls each day (or week) has about each topic, in order."""
        return self._topics.per_day(user.org_id, self._within(user, wanted), by)

    def topic_reach(self, user: User, wanted: Filter = None) -> TopicReach:
        """Return how many calls the topics speak for."""
        return self._topics.reach(user.org_id, self._within(user, wanted))

    # --- rules ------------------------------------------------------------------------------------

    def by_category(self, user: User, wanted: Filter = None) -> tuple[int, dict[str, int]]:
        """Return how many chosen calls rules have read, and to how many each applies."""
        return self._categories.counts_among(user.org_id, self._within(user, wanted))

    def category_by_week(
        self, user: User, rule_id: str, wanted: Filter = None
    ) -> list[tuple[date, int, int]]:
        """Return for each week (its Monday) the calls a rule applies to, and all that were read."""
        return self._categories.by_week(user.org_id, rule_id, self._within(user, wanted))

    def category_by_agent(
        self, user: User, rule_id: str, wanted: Filter = None
    ) -> list[AgentShare]:
        """Return for each agent to how many of their calls a rule applies."""
        return self._categories.by_agent(user.org_id, rule_id, self._within(user, wanted))

    # --- scores -----------------------------------------------------------------------------------

    def scorecards(self, user: User, wanted: Filter = None) -> dict[str, str]:
        """Return id and name of the scorecards by which any chosen call has a score."""
        return self._scores.scorecards(user.org_id, self._within(user, wanted))

    def score_versions(
        self, user: User, scorecard_id: str, wanted: Filter = None
    ) -> dict[int, int]:
        """Return how many calls were scored by which version of the scorecard."""
        return self._scores.versions(user.org_id, scorecard_id, self._within(user, wanted))

    def scores_by_agent(
        self, user: User, scorecard_id: str, wanted: Filter = None
    ) -> list[AgentScore]:
        """Return each agent's scores in order of their names; who isn't known comes last."""
        return self._scores.by_agent(user.org_id, scorecard_id, self._within(user, wanted))

    def scores_by_week(
        self, user: User, scorecard_id: str, wanted: Filter = None
    ) -> list[WeekScore]:
        """Return the scores of each week that has any, in order."""
        return self._scores.by_week(user.org_id, scorecard_id, self._within(user, wanted))

    def scores_by_question(
        self, user: User, scorecard_id: str, wanted: Filter = None
    ) -> list[QuestionFigures]:
        """Return how each question was answered, in order of their ids."""
        return self._scores.by_question(user.org_id, scorecard_id, self._within(user, wanted))

    def lowest_scores(
        self,
        user: User,
        scorecard_id: str,
        wanted: Filter = None,
        *,
        answered_badly: str | None = None,
        limit: int = 20,
    ) -> list[ScoredRow]:
        """Return the calls with the lowest shares, lowest first.

        ``answered_badly`` names a question: only calls in which it earned nothing.
        """
        return self._scores.lowest(
            user.org_id,
            scorecard_id,
            self._within(user, wanted),
            answered_badly=answered_badly,
            limit=limit,
        )

    def _within(self, user: User, wanted: Filter) -> AnalyticsFilter:
        self._authority.check(user, Act.CALL_VIEWED)
        return replace(wanted or AnalyticsFilter(), within=user.within)
