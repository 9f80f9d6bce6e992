"""Figures of many calls together: means with their spread, and the counts behind them.

A mean over few calls says little: below ``FEW`` they are not to be compared.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.domain.people import Within

FEW = 20


MOST_DAYS_READ = 120


class Period(StrEnum):
    """By what to group; a week goes by its Monday."""

    DAY = "day"
    WEEK = "week"

    @classmethod
    def readable(cls, days: int) -> "Period":
        """Return the finest by which so many days can still be read in one chart."""
        return cls.DAY if days <= MOST_DAYS_READ else cls.WEEK


@dataclass(frozen=True, kw_only=True)
class AnalyticsFilter:
    """Which calls to look at; both days are included, empty tuples and None don't filter.

    ``within`` is set by whoever answers a person.
    """

    first_day: date | None = None
    last_day: date | None = None
    agents: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
    within: Within | None = None


@dataclass(frozen=True, kw_only=True)
class Average:
    """A number of each of several calls, such as a rate, a length or a count.

    ``mean`` is the mean of the calls' own numbers, each call counting the same. For a rate,
    ``pooled`` is the rate of the sums, longer calls counting more. ``spread`` is the sample
    standard deviation, None below two calls. ``n`` calls stand behind all, None without any.
    """

    mean: float | None = None
    pooled: float | None = None
    spread: float | None = None
    n: int = 0

    @property
    def is_comparable(self) -> bool:
        """Whether enough calls stand behind it to be compared with others'."""
        return self.n >= FEW


@dataclass(frozen=True, kw_only=True)
class Resolution:
    """Of ``known`` calls whose summary says whether the matter was resolved, how many were."""

    resolved: int = 0
    known: int = 0

    @property
    def share(self) -> float | None:
        """Resolved among known ones, None without any."""
        return self.resolved / self.known if self.known else None

    @property
    def is_comparable(self) -> bool:
        """Whether enough calls stand behind it to be compared with others'."""
        return self.known >= FEW


@dataclass(frozen=True, kw_only=True)
class CallsTogether:
    """Some calls together: all of them counted, the rest over those with a transcript.

    ``duration_ms`` is their sum; ``handle_ms`` averages it. Shares are in 0..1, sentiment in −1..1,
    interruptions are counted per call. ``customer_utterances`` are those scored for the customers'
    sentiment; ``sentiment_trend`` is how much it changes from the first quarter to the last.
    """

    calls: int
    failed: int
    transcribed: int
    duration_ms: int
    negative_utterances: int
    customer_utterances: int
    handle_ms: Average
    agent_share_of_call: Average
    agent_share_of_speech: Average
    non_talk_share: Average
    dead_air_share: Average
    hold_share: Average
    agent_interruptions: Average
    customer_interruptions: Average
    customer_sentiment: Average
    sentiment_trend: Average
    resolution: Resolution


@dataclass(frozen=True, kw_only=True)
class GroupFigures(CallsTogether):
    """The calls of an agent or of a queue; ``name`` None gathers those where it isn't known."""

    name: str | None


@dataclass(frozen=True, kw_only=True)
class PeriodFigures(CallsTogether):
    """The calls of one day or week."""

    day: date
