"""Leaves and their combinations, on drawn calls."""

from dataclasses import replace

import pytest

from services.analysis.metrics import analyse
from services.domain.part import Part
from services.domain.rules import (
    AllOf,
    AnyOf,
    Condition,
    Interruptions,
    Not,
    Phrase,
    Place,
    Rule,
    RuleKind,
    SentimentLevel,
    SentimentOf,
    Silence,
    SilenceKind,
    TalkShare,
)
from services.domain.speech import Sentiment, SentimentLabel, SpeakerRole, Transcript
from services.understanding.rules.evaluate import evaluate, evidence_of, leaf_evidence, leaves_of
from services.understanding.rules.facts import facts_of
from services.understanding.rules.phrases import Speech
from tests.unit.analysis.rulers import draw
from tests.unit.understanding.rules.said import facts

CALL = draw(
    """
    agent    ####......####..............####..
    customer .....####.......####..............
    hold     .....................mmmmmm.......
    """,
    {
        "agent.0": "This call is recorded.",
        "customer.0": "I want to cancel.",
        "agent.1": "Please hold for a moment.",
        "customer.1": "Fine.",
        "agent.2": "Thanks for holding.",
    },
)
AGENT, CUSTOMER = SpeakerRole.AGENT, SpeakerRole.CUSTOMER


def found(condition: Condition, transcript: Transcript = CALL) -> list[tuple[int, int, str]] | None:
    """Start, end and reason of the evidence, None when the condition doesn't hold."""
    rule = Rule(id="it", name="It", condition=condition)
    categories = evaluate([rule], facts_of(transcript, analyse(transcript)))
    return [(e.start_ms, e.end_ms, e.why) for e in categories[0].evidence] if categories else None


def test_a_phrase_is_explained_by_who_said_which_words_when() -> None:
    (category,) = evaluate(
        [
            Rule(
                id="leaving",
                name="Leaving",
                kind=RuleKind.PROBLEM,
                alert=True,
                condition=Phrase(any_of=("want to cancel*",), said_by=CUSTOMER),
            )
        ],
        facts_of(CALL, analyse(CALL)),
    )
    (why,) = category.evidence
    assert (category.rule_id, category.name, category.alert) == ("leaving", "Leaving", True)
    assert why.why == "The customer said “want to cancel”."
    assert (why.utterance, why.start_char, why.end_char) == ("customer.0", 2, 16)
    assert 2_500 <= why.start_ms < why.end_ms <= 4_500


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Silence(kind=SilenceKind.HOLD, at_least_ms=3_000), [(10_500, 13_500, "A hold for 3 s.")]),
        (Silence(kind=SilenceKind.HOLD, at_least_ms=3_001), None),
        (Silence(at_least_ms=4_000), [(10_000, 14_000, "Nobody speaks for 4 s.")]),
        (Silence(kind=SilenceKind.DEAD_AIR, at_least_ms=2_000), None),
        (Silence(at_least_ms=1_000, count=5), None),
        (Interruptions(at_least=1), None),
        (TalkShare(role=AGENT, at_least=0.6), [(0, 17_000, "The agent did 60% of the talking.")]),
        (TalkShare(role=AGENT, at_least=0.61), None),
        (TalkShare(role=CUSTOMER, at_most=0.4),
         [(0, 17_000, "The customer did 40% of the talking.")]),
        (TalkShare(role=SpeakerRole.UNKNOWN, at_most=1), None),
    ],
)  # fmt: skip
def test_figures(condition: Condition, expected: object) -> None:
    assert found(condition) == expected


def test_interruptions_are_counted_by_role() -> None:
    talk = draw(
        """
        agent    ######...........######...
        customer ....########..............
        """
    )
    (moment,) = analyse(talk).interruptions
    hit = [(moment.start_ms, moment.end_ms, "The customer interrupted.")]
    assert found(Interruptions(by=CUSTOMER), talk) == hit
    assert found(Interruptions(by=AGENT), talk) is None


def test_that_somebody_says_anything_is_no_evidence_beside_what_is_missed() -> None:
    missing = Not(condition=Phrase(any_of=("verify*",), said_by=AGENT))
    anything = Phrase(any_of=("*", "* *"), said_by=AGENT)
    both = found(AllOf(conditions=(anything, missing)))
    assert both is not None
    assert both == found(missing)
    assert found(anything)


