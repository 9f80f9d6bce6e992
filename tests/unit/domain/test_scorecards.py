"""Points, possible points and shares of scorecards."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.calls import CallDetails, Direction
from services.domain.scorecards import (
    Answer,
    AnsweredBy,
    AnswerValue,
    AppliesTo,
    Override,
    Question,
    Scorecard,
    score_of,
)
from tests.builders import call

YES, NO, OUT = AnswerValue.YES, AnswerValue.NO, AnswerValue.NOT_APPLICABLE
CARD = Scorecard(id="card", name="Card", questions=(), version=3)


def answer(
    value: AnswerValue | None,
    weight: int = 1,
    good: AnswerValue = YES,
    critical: bool = False,
    question_id: str = "q",
) -> Answer:
    return Answer(
        question_id=question_id,
        text="Is it?",
        weight=weight,
        good=good,
        critical=critical,
        value=value,
        own_value=value,
        by=AnsweredBy.RULE,
    )


def said(value: AnswerValue | None) -> Override:
    return Override(
        question_id="q", value=value, comment="c", author="You", made_at=datetime.now(UTC)
    )


def test_the_example_of_the_documentation():
    #  greeting 2 yes | notice 2 no | hold 3 n/a | swears 1 no, good no | empathy 2 unanswered
    answers = [
        answer(YES, 2),
        answer(NO, 2),
        answer(OUT, 3),
        answer(NO, 1, good=NO),
        answer(None, 2),
    ]
    score = score_of(CARD, answers)
    assert (score.points, score.possible, score.share) == (3, 5, 0.6)
    assert (score.unanswered, score.auto_failed, score.version) == (1, False, 3)


def test_a_critical_question_answered_badly_makes_everything_nothing():
    score = score_of(CARD, [answer(YES, 5), answer(YES, 1, good=NO, critical=True)])
    assert (score.points, score.possible, score.share, score.auto_failed) == (0, 6, 0.0, True)


@pytest.mark.parametrize("value", [None, OUT])
def test_a_critical_question_that_does_not_count_fails_nothing(value):
    score = score_of(CARD, [answer(YES, 5), answer(value, 1, critical=True)])
    assert (score.points, score.possible, score.auto_failed) == (5, 5, False)


@pytest.mark.parametrize("values", [[], [None], [OUT, None]])
def test_nothing_of_nothing_is_no_share(values):
    score = score_of(CARD, [answer(v) for v in values])
    assert (score.points, score.possible, score.share) == (0, 0, None)


def test_a_reviewer_has_the_last_word_and_can_give_it_back():
    own = answer(NO)
    changed = own.overridden(said(YES))
    assert (changed.value, changed.by, changed.own_value) == (YES, AnsweredBy.PERSON, NO)
    assert own.overridden(said(None)) == own.overridden(None) == own


answers = st.lists(
    st.builds(
        answer,
        st.sampled_from([YES, NO, OUT, None]),
        st.integers(1, 100),
        st.sampled_from([YES, NO]),
        st.booleans(),
    ),
    max_size=12,
)


@given(answers)
def test_a_share_lies_between_nothing_and_everything(given_answers):
    score = score_of(CARD, given_answers)
    assert 0 <= score.points <= score.possible
    assert (score.share is None) == (score.possible == 0)
    assert score.share is None or 0 <= score.share <= 1


@given(answers.filter(bool))
def test_all_answers_overridden_to_good_give_everything(given_answers):
    score = score_of(CARD, [a.overridden(said(a.good)) for a in given_answers])
    assert score.share == 1.0
    assert score.points == score.possible == sum(a.weight for a in given_answers)


@pytest.mark.parametrize(
    ("applies", "taken"),
    [
        (AppliesTo(), True),
        (AppliesTo(queues=("Billing",)), True),
        (AppliesTo(queues=("Sales",)), False),
        (AppliesTo(direction=Direction.INBOUND), False),
        (AppliesTo(languages=("en",)), True),
        (AppliesTo(languages=("de",)), False),
    ],
)
def test_which_calls_are_scored(applies, taken):
    assert applies.takes(call(), "en-GB") is taken


def test_a_call_in_an_unknown_language_is_scored_one_of_an_unknown_queue_is_not():
    assert AppliesTo(languages=("de",)).takes(call(), None)
    assert not AppliesTo(queues=("Billing",)).takes(call(details=CallDetails()), "en")


def test_a_question_is_for_a_reviewer_unless_told_otherwise():
    assert Question(id="q", text="Is it?").good is YES
