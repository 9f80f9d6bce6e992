"""The Analytics page: all that it asks for one view, from rollups and from the rows of calls."""

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from bench.scale.timing import spread
from services.domain.together import AnalyticsFilter, Period
from services.storage.analytics import Analytics
from services.storage.calls import CallStore
from services.storage.categories import CategoryStore
from services.storage.score_figures import ScoreAnalytics
from services.storage.topic_analytics import TopicAnalytics

RULE = "closing_offer"


def measured(engine: Engine, scale: Any, folder: Path) -> Iterator[Mapping[str, Any]]:
    """Yield how long one view takes, over several filters."""
    org_id = scale.history.org_id
    for name, from_rows, rounds in (
        ("page from rollups", False, scale.rounds),
        ("page from rows", True, 1),
    ):
        taken: list[float] = []
        slowest: dict[str, float] = {}
        for label, wanted in filters(engine, scale).items():
            mine = []
            for _ in range(rounds):
                parts = view(engine, org_id, wanted, from_rows=from_rows)
                mine.append(sum(parts.values()))
                for part, ms in parts.items():
                    slowest[part] = max(slowest.get(part, 0.0), ms)
            taken += mine
            yield {"what": f"{name}: {label}", **spread(mine)}
        worst = max(slowest, key=lambda part: slowest[part])
        note = f"slowest query: {worst}, {slowest[worst]:.0f} ms"
        yield {"what": name, **spread(taken), "note": note}


def filters(engine: Engine, scale: Any) -> Mapping[str, AnalyticsFilter]:
    """Return the choices people make, by what they are called."""
    org_id, last = scale.history.org_id, scale.history.calendar.last_day
    calls = CallStore(engine)
    agents, queues = calls.agents(org_id), calls.queues(org_id)
    month, quarter = last - timedelta(days=29), last - timedelta(days=89)
    return {
        "everything": AnalyticsFilter(),
        "30 days": AnalyticsFilter(first_day=month, last_day=last),
        "90 days": AnalyticsFilter(first_day=quarter, last_day=last),
        "one agent": AnalyticsFilter(agents=agents[:1]),
        "five agents, 90 days": AnalyticsFilter(
            agents=agents[:5], first_day=quarter, last_day=last
        ),
        "one queue": AnalyticsFilter(queues=queues[:1]),
        "two queues, 30 days": AnalyticsFilter(queues=queues[:2], first_day=month, last_day=last),
        "one agent in one queue": AnalyticsFilter(agents=agents[:1], queues=queues[:1]),
    }


def view(
    engine: Engine, org_id: str, wanted: AnalyticsFilter, *, from_rows: bool
) -> dict[str, float]:
    """Ask all that the page asks; return the milliseconds of each question."""
    calls, analytics = CallStore(engine), Analytics(engine, from_rows=from_rows)
    topics = TopicAnalytics(engine, from_rows=from_rows)
    categories = CategoryStore(engine, from_rows=from_rows)
    scores = ScoreAnalytics(engine, from_rows=from_rows)
    by = Period.readable(analytics.days(org_id, wanted))
    card = next(iter(scores.scorecards(org_id)), "call_quality")
    questions: dict[str, Callable[[], object]] = {
        "has calls": lambda: calls.has_any(org_id),
        "names": lambda: (calls.agents(org_id), calls.queues(org_id)),
        "team": lambda: analytics.team(org_id, wanted),
        "days": lambda: analytics.days(org_id, wanted),
        "per period": lambda: analytics.per_period(org_id, wanted, by),
        "by agent": lambda: analytics.by_agent(org_id, wanted),
        "by queue": lambda: analytics.by_queue(org_id, wanted),
        "by topic": lambda: topics.by_topic(org_id, wanted),
        "reach of topics": lambda: topics.reach(org_id, wanted),
        "topics per period": lambda: topics.per_day(org_id, wanted, by),
        "categories": lambda: categories.counts_among(org_id, wanted),
        "category by week": lambda: categories.by_week(org_id, RULE, wanted),
        "category by agent": lambda: categories.by_agent(org_id, RULE, wanted),
        "longest silences": lambda: analytics.longest_silences(org_id, wanted),
        "most negative": lambda: analytics.most_negative(org_id, wanted),
        "scorecards": lambda: scores.scorecards(org_id, wanted),
        "scores by agent": lambda: scores.by_agent(org_id, card, wanted),
        "scores by question": lambda: scores.by_question(org_id, card, wanted),
        "scores by week": lambda: scores.by_week(org_id, card, wanted),
        "versions": lambda: scores.versions(org_id, card, wanted),
        "lowest scores": lambda: scores.lowest(org_id, card, wanted),
    }
    taken = {}
    for name, ask in questions.items():
        began = time.perf_counter()
        ask()
        taken[name] = (time.perf_counter() - began) * 1000
    return taken