def test_what_is_missing_names_the_time_in_which_it_was_missed() -> None:
    first = Place(first_ms=5_000)
    assert found(Not(condition=Phrase(any_of=("verify*",), said_by=AGENT, within=first))) == [
        (0, 5_000, "Not said by the agent in the first 5 s: “verify…”.")
    ]
    written = ("(call|line) ~6 (taped|kept) -(not|never)", "for very? #4 [CARD]")
    missing = Not(condition=Phrase(any_of=written, within=first))
    assert found(Not(condition=Phrase(any_of=written[1:], within=first))) == [
        (0, 5_000, "Not said in the first 5 s: “for (number) [CARD]”.")
    ]
    assert found(missing) == [
        (0, 5_000, "Not said in the first 5 s: none of 2 phrases such as “call … taped”.")
    ]
    assert found(Not(condition=Phrase(any_of=("recorded",), within=first))) is None
    late = Not(condition=Phrase(any_of=("holding",), within=Place(last_ms=4_000)))
    assert found(late) is None
    assert found(Not(condition=Silence(kind=SilenceKind.HOLD))) is None
    assert found(Not(condition=TalkShare(role=SpeakerRole.UNKNOWN, at_least=0.1))) is None


def test_what_was_not_transcribed_is_not_missing() -> None:
    missing = Not(condition=Phrase(any_of=("verify*",), within=Place(first_ms=60_000)))
    late = replace(CALL, part=Part(start_ms=4_000, end_ms=17_000))
    early = replace(CALL, part=Part(start_ms=0, end_ms=10_000))
    assert found(missing, late) is None
    assert found(missing, early) is None
    short = Not(condition=Phrase(any_of=("verify*",), within=Place(first_ms=9_000)))
    assert found(short, early) is not None


def test_words_around_a_hold() -> None:
    asked = Phrase(any_of=("hold",), within=Place(before_hold_ms=5_000))
    thanked = Phrase(any_of=("thanks",), within=Place(after_hold_ms=2_000))
    assert found(AllOf(conditions=(asked, thanked))) is not None
    assert found(Phrase(any_of=("hold",), within=Place(before_hold_ms=1_000))) is None
    assert found(Phrase(any_of=("thanks",), within=Place(after_hold_ms=100))) is None


def test_sentiment_levels_and_course() -> None:
    scores = iter((0.5, 0.5, -0.75, -0.5, 0.0))
    moody = replace(
        CALL,
        utterances=tuple(
            replace(u, sentiment=Sentiment(label=SentimentLabel.NEUTRAL, score=next(scores)))
            for u in CALL.utterances
        ),
    )
    lowest = SentimentLevel(of=SentimentOf.LOWEST, at_most=-0.7)
    assert found(lowest, moody) == [(5_000, 7_000, "The lowest sentiment is -0.75 (from −1 to 1).")]
    assert found(SentimentLevel(of=SentimentOf.LOWEST, role=CUSTOMER, at_most=-0.7), moody) is None
    assert found(SentimentLevel(of=SentimentOf.CHANGE, at_most=-0.5), moody) is not None
    assert found(SentimentLevel(of=SentimentOf.CHANGE, at_most=-0.6), moody) is None
    mean = SentimentLevel(of=SentimentOf.MEAN, role=CUSTOMER, at_least=0.0, at_most=0.1)
    assert found(mean, moody) is not None
    assert found(mean, CALL) is None
    assert found(Not(condition=mean), CALL) is None


YES = Phrase(any_of=("recorded",))
NO = Phrase(any_of=("giraffe",))


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (AllOf(conditions=(YES, YES)), True),
        (AllOf(conditions=(YES, NO)), False),
        (AnyOf(conditions=(NO, YES)), True),
        (AnyOf(conditions=(NO, NO)), False),
        (Not(condition=NO), True),
        (Not(condition=Not(condition=YES)), True),
        (Not(condition=AllOf(conditions=(YES, NO))), True),
        (Not(condition=AnyOf(conditions=(YES, NO))), False),
        (Not(condition=AnyOf(conditions=(NO, Not(condition=YES)))), True),
    ],
)
def test_and_or_not(condition: Condition, holds: bool) -> None:
    assert (found(condition) is not None) is holds


@pytest.mark.parametrize("condition", [
    Not(condition=AllOf(conditions=(YES, Not(condition=NO), AnyOf(conditions=(NO, YES))))),
    AnyOf(conditions=(AllOf(conditions=(YES, NO)), Not(condition=NO))),
])  # fmt: skip
def test_answers_for_leaves_may_come_from_elsewhere(condition: Condition) -> None:
    speech = Speech(facts_of(CALL, analyse(CALL)))
    stored = {
        (leaf, wanted): leaf_evidence(leaf, speech, wanted) for leaf, wanted in leaves_of(condition)
    }
    joined = evidence_of(condition, lambda leaf, wanted: stored[leaf, wanted])
    assert (joined is not None) == (found(condition) is not None)


def test_rules_that_are_off_or_for_another_language_are_not_read() -> None:
    rule = Rule(id="it", name="It", condition=Phrase(any_of=("hello",)), language="en")
    assert evaluate([rule], facts("A: hello"))
    assert evaluate([rule], facts("A: hello", language="en-GB"))
    assert not evaluate([rule], facts("A: hello", language="de"))
    assert not evaluate([replace(rule, enabled=False)], facts("A: hello"))
