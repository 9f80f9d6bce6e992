"""Questions of scorecards answered on drawn calls, and scorecards as YAML."""

from dataclasses import replace
from pathlib import Path

import pytest

from services.analysis.metrics import analyse
from services.domain.calls import CallDetails
from services.domain.errors import BadRule
from services.domain.part import Part
from services.domain.reviewed import ReviewedCall
from services.domain.rules import Interruptions, Not, Phrase, Place, Rule
from services.domain.scorecards import (
    AnsweredBy,
    AnswerValue,
    AppliesTo,
    ByCondition,
    ByModel,
    ByPerson,
    ByRule,
    ModelAnswer,
    ModelQuote,
    Question,
    Scorecard,
)
from services.domain.speech import SpeakerRole, Transcript
from services.understanding.rules.ready_made import ready_made_rules
from services.understanding.scorecards.ready_made import ready_made_scorecards
from services.understanding.scorecards.scoring import Scoring, prompts_of, rules_named
from services.understanding.scorecards.yaml_form import (
    checked_scorecard,
    scorecards_from_yaml,
    scorecards_to_yaml,
)
from tests.builders import call, transcript, utterance

YES, NO, OUT = AnswerValue.YES, AnswerValue.NO, AnswerValue.NOT_APPLICABLE
THANKS = Rule(
    id="thanks",
    name="Thanks",
    condition=Phrase(any_of=("thank you",), said_by=SpeakerRole.AGENT),
    language="en",
)
UPSET = ByCondition(condition=Phrase(any_of=("upset",), said_by=SpeakerRole.CUSTOMER))


def card(*questions: Question, **changes) -> Scorecard:
    made = Scorecard(id="card", name="Card", questions=questions)
    return replace(made, **changes)


def answered(question: Question, spoken: Transcript | None = None, said=()):
    spoken = spoken or transcript()
    shown = ReviewedCall(call=call(), transcript=spoken, analysis=analyse(spoken))
    scoring = Scoring(scorecards=(card(question),), rules={THANKS.id: THANKS})
    (score,) = scoring.scores(shown, {}, {a.prompt: a for a in said})
    return score.answers[0]


def test_a_rule_that_applies_says_yes_with_the_words_it_rests_on():
    found = answered(Question(id="q", text="Thanks?", answerer=ByRule(rule_id="thanks")))
    assert (found.value, found.by) == (YES, AnsweredBy.RULE)
    (evidence,) = found.evidence
    assert (evidence.utterance, evidence.start_ms) == ("u1", 0)
    assert "“Thank you”" in evidence.why
    assert found.why == "“Thanks” applies."


def test_a_rule_that_is_missed_says_no_with_the_time_in_which_it_was():
    spoken = transcript(utterance(1, "s1", 0, "good morning"), utterance(2, "s2", 2_000, "hello"))
    found = answered(Question(id="q", text="?", answerer=ByRule(rule_id="thanks")), spoken)
    assert found.value is NO
    assert (found.evidence[0].start_ms, found.evidence[0].end_ms) == (0, spoken.duration_ms)


def test_a_rule_turned_round_says_yes_when_it_does_not_apply():
    asked = Question(id="q", text="?", answerer=ByRule(rule_id="thanks", applies=False))
    assert answered(asked).value is NO


@pytest.mark.parametrize(
    ("question", "spoken", "why"),
    [
        (ByRule(rule_id="gone"), transcript(), "no rule “gone”"),
        (ByRule(rule_id="thanks"), replace(transcript(), language="es"), "this language"),
        (ByPerson(), transcript(), "reviewer"),
        (
            ByCondition(condition=Phrase(any_of=("goodbye",), within=Place(first_ms=5_000))),
            replace(transcript(), part=Part(start_ms=5_000, end_ms=21_000)),
            "can't be told",
        ),
    ],
)
def test_what_cannot_be_told_stays_unanswered_and_says_why(question, spoken, why):
    found = answered(Question(id="q", text="?", answerer=question), spoken)
    assert found.value is None
    assert why in found.why
    assert not found.counts


def test_nobody_says_how_much_the_agent_interrupts_where_nobody_is_known_as_agent():
    asked = Question(
        id="q",
        text="?",
        answerer=ByCondition(condition=Interruptions(by=SpeakerRole.AGENT, at_least=1)),
    )
    strangers = tuple(replace(s, role=SpeakerRole.UNKNOWN) for s in transcript().speakers)
    assert answered(asked).value is NO
    assert answered(asked, replace(transcript(), speakers=strangers)).value is None


def test_a_question_is_left_out_where_it_has_no_occasion():
    asked = Question(
        id="q",
        text="?",
        answerer=ByRule(rule_id="thanks"),
        not_applicable_when=ByCondition(condition=Not(condition=UPSET.condition)),
    )
    assert answered(asked).value is YES
    calm = transcript(utterance(1, "s1", 0, "thank you"), utterance(2, "s2", 2_000, "sure"))
    found = answered(asked, calm)
    assert (found.value, found.own_value) == (OUT, OUT)
    assert "no occasion" in found.why


