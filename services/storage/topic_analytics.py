"""Why customers call, across calls: counts, trend, sentiment and handle time of each topic.

A call with several topics counts for each of them, so that the counts may sum to more calls than
there are. Whatever calls without a transcript are about isn't known; they don't count.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Engine, func, select

from services.storage.analytics import (
    SENTIMENT,
    AnalyticsFilter,
    Average,
    Period,
    average,
    average_columns,
    chosen,
)
from services.storage.database import reading
from services.storage.models import CALL_FIGURES
from services.storage.topics import CALL_TOPICS


@dataclass(frozen=True, kw_only=True)
class TopicFigures:
    """The calls about one topic; ``handle_ms`` is the mean length of what was transcribed."""

    topic: str
    calls: int
    handle_ms: float
    customer_sentiment: Average


@dataclass(frozen=True, kw_only=True)
class TopicCount:
    """How many calls of a day (or week) are about a topic."""

    day: date
    topic: str
    calls: int


@dataclass(frozen=True, kw_only=True)
class TopicReach:
    """How many calls have a transcript, and how many of those a topic."""

    transcribed: int
    with_topic: int


class TopicAnalytics:
    """Answers what the calls of one organisation are about."""

    def __init__(self, engine: Engine) -> None:
        """Use this database."""
        self._engine = engine

    def by_topic(self, org_id: str, wanted: AnalyticsFilter | None = None) -> list[TopicFigures]:
        """Return the figures of each topic, the most frequent first."""
        calls = func.count().label("calls")
        query = select(
            CALL_TOPICS.c.topic,
            calls,
            func.sum(CALL_FIGURES.c.duration_ms).label("duration_ms"),
            *average_columns("sentiment", SENTIMENT),
        ).select_from(CALL_TOPICS.join(CALL_FIGURES, _SAME_CALL))
        query = chosen(query, CALL_TOPICS, org_id, wanted).group_by(CALL_TOPICS.c.topic)
        query = query.order_by(calls.desc(), CALL_TOPICS.c.topic)
        with reading(self._engine) as connection:
            return [
                TopicFigures(
                    topic=row["topic"],
                    calls=row["calls"],
                    handle_ms=float(row["duration_ms"]) / row["calls"],
                    customer_sentiment=average(row, "sentiment"),
                )
                for row in connection.execute(query).mappings()
            ]

    def per_day(
        self, org_id: str, wanted: AnalyticsFilter | None = None, by: Period = Period.DAY
    ) -> list[TopicCount]:
        """Return how many calls each day (or week) has about each topic, in order."""
        day = CALL_TOPICS.c[by]
        query = select(day.label("day"), CALL_TOPICS.c.topic, func.count().label("calls"))
        query = chosen(query, CALL_TOPICS, org_id, wanted).group_by(day, CALL_TOPICS.c.topic)
        query = query.order_by(day, CALL_TOPICS.c.topic)
        with reading(self._engine) as connection:
            return [
                TopicCount(day=row["day"], topic=row["topic"], calls=row["calls"])
                for row in connection.execute(query).mappings()
            ]

    def reach(self, org_id: str, wanted: AnalyticsFilter | None = None) -> TopicReach:
        """Return how many calls the topics speak for."""
        figures = chosen(select(func.count()), CALL_FIGURES, org_id, wanted)
        different = func.count(CALL_TOPICS.c.call_id.distinct())
        topics = chosen(select(different), CALL_TOPICS, org_id, wanted)
        with reading(self._engine) as connection:
            return TopicReach(
                transcribed=connection.execute(figures).scalar_one(),
                with_topic=connection.execute(topics).scalar_one(),
            )


_SAME_CALL = CALL_FIGURES.c.call_id == CALL_TOPICS.c.call_id
