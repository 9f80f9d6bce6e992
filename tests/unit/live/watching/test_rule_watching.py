"""Rules on a call that goes on: told once, when they apply, without its words."""

import pytest

from services.analysis.metrics import analyse
from services.domain.errors import BadRule
from services.domain.rules import (
    Not,
    Phrase,
    Place,
    Rule,
    Silence,
    TalkShare,
)
from services.domain.speech import SpeakerRole
from services.live.watching.options import watch_list
from services.live.watching.rule_watching import FIGURES_FROM_MS, RulesSoFar
from tests.unit.live.rulers import said, so_far

NOTICE = Rule(
    id="no_notice",
    name="No notice",
    condition=Not(condition=Phrase(any_of=("recorded",), within=Place(first_ms=60_000))),
    alert=True,
)
WAITS = Rule(id="waits", name="Long wait", condition=Silence(at_least_ms=8_000), alert=True)
TALKS = Rule(
    id="talks",
    name="Agent talks",
    condition=TalkShare(role=SpeakerRole.AGENT, at_least=0.9),
    alert=True,
)


def look(rules, call, at_s, slack_s=0.0, *, anew=True):
    heard_ms = round((at_s - slack_s) * 1_000)
    return rules.look(round(at_s * 1_000), heard_ms, call.whole, anew=anew)


def test_a_word_of_the_watch_list_is_told_once_with_who_said_it():
    rules = RulesSoFar(watch_list(["lawyer", " ", "refund", "lawyer"]))
    call = so_far(said("a", 0, 3), said("c", 4, 8, "then I will ask my lawyer about it"))
    (warning,) = look(rules, call, 9)
    assert (warning.rule_id, warning.rule_name) == ("watch_list_1", "Watch list: lawyer")
    assert (warning.speaker, warning.at_ms, warning.alert) == ("c", 9_000, True)
    assert 4_000 <= warning.start_ms < warning.end_ms <= 8_000
    assert not look(rules, call, 20)
    assert warning.id == "rule-watch_list_1"


def test_an_empty_watch_list_is_no_rule():
    assert watch_list(["", "  "]) == ()
    assert not look(RulesSoFar(()), so_far(said("a", 0, 3)), 9)


def test_what_is_missing_is_told_when_its_time_is_up_and_all_words_are_there():
    rules, call = RulesSoFar([NOTICE]), so_far(said("a", 0, 3))
    assert not look(rules, call, 59)
    assert not look(rules, call, 61, slack_s=2)
    assert [w.rule_id for w in look(rules, call, 66, slack_s=2, anew=False)] == ["no_notice"]


def test_figures_are_looked_at_every_few_seconds():
    rules = RulesSoFar([WAITS])
    call = so_far(said("a", 0, 3), said("c", 14, 16))
    assert not look(rules, call, 4)
    (warning,) = look(rules, call, 17)
    assert warning.rule_id == "waits"


def test_shares_say_nothing_of_a_call_that_has_hardly_begun():
    rules, call = RulesSoFar([TALKS]), so_far(said("a", 0, 30), said("c", 31, 32))
    assert not look(rules, call, 40)
    assert [w.rule_id for w in look(rules, call, FIGURES_FROM_MS / 1_000)] == ["talks"]


def test_the_end_tells_what_was_never_told():
    rules, call = RulesSoFar([NOTICE, *watch_list(["lawyer"])]), so_far(
        said("a", 0, 3), said("c", 4, 8, "then I will ask my lawyer about it")
    )  # fmt: skip
    assert len(look(rules, call, 9)) == 1
    whole = call.whole(10_000)
    assert [w.rule_id for w in rules.ended(whole, analyse(whole))] == ["no_notice"]


def test_a_rule_that_cannot_be_read_is_refused_before_the_call():
    bad = Rule(id="bad", name="Bad", condition=Phrase(any_of=("(((",)))
    with pytest.raises(BadRule):
        RulesSoFar([bad])
