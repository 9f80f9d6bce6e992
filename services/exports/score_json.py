"""A call's scores as JSON, part of the schema ``partyline.call/1``."""

from typing import Any

from services.domain.scorecards import Answer, CallScore

Json = dict[str, Any]


def score_document(score: CallScore) -> Json:
    """Return a score with all answers. ``share`` is in 0..1, null when no question counts."""
    return {
        "id": score.scorecard_id,
        "name": score.name,
        "version": score.version,
        "points": score.points,
        "possible": score.possible,
        "share": None if score.share is None else round(score.share, 4),
        "auto_failed": score.auto_failed,
        "answers": [_answer(answer) for answer in score.answers],
    }


def _answer(answer: Answer) -> Json:
    override = answer.override
    return {
        "id": answer.question_id,
        "question": answer.text,
        "weight": answer.weight,
        "good": answer.good.value,
        "critical": answer.critical,
        "value": answer.value.value if answer.value else None,
        "by": answer.by.value,
        "why": answer.why,
        "own_value": answer.own_value.value if answer.own_value else None,
        "comment": override.comment if override else None,
        "author": override.author if override else None,
        "made_at": override.made_at.isoformat() if override else None,
        "evidence": [
            {
                "utterance": one.utterance,
                "start_ms": one.start_ms,
                "end_ms": one.end_ms,
                "why": one.why,
            }
            for one in answer.evidence
        ],
    }
