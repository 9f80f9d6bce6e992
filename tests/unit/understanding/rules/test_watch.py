"""Watching a call that is going on."""

from dataclasses import replace

import pytest

from services.domain.rules import Not, Phrase, Place, Rule
from services.understanding.rules.evaluate import evaluate
from services.understanding.rules.live import RuleWatch
from services.understanding.rules.ready_made import ready_made_rules
from tests.unit.understanding.rules.said import facts
from tests.unit.understanding.rules.written_calls import Dialogue, dialogues

LINES = ("A: Hello there", "C: I want to cancel my plan", "A: I see", "C: cancel it please")


def so_far(call, lines: int, now_ms: int | None = None):
    """What is known of a call after so many lines."""
    said = call.utterances[:lines]
    now_ms = now_ms if now_ms is not None else max((u.end_ms for u in said), default=0)
    return replace(
        call,
        utterances=said,
        covered=(call.covered[0], now_ms),
        holds=tuple(hold for hold in call.holds if hold[1] <= now_ms),
    )


def test_a_phrase_tells_once_as_soon_as_it_is_said() -> None:
    call = facts(*LINES)
    watch = RuleWatch([Rule(id="c", name="C", condition=Phrase(any_of=("cancel",)))])
    told = [[c.rule_id for c in watch.heard(so_far(call, n))] for n in range(len(LINES) + 1)]
    assert told == [[], [], ["c"], [], []]
    assert [c.rule_id for c in watch.ended(call)] == ["c"]


def test_what_is_missing_tells_when_its_time_is_up() -> None:
    call = facts(*LINES)
    missing = Not(condition=Phrase(any_of=("recorded",), within=Place(first_ms=4_000)))
    anywhere = Not(condition=Phrase(any_of=("recorded",)))
    rules = [
        Rule(id="early", name="Early", condition=missing),
        Rule(id="ever", name="Ever", condition=anywhere),
    ]
    watch = RuleWatch(rules)
    assert watch.heard(so_far(call, 2, 3_999)) == ()
    assert [c.rule_id for c in watch.heard(so_far(call, 2, 4_000))] == ["early"]
    assert watch.heard(so_far(call, 4)) == ()
    assert [c.rule_id for c in watch.ended(call)] == ["early", "ever"]


def test_a_phrase_is_found_when_its_second_half_comes_later() -> None:
    call = facts("C: I want to speak", "C: to your manager")
    watch = RuleWatch([Rule(id="m", name="M", condition=Phrase(any_of=("speak to ~1 manager",)))])
    assert watch.heard(so_far(call, 1)) == ()
    assert [c.rule_id for c in watch.heard(so_far(call, 2))] == ["m"]


@pytest.mark.parametrize(
    "dialogue",
    [*dialogues("for_tuning.txt")[:8], *dialogues("before_tuning.txt")[:8]],
    ids=lambda d: d.name,
)
def test_at_the_end_a_watched_call_has_the_categories_of_a_read_one(dialogue: Dialogue) -> None:
    rules, call = ready_made_rules(), dialogue.facts
    watch = RuleWatch(rules)
    for lines in range(len(call.utterances) + 1):
        watch.heard(so_far(call, lines))
    assert watch.ended(call) == evaluate(rules, call)
