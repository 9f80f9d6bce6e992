"""Who takes calls, when, and how they differ."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import accumulate

from app.seeding.words import words

QUEUES = ("Billing", "Support", "Sales", "Claims", "Travel", "Retention")
_QUEUE_WEIGHTS = (28, 30, 14, 12, 9, 7)
MEDIAN_S = {
    "Billing": 260, "Support": 420, "Sales": 330, "Claims": 480, "Travel": 380, "Retention": 300,
}  # fmt: skip
TOPICS_OF = {
    "Billing": ("billing_dispute", "payment", "refund", "account_change", "loan_enquiry"),
    "Support": ("technical_support", "service_outage", "password_reset", "warranty"),
    "Sales": ("sales_enquiry", "general_question", "booking", "appointment"),
    "Claims": ("insurance_claim", "vehicle_repair", "fraud", "card_blocked", "healthcare_coverage"),
    "Travel": ("travel_rebooking", "booking", "hospitality_complaint", "delivery_problem"),
    "Retention": ("cancellation", "complaint_about_staff", "billing_dispute"),
}
# From Monday on; what calls there are on a day depends on little else.
_WEEKDAYS = (1.25, 1.1, 1.0, 1.0, 0.95, 0.45, 0.25)
_HOURS = (
    (7, 2), (8, 6), (9, 11), (10, 13), (11, 12), (12, 8), (13, 9),
    (14, 11), (15, 11), (16, 9), (17, 5), (18, 2), (19, 1),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Agent:
    """Somebody who takes calls, with habits: factors and shares that their calls scatter about."""

    name: str
    queues: tuple[str, ...]
    pace: float
    talk_share: float
    interrupts: float
    mood: float
    resolves: float
    careful: float


@lru_cache(maxsize=8)
def team(seed: str, size: int) -> tuple[Agent, ...]:
    """Return so many agents."""
    chance = random.Random(f"{seed}:team")
    return tuple(_agent(chance, name) for name in _names(chance, size))


def _names(chance: random.Random, size: int) -> list[str]:
    pairs = [f"{first} {last}" for first in words("first") for last in words("last")]
    chance.shuffle(pairs)
    # Beyond all pairs they are numbered.
    return [
        pairs[n] if n < len(pairs) else f"{pairs[n % len(pairs)]} {n // len(pairs) + 1}"
        for n in range(size)
    ]


def _agent(chance: random.Random, name: str) -> Agent:
    first = chance.choices(QUEUES, _QUEUE_WEIGHTS)[0]
    second = chance.choice(QUEUES)
    return Agent(
        name=name,
        queues=(first, first, first, second),
        pace=chance.lognormvariate(0, 0.18),
        talk_share=min(0.8, max(0.25, chance.gauss(0.52, 0.07))),
        interrupts=chance.lognormvariate(-0.3, 0.6),
        mood=chance.gauss(0, 0.09),
        resolves=chance.betavariate(14, 6),
        careful=chance.betavariate(9, 3),
    )


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """When calls are held: ``days`` days up to ``last_day``, busier on some weekdays and hours."""

    last_day: date
    days: int

    def moment(self, chance: random.Random) -> tuple[date, int]:
        """Return a day and the seconds into it."""
        sums, mondays = _day_sums(self.last_day, self.days)
        [number] = chance.choices(mondays, cum_weights=sums)
        [hour] = chance.choices([h for h, _ in _HOURS], [weight for _, weight in _HOURS])
        return self.last_day - timedelta(days=number), hour * 3600 + chance.randrange(3600)


@lru_cache(maxsize=8)
def _day_sums(last_day: date, days: int) -> tuple[Sequence[float], Sequence[int]]:
    ago = range(days)
    weights = (_WEEKDAYS[(last_day - timedelta(days=n)).weekday()] for n in ago)
    return list(accumulate(weights)), ago
