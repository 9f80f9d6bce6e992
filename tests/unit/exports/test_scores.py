"""Scores in exports."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.domain.rules import Evidence
from services.domain.scorecards import (
    Answer,
    AnsweredBy,
    AnswerValue,
    Override,
    Scorecard,
    score_of,
)
from services.exports import ExportFormat, export
from tests.unit.exports.fixtures import EVIL, make_reviewed

CARD = Scorecard(id="quality", name="Quality & care", questions=(), version=2)
MADE_AT = datetime(2026, 11, 12, 9, 30, tzinfo=UTC)


def answer(question_id: str, text: str, value: AnswerValue | None, **changes) -> Answer:
    made = Answer(
        question_id=question_id,
        text=text,
        weight=2,
        good=AnswerValue.YES,
        critical=False,
        value=value,
        own_value=value,
        by=AnsweredBy.RULE,
        why="“Thanks” applies.",
    )
    return replace(made, **changes)


@pytest.fixture
def scored():
    said = Override(
        question_id="b", value=AnswerValue.YES, comment=EVIL, author="Ada", made_at=MADE_AT
    )
    place = Evidence(start_ms=500, end_ms=900, why="The agent said it.", utterance="agent.0")
    answers = [
        answer("a", "Thanked?", AnswerValue.NO, evidence=(place,)),
        answer("b", "Greeted?", AnswerValue.NO).overridden(said),
        answer("c", "Sold?", None),
    ]
    return replace(make_reviewed(), scores=(score_of(CARD, answers),))


def test_json_has_the_scores_with_all_that_explains_them(scored):
    (card,) = json.loads(export(scored, ExportFormat.JSON).content)["scorecards"]
    assert {k: v for k, v in card.items() if k != "answers"} == {
        "id": "quality",
        "name": "Quality & care",
        "version": 2,
        "points": 2,
        "possible": 4,
        "share": 0.5,
        "auto_failed": False,
    }
    first, second, third = card["answers"]
    assert first["evidence"] == [
        {"utterance": "agent.0", "start_ms": 500, "end_ms": 900, "why": "The agent said it."}
    ]
    assert (second["value"], second["own_value"], second["by"]) == ("yes", "no", "person")
    assert (second["comment"], second["author"]) == (EVIL, "Ada")
    assert (third["value"], third["comment"]) == (None, None)


def test_text_and_report_tell_the_score(scored):
    line = "Quality & care: 50% (2 of 4 points)"
    assert f"Score {line}" in export(scored, ExportFormat.TXT).content.decode()
    html = export(scored, ExportFormat.HTML).content.decode()
    assert line.replace("&", "&amp;") in html
    assert "Thanked? No" in html
    assert "<script>" not in html


def test_a_call_without_scores_has_none(scored):
    bare = replace(scored, scores=())
    assert json.loads(export(bare, ExportFormat.JSON).content)["scorecards"] == []
    assert "Score" not in export(bare, ExportFormat.TXT).content.decode()
