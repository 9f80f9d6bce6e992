"""Scores of calls as the worker makes them."""

import threading
from dataclasses import replace

import pytest

from app.wiring import build_services
from services.domain.calls import CallState
from services.domain.errors import Cancelled
from services.domain.people import LOCAL_USER
from services.domain.scorecards import AnswerValue, ByModel, ModelAnswer, Question, Scorecard
from services.scorecards import rescoring
from tests.unit.jobs.conftest import Installation

PROMPT = "Is it explained?"
CARD = Scorecard(
    id="mine",
    name="Mine",
    questions=(Question(id="model", text="Explained?", answerer=ByModel(prompt=PROMPT)),),
)


class Answering:
    """Says no to everything, or fails, and notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.error: BaseException | None = None

    def answers(self, transcript, prompts, is_cancelled):
        self.asked.append(tuple(prompts))
        if self.error:
            raise self.error
        return tuple(ModelAnswer(prompt=p, value=AnswerValue.NO, why="Never.") for p in prompts)


@pytest.fixture
def model(monkeypatch) -> Answering:
    answering = Answering()
    monkeypatch.setattr("app.wiring.services.build_answerer", lambda *_: answering)
    return answering


@pytest.fixture
def scored(installation: Installation, model: Answering) -> Installation:
    installation.services.close()
    services = build_services(installation.settings)
    services.scorecards.keep(LOCAL_USER, CARD)
    return replace(installation, services=services)


def score(installation: Installation, call_id: str):
    shown = installation.services.review.load(LOCAL_USER, call_id)
    found = installation.services.scorecards.of_call(LOCAL_USER, shown)
    return next(s for s in found if s.scorecard_id == "mine")


def test_the_model_is_asked_once_in_a_run(scored, model):
    call_id = scored.take_in().call_id
    with scored.working():
        assert scored.ended(call_id) is CallState.READY
    assert score(scored, call_id).answers[0].value is AnswerValue.NO
    assert score(scored, call_id).share == 0.0
    assert model.asked == [(PROMPT,)]


def test_a_model_that_fails_spoils_no_run(scored, model):
    model.error = Cancelled()
    call_id = scored.take_in().call_id
    with scored.working():
        assert scored.ended(call_id) is CallState.READY
    assert score(scored, call_id).answers[0].value is None


def test_the_worker_keeps_up_with_changed_scorecards_and_outlives_faults(scored, monkeypatch):
    monkeypatch.setattr(rescoring, "LOOK_EVERY_S", 0.02)
    call_id = scored.take_in().call_id
    with scored.working():
        scored.ended(call_id)
    rescorer, stop = scored.services.rescorer, threading.Event()
    looked, fails = threading.Event(), [RuntimeError("once")]
    rescore = rescorer.rescore

    def faulty() -> int:
        if fails:
            raise fails.pop()
        count = rescore()
        if not scored.services.scorecards.rescoring(LOCAL_USER).waiting:
            looked.set()
        return count

    monkeypatch.setattr(rescorer, "rescore", faulty)
    card = scored.services.scorecards.get(LOCAL_USER, "mine")
    scored.services.scorecards.keep(LOCAL_USER, replace(card, name="Ours"))
    keeping_up = threading.Thread(target=rescorer.keep_up, args=(stop,))
    keeping_up.start()
    assert looked.wait(20)
    stop.set()
    keeping_up.join(20)
    assert not keeping_up.is_alive()
    assert score(scored, call_id).name == "Ours"
