"""What calls are compared by on the Analytics page: its name, its unit, and how it reads."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from components.wording import MINUTE_MS, duration, number, percent, signed
from services.domain.together import Average, CallsTogether


@dataclass(frozen=True, kw_only=True)
class TeamMeasure:
    """A figure of calls. ``scale`` brings it to the unit of charts, which ``suffix`` names."""

    label: str
    of: Callable[[CallsTogether], Average]
    words: Callable[[float | None], str]
    column: str
    scale: float = 1
    suffix: str = ""
    range: tuple[float, float] | None = None

    def shown(self, average: Average) -> float | None:
        """Return the mean in the unit of charts."""
        return None if average.mean is None else average.mean * self.scale


def _share(label: str, column: str, of: Callable[[CallsTogether], Average]) -> TeamMeasure:
    return TeamMeasure(
        label=label, of=of, words=lambda x: percent(x, 1), column=column, scale=100, suffix=" %"
    )


def _per_call(label: str, column: str, of: Callable[[CallsTogether], Average]) -> TeamMeasure:
    return TeamMeasure(label=label, of=of, words=lambda x: number(x, 1), column=column)


def _resolved(calls: CallsTogether) -> Average:
    return Average(mean=calls.resolution.share, n=calls.resolution.known)


MEASURES: Mapping[str, TeamMeasure] = {
    "sentiment": TeamMeasure(
        label="Customers' sentiment",
        of=lambda c: c.customer_sentiment,
        words=signed,
        column="customer_sentiment",
        range=(-1.05, 1.05),
    ),
    "trend": TeamMeasure(
        label="Change of sentiment within a call",
        of=lambda c: c.sentiment_trend,
        words=signed,
        column="sentiment_trend",
    ),
    "handle": TeamMeasure(
        label="Handle time",
        of=lambda c: c.handle_ms,
        words=duration,
        column="handle_ms",
        scale=1 / MINUTE_MS,
        suffix=" min",
    ),
    "talk": _share(
        "Agent's talk share", "agent_share_of_speech", lambda c: c.agent_share_of_speech
    ),
    "silence": _share("Nobody speaks", "non_talk_share", lambda c: c.non_talk_share),
    "dead_air": _share("Dead air", "dead_air_share", lambda c: c.dead_air_share),
    "hold": _share("On hold", "hold_share", lambda c: c.hold_share),
    "agent_cuts": _per_call(
        "Interruptions by the agent", "agent_interruptions", lambda c: c.agent_interruptions
    ),
    "customer_cuts": _per_call(
        "Interruptions by the customer",
        "customer_interruptions",
        lambda c: c.customer_interruptions,
    ),
    "resolved": _share("Resolved", "resolved_share", _resolved),
}
"""By id. Means are of the calls' own figures; resolved is a share of the calls that say so."""


def words_of(measure: TeamMeasure, average: Average) -> str:
    """Return a mean with its spread: ``4 min 5 s ± 2 min``."""
    if average.mean is None:
        return measure.words(None)
    spread = "" if average.spread is None else f" ± {measure.words(average.spread).lstrip('+')}"
    return f"{measure.words(average.mean)}{spread}"
