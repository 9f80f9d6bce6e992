"""Why customers call, across calls: counts, trend, sentiment and handle time of each topic.

A call with several topics counts for each of them, so that the counts may sum to more calls than
there are. Whatever calls without a transcript are about isn't known; they don't count.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Engine

from services.domain.together import AnalyticsFilter, Average, Period
from services.storage.database import reading
from services.storage.rollup_reading import average, average_names, read_sums
from services.storage.rollup_tables import SCALE


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

    def __init__(self, engine: Engine, *, from_rows: bool = False) -> None:
        """Use this database; ``from_rows`` adds calls up one by one, as rollups save doing."""
        self._engine = engine
        self._from_rows = from_rows

    def by_topic(self, org_id: str, wanted: AnalyticsFilter | None = None) -> list[TopicFigures]:
        """Return the figures of each topic, the most frequent first."""
        sums = ("calls", "duration_ms", *average_names("sentiment", pooled=True))
        with reading(self._engine) as connection:
            rows = read_sums(
                connection, "topics", org_id, wanted,
                sums=sums, by=("topic",), from_rows=self._from_rows,
            )  # fmt: skip
        found = [
            TopicFigures(
                topic=row["topic"],
                calls=row["calls"],
                handle_ms=row["duration_ms"] / row["calls"],
                customer_sentiment=average(row, "sentiment", part_unit=1 / SCALE),
            )
            for row in rows
            if row["calls"]
        ]
        return sorted(found, key=lambda figures: (-figures.calls, figures.topic))

    def per_day(
        self, org_id: str, wanted: AnalyticsFilter | None = None, by: Period = Period.DAY
    ) -> list[TopicCount]:
        """Return how many calls each day (or week) has about each topic, in order."""
        with reading(self._engine) as connection:
            rows = read_sums(
                connection, "topics", org_id, wanted,
                sums=("calls",), by=(by.value, "topic"), from_rows=self._from_rows,
            )  # fmt: skip
        return [
            TopicCount(day=row[by], topic=row["topic"], calls=row["calls"])
            for row in rows
            if row["calls"]
        ]

    def reach(self, org_id: str, wanted: AnalyticsFilter | None = None) -> TopicReach:
        """Return how many calls the topics speak for."""
        with reading(self._engine) as connection:
            [calls] = read_sums(
                connection, "calls", org_id, wanted,
                sums=("transcribed",), from_rows=self._from_rows,
            )  # fmt: skip
            [topics] = read_sums(
                connection, "topics", org_id, wanted, sums=("firsts",), from_rows=self._from_rows
            )
        return TopicReach(transcribed=calls["transcribed"], with_topic=topics["firsts"])
