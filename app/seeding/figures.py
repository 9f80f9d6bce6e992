"""Figures of made-up calls in which nothing is said."""

import random

from app.seeding.calls import Plot
from services.domain.calls import Call
from services.storage.figures import CallFigures, day_of, label_of_call, week_of

_LONGEST_DEAD_AIR_MS = 45_000


def figures_alone(chance: random.Random, call: Call, plot: Plot) -> CallFigures:
    """Return figures such as a call of this kind has."""
    length = plot.duration_ms
    dead = int(chance.uniform(0.01, 0.1) * length) if chance.random() < 0.2 else 0
    silent = min(length - 2_000, int(chance.betavariate(2, 9) * length) + plot.hold_ms + dead)
    speech = length - max(0, silent)
    overlap = int(chance.betavariate(1.3, 30) * speech)
    talk = speech + overlap
    agent = int(talk * plot.talk_share)
    known = chance.random() < 0.97
    customer_lines = max(1, length // 18_000)
    lines = customer_lines * 2
    mean = plot.mood
    day = day_of(call.held_at)
    return CallFigures(
        call_id=call.id,
        day=day,
        week=week_of(day),
        agent_name=call.details.agent_name,
        queue=call.details.queue,
        duration_ms=length,
        speech_ms=speech,
        all_talk_ms=talk,
        agent_talk_ms=agent if known else None,
        customer_talk_ms=talk - agent if known else None,
        non_talk_ms=length - speech,
        longest_silence_ms=max(plot.hold_ms, min(dead, _LONGEST_DEAD_AIR_MS), silent // 6),
        hold_ms=plot.hold_ms,
        overlap_ms=overlap,
        agent_interruptions=_count(chance, plot.agent.interrupts) if known else None,
        customer_interruptions=_count(chance, 0.8) if known else None,
        sentiment_sum=round(mean * customer_lines, 3),
        sentiment_count=lines,
        customer_sentiment_sum=round(mean * customer_lines, 3) if known else 0.0,
        customer_sentiment_count=customer_lines if known else 0,
        sentiment_mean=round(mean / 2, 5),
        customer_sentiment_mean=round(mean, 5) if known else None,
        sentiment_trend=round(mean + chance.gauss(0, 0.2), 4) if known else None,
        sentiment_label=label_of_call(mean if known else None, mean / 2),
        negative_utterances=int(customer_lines * max(0.0, 0.1 - mean / 2)),
        dead_air_ms=dead,
        resolved=plot.resolved,
    )


def _count(chance: random.Random, mean: float) -> int:
    """Return a small number of events of which there are ``mean`` on average."""
    left, count = chance.expovariate(1), 0
    while left < mean:
        left += chance.expovariate(1)
        count += 1
    return count
