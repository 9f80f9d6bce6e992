"""Answers of scorecards as compact JSON texts, and back."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from services.domain.rules import Evidence
from services.domain.scorecards import (
    Answer,
    AnsweredBy,
    AnswerValue,
    ModelAnswer,
    ModelQuote,
    Override,
)
from services.storage.forms import pack

_EVIDENCE = ("start_ms", "end_ms", "why", "utterance", "start_char", "end_char")


def pack_answers(answers: Iterable[Answer]) -> str:
    """Return a call's answers as text."""
    return pack([_plain(answer) for answer in answers])


def unpack_answers(text: str) -> tuple[Answer, ...]:
    """Return the answers that ``pack_answers`` wrote."""
    return tuple(_answer(form) for form in json.loads(text))


def pack_model_answer(answer: ModelAnswer) -> str:
    """Return what a model said as text."""
    quotes = [[quote.utterance, quote.text] for quote in answer.quotes]
    return pack({**vars(answer), "quotes": quotes})


def unpack_model_answer(text: str) -> ModelAnswer:
    """Return what ``pack_model_answer`` wrote."""
    form = json.loads(text)
    quotes = tuple(ModelQuote(utterance=u, text=said) for u, said in form.pop("quotes"))
    return ModelAnswer(**{**form, "value": value_of(form["value"])}, quotes=quotes)


def value_of(stored: str | None) -> AnswerValue | None:
    """Return a stored answer."""
    return None if stored is None else AnswerValue(stored)


def _plain(answer: Answer) -> dict[str, Any]:
    override = answer.override
    evidence = [[getattr(one, name) for name in _EVIDENCE] for one in answer.evidence]
    said = override and {**vars(override), "made_at": override.made_at.isoformat()}
    return {**vars(answer), "evidence": evidence, "override": said}


def _answer(form: dict[str, Any]) -> Answer:
    said = form.pop("override")
    evidence = tuple(
        Evidence(**dict(zip(_EVIDENCE, one, strict=True))) for one in form.pop("evidence")
    )
    return Answer(
        **{
            **form,
            "good": AnswerValue(form["good"]),
            "value": value_of(form["value"]),
            "own_value": value_of(form["own_value"]),
            "by": AnsweredBy(form["by"]),
        },
        evidence=evidence,
        override=_override(said) if said else None,
    )


def _override(form: dict[str, Any]) -> Override:
    made_at = datetime.fromisoformat(form["made_at"])
    return Override(**{**form, "value": value_of(form["value"]), "made_at": made_at})
