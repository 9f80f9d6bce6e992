"""Scores of made-up calls by the scorecard that comes with Partyline."""

import random
from functools import cache
from typing import Any

from app.seeding.calls import Plot
from services.domain.calls import Call
from services.domain.scorecards import Answer, AnsweredBy, AnswerValue, Scorecard
from services.storage.figures import day_of, week_of
from services.storage.score_forms import pack_answers
from services.understanding.scorecards.ready_made import ready_made_scorecards

_ASKS_FOR = {
    "greeting": "greeting_standard",
    "recording_notice": "recording_disclosure",
    "identity": "identity_verification",
    "empathy": "empathy_expressed",
}
_Row = dict[str, Any]


@cache
def _scorecard() -> Scorecard:
    return ready_made_scorecards()[0]


def score_rows(chance: random.Random, call: Call, plot: Plot) -> tuple[list[_Row], list[_Row]]:
    """Return the row of a call's score and those of its answers."""
    card = _scorecard()
    answers = tuple(
        Answer(
            question_id=question.id,
            text=question.text,
            weight=question.weight,
            good=question.good,
            critical=False,
            value=_value(chance, plot, question.id, question.good),
            by=AnsweredBy.RULE,
        )
        for question in card.questions
    )
    counting = [a for a in answers if a.counts]
    points = sum(a.weight for a in counting if a.is_good)
    possible = sum(a.weight for a in counting)
    day = day_of(call.held_at)
    same = {
        "call_id": call.id,
        "scorecard_id": card.id,
        "org_id": call.org_id,
        "day": day,
        "agent_name": call.details.agent_name,
        "queue": call.details.queue,
    }
    score = {
        **same,
        "week": week_of(day),
        "scorecard_version": card.version,
        "name": card.name,
        "points": points,
        "possible": possible,
        "share": points / possible if possible else None,
        "auto_failed": False,
        "answers": pack_answers(answers),
    }
    return [score], [
        {
            **same,
            "question_id": a.question_id,
            "value": a.value,
            "is_good": a.is_good,
            "by_person": False,
        }
        for a in answers
    ]


def _value(chance: random.Random, plot: Plot, question: str, good: AnswerValue) -> AnswerValue:
    if question in _ASKS_FOR:
        return AnswerValue.YES if _ASKS_FOR[question] in plot.events else AnswerValue.NO
    if chance.random() < 0.3:
        return AnswerValue.NOT_APPLICABLE
    bad = AnswerValue.NO if good is AnswerValue.YES else AnswerValue.YES
    return good if chance.random() < plot.agent.careful else bad
