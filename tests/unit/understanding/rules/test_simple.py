"""Conditions that a form can show, and those that it can't."""

import pytest

from services.domain.rules import (
    AllOf,
    AnyOf,
    Interruptions,
    Not,
    Phrase,
    Place,
    SentimentLevel,
    SentimentOf,
    Silence,
    SilenceKind,
    TalkShare,
)
from services.domain.speech import SpeakerRole
from services.understanding.rules.ready_made import ready_made_rules
from services.understanding.rules.simple import condition_of, simple_of

SAID = Phrase(any_of=("one", "two"), said_by=SpeakerRole.AGENT, unless=("not",), at_least=2)
MOOD = SentimentLevel(of=SentimentOf.FINAL, role=SpeakerRole.CUSTOMER, at_most=-0.3)
STILL = Silence(kind=SilenceKind.HOLD, at_least_ms=30_000)


@pytest.mark.parametrize(
    "condition",
    [
        SAID,
        Not(condition=SAID),
        Phrase(any_of=("x",), within=Place(first_ms=60_000)),
        Phrase(any_of=("x",), within=Place(after_hold_ms=5_000)),
        STILL,
        AllOf(conditions=(SAID, MOOD)),
        AnyOf(conditions=(Not(condition=SAID), MOOD, STILL)),
        AllOf(
            conditions=(
                Interruptions(by=SpeakerRole.AGENT, at_least=3),
                TalkShare(role=SpeakerRole.AGENT, at_least=0.7),
            )
        ),
    ],
)
def test_what_a_form_shows_comes_back_the_same(condition) -> None:
    simple = simple_of(condition)
    assert simple is not None
    assert condition_of(simple) == condition


@pytest.mark.parametrize(
    "condition",
    [
        AllOf(conditions=(SAID, SAID)),
        Not(condition=MOOD),
        AllOf(conditions=(AnyOf(conditions=(SAID, MOOD)), STILL)),
        Phrase(any_of=("x",), within=Place(first_ms=1_000, last_ms=1_000)),
        Phrase(any_of=("x",), within=Place(first_ms=1_500)),
        Phrase(any_of=("x",), within=Place(after=("y",))),
        Phrase(any_of=("x", "y"), at_least=2, differing=True),
        SentimentLevel(of=SentimentOf.MEAN, at_least=0.1, at_most=0.2),
        TalkShare(role=SpeakerRole.AGENT, at_most=0.5),
        Silence(at_least_ms=1_500),
        AllOf(conditions=(SAID,)),
        AllOf(conditions=(MOOD, SAID)),
    ],
)
def test_a_form_never_shows_only_a_part(condition) -> None:
    assert simple_of(condition) is None


def test_most_shipped_rules_can_be_shown() -> None:
    shown = [rule for rule in ready_made_rules() if simple_of(rule.condition) is not None]
    assert len(shown) >= len(ready_made_rules()) / 2
