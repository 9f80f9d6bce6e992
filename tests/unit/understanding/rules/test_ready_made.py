"""The ready-made rules on written calls, and what they must never do."""

import pytest

from bench.categories import Labelled, score
from bench.scoring.counted import total
from services.domain.rules import RuleKind
from services.domain.speech import Utterance
from services.understanding.rules.evaluate import evaluate
from services.understanding.rules.ready_made import ready_made_rules
from tests.unit.understanding.rules.said import facts
from tests.unit.understanding.rules.written_calls import dialogues

NOT_LABELLED = {"promise_made", "hold_etiquette"}
LABELLED = [
    rule.id
    for rule in ready_made_rules()
    if rule.kind is not RuleKind.PROBLEM and rule.id not in NOT_LABELLED
]


@pytest.mark.parametrize("file_name", ["before_tuning.txt", "for_tuning.txt"])
def test_written_calls_get_their_categories(file_name: str) -> None:
    calls = [
        Labelled(name=d.name, facts=d.facts, expected=d.expected, ambiguous=frozenset())
        for d in dialogues(file_name)
    ]
    assert len(calls) == 20
    assert set().union(*(call.expected for call in calls)) <= set(LABELLED)
    pooled = total(score(calls, ready_made_rules(), LABELLED).values())
    assert pooled is not None
    assert pooled.f1 >= 0.95


def applying(*lines: str, **changes: object) -> set[str]:
    return {category.rule_id for category in evaluate(ready_made_rules(), facts(*lines, **changes))}


@pytest.mark.parametrize(
    ("line", "rule_id", "applies"),
    [
        ("C: I don't want to cancel", "cancel_intent", False),
        ("C: I want to cancel my appointment", "cancel_intent", False),
        ("C: i wanna cancel my subscription", "cancel_intent", True),
        ("A: you can cancel at any time", "cancel_intent", False),
        ("C: The number is [CARD].", "card_number_spoken", True),
        ("C: it ends in [CARD]", "card_number_spoken", False),
        ("A: the card ending in [CARD]", "card_number_spoken", False),
        ("C: 4242 4242 4242 4242", "card_number_spoken", True),
        ("A: I'm not able to refund that", "refund_or_credit_promised", False),
        ("A: We've refunded you the full amount", "refund_or_credit_promised", True),
        ("A: This call is not recorded", "recording_disclosure", False),
        ("C: My manager told me so", "escalation_requested", False),
        ("C: shit", "profanity", True),
        ("C: I live in Scunthorpe", "profanity", False),
    ],
)
def test_single_lines(line: str, rule_id: str, applies: bool) -> None:
    assert (rule_id in applying(line)) is applies


def test_a_missing_recording_notice_is_a_problem_only_of_calls_long_enough() -> None:
    talk = [f"A: let me look at order number {n} for you please now" for n in range(20)]
    assert "recording_disclosure_missing" in applying(*talk)
    assert "recording_disclosure_missing" not in applying("A: this line is recorded", *talk)
    assert "recording_disclosure_missing" not in applying(*talk, ends_early=True, covered=(0, 9))
    assert "recording_disclosure_missing" not in applying("A: hello", "C: hello")


def test_silent_and_empty_calls_have_no_categories() -> None:
    assert applying() == set()
    silent = Utterance(id="1", speaker=None, start_ms=0, end_ms=0, text="")
    assert evaluate(ready_made_rules(), facts(utterances=(silent,))) == ()