def test_a_models_answer_counts_while_its_quote_stands_in_the_call():
    asked = Question(id="q", text="?", answerer=ByModel(prompt="Is the customer upset?"))
    said = ModelAnswer(
        prompt="Is the customer upset?",
        value=YES,
        why="They say so.",
        quotes=(ModelQuote(utterance="u2", text="really upset"),),
    )
    found = answered(asked, said=[said])
    assert (found.value, found.by, found.why) == (YES, AnsweredBy.MODEL, "They say so.")
    assert (found.evidence[0].utterance, found.evidence[0].start_ms) == ("u2", 6_000)
    corrected = transcript(
        utterance(1, "s1", 0, "hello"), utterance(2, "s2", 6_000, "I am really glad")
    )
    assert answered(asked, corrected, [said]).value is None
    assert answered(asked).value is None


def test_scorecards_that_are_not_for_a_call_score_nothing():
    spoken = transcript()
    shown = ReviewedCall(
        call=call(details=CallDetails(queue="Sales")), transcript=spoken, analysis=analyse(spoken)
    )
    question = Question(id="q", text="?")
    cards = (
        card(question, applies_to=AppliesTo(queues=("Billing",))),
        card(question, id="off", enabled=False),
    )
    assert Scoring(scorecards=cards).scores(shown, {}, {}) == ()


# --- the ready-made one -------------------------------------------------------------------------


def test_the_ready_made_scorecard_names_rules_that_exist_and_tells_good_calls_from_bad():
    (quality,) = ready_made_scorecards()
    assert 8 <= len(quality.questions) <= 12
    rules = {rule.id: rule for rule in ready_made_rules()}
    assert rules_named([quality]) <= set(rules)
    good = transcript(
        utterance(1, "s1", 0, "Thank you for calling Harbor Energy my name is Nora"),
        utterance(2, "s1", 5_000, "this call is recorded for quality"),
        utterance(3, "s2", 9_000, "my bill is wrong and I am really upset about it", "-"),
        utterance(4, "s1", 15_000, "I am so sorry about that I completely understand"),
        utterance(5, "s1", 20_000, "I will send you a corrected bill by Friday"),
        utterance(6, "s2", 25_000, "that is great thank you very much indeed"),
        utterance(7, "s1", 30_000, "is there anything else I can help you with today"),
        utterance(8, "s2", 36_000, "no that is all"),
    )
    bad = transcript(
        utterance(1, "s1", 0, "yes what"),
        utterance(2, "s2", 2_000, "my bill is wrong and I am really upset about it", "-"),
        utterance(3, "s1", 8_000, "I don't give a shit about it"),
    )
    scores = []
    for spoken in (good, bad):
        shown = ReviewedCall(call=call(), transcript=spoken, analysis=analyse(spoken))
        scores += Scoring(scorecards=(quality,), rules=rules).scores(shown, {}, {})
    assert scores[0].share == 1.0, [(a.text, a.value, a.why) for a in scores[0].answers]
    assert (scores[1].share, scores[1].auto_failed) == (0.0, True)
    assert all(a.why for score in scores for a in score.answers)


# --- YAML ---------------------------------------------------------------------------------------

EVERYTHING = card(
    Question(id="a", text="Rule?", weight=3, answerer=ByRule(rule_id="thanks"), critical=True),
    Question(id="b", text="No rule?", answerer=ByRule(rule_id="thanks", applies=False)),
    Question(id="c", text="Said?", good=NO, answerer=UPSET, not_applicable_when=UPSET),
    Question(id="d", text="Model: is it?", answerer=ByModel(prompt="Is it?\nReally?")),
    Question(
        id="e",
        text="Reviewer?",
        answerer=ByPerson(),
        not_applicable_when=ByRule(rule_id="thanks", applies=False),
    ),
    description="All that can be written.",
    enabled=False,
    applies_to=AppliesTo(queues=("Größe: 1",), languages=("en", "no")),
)


def test_scorecards_read_back_as_they_were_written():
    assert checked_scorecard(EVERYTHING) == EVERYTHING
    both = (EVERYTHING, replace(EVERYTHING, id="other"))
    assert scorecards_from_yaml(scorecards_to_yaml(both)) == both
    assert prompts_of(both) == ("Is it?\nReally?",)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("rules: []", "known are scorecards"),
        ("scorecards: [{id: a, name: A}]", "Line 1: this scorecard has no questions."),
        (
            "scorecards: [{id: A b, name: A, questions: [{id: q, text: t, reviewer: true}]}]",
            "an id has",
        ),
        ("scorecards: [{id: a, name: A, questions: [{id: q, text: t}]}]", "exactly one of rule"),
        (
            "scorecards: [{id: a, name: A, questions: [{id: q, text: t, rule: x, model: y}]}]",
            "exactly one of rule",
        ),
        (
            "scorecards: [{id: a, name: A, questions: [{id: q, text: t, weight: 0, rule: x}]}]",
            "Line 1",
        ),
        (
            "scorecards: [{id: a, name: A, questions: [{id: q, text: t, when: {said: ['(']}}]}]",
            "Line 1",
        ),
        (
            "scorecards:\n- id: a\n  name: A\n  questions:\n  - {id: q, text: t, rule: x}\n"
            "  - {id: q, text: t, rule: x}",
            "Line 6: another question",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_read_names_the_line(text, sentence):
    with pytest.raises(BadRule) as refused:
        scorecards_from_yaml(text)
    assert sentence in refused.value.user_message


def test_the_example_of_the_documentation_reads():
    text = (Path(__file__).resolve().parents[3] / "docs" / "scorecards.md").read_text("utf-8")
    (sales,) = scorecards_from_yaml(text.split("```yaml\n")[1].split("```")[0])
    assert len(sales.questions) == 5
    assert sales.questions[2].good is NO
