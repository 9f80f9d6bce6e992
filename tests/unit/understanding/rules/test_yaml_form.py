"""Rules in YAML: what is written reads back, and what is wrong is named with its line."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.domain.errors import BadRule
from services.domain.rules import (
    AllOf,
    AnyOf,
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
from services.domain.speech import SpeakerRole
from services.understanding.rules.ready_made import ready_made_rules
from services.understanding.rules.yaml_form import checked_rule, rules_from_yaml, rules_to_yaml

ROLES = st.sampled_from([None, SpeakerRole.AGENT, SpeakerRole.CUSTOMER])
TIMES = st.none() | st.integers(1, 86_400_000)
PATTERNS = st.lists(
    st.sampled_from(["cancel*", "#13-19", "*", "[CARD]", "no", "24", "speak ~2 (a|b)", "-not ok",
                     "true", "it's: fine", "& so", "“so”"]),
    min_size=1, max_size=3, unique=True,
).map(tuple)  # fmt: skip
BOUNDS = st.sampled_from([(0.25, None), (None, 0.5), (0.1, 0.9), (0.0, 1.0)])
PLACES = st.builds(
    Place, first_ms=TIMES, last_ms=TIMES, before_hold_ms=TIMES, after_hold_ms=TIMES
) | st.builds(Place, after=PATTERNS, after_ms=TIMES)
LEAVES = st.one_of(
    st.builds(Phrase, any_of=PATTERNS, said_by=ROLES, within=PLACES, unless=PATTERNS,
              unless_negated=st.booleans(), at_least=st.integers(1, 1_000)),
    st.builds(Silence, kind=st.sampled_from(SilenceKind), at_least_ms=st.integers(0, 86_400_000),
              count=st.integers(1, 9)),
    st.builds(Interruptions, by=ROLES, at_least=st.integers(1, 9)),
    BOUNDS.map(lambda b: TalkShare(role=SpeakerRole.AGENT, at_least=b[0], at_most=b[1])),
    st.builds(lambda of, role, b: SentimentLevel(of=of, role=role, at_least=b[0], at_most=b[1]),
              st.sampled_from(SentimentOf), ROLES, BOUNDS),
)  # fmt: skip
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        inner.map(lambda one: Not(condition=one)),
        st.lists(inner, min_size=1, max_size=3).map(lambda many: AllOf(conditions=tuple(many))),
        st.lists(inner, min_size=1, max_size=3).map(lambda many: AnyOf(conditions=tuple(many))),
    ),
    max_leaves=5,
)
RULES = st.builds(
    Rule,
    id=st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True),
    name=st.sampled_from(["No", "1.5", "Wütend: sehr", "# 3", "- x", "null"]),
    description=st.sampled_from(["", "One line.", "Two\nlines: yes"]),
    kind=st.sampled_from(RuleKind),
    alert=st.booleans(),
    enabled=st.booleans(),
    language=st.sampled_from([None, "en", "no"]),
    condition=CONDITIONS,
)


@given(rules=st.lists(RULES, min_size=1, max_size=3, unique_by=lambda rule: rule.id).map(tuple))
@settings(max_examples=60, deadline=None)
def test_what_is_written_reads_back_the_same(rules: tuple[Rule, ...]) -> None:
    assert rules_from_yaml(rules_to_yaml(rules)) == rules


def test_the_ready_made_rules_read_back_the_same() -> None:
    assert rules_from_yaml(rules_to_yaml(ready_made_rules())) == ready_made_rules()


def rule(when: str, more: str = "") -> str:
    return f"rules:\n  - id: one\n    name: One\n{more}    when:\n      {when}\n"


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        (rule("said: ['(a|b']"), 5, "never closed"),
        (rule("said: []"), 5, "1 to"),
        (rule("sayd: ['a']"), 5, "“sayd” is not known here"),
        (rule("said: ['a']\n      by: boss"), 6, "one of agent, customer"),
        (rule("said: ['a']\n      first: soon"), 6, "length of time"),
        (rule("said: ['a']\n      first: .inf"), 6, "at most a day"),
        (rule("said: ['a']\n      first: -5"), 6, "more than nothing"),
        (rule("said: ['a']\n      at_least: 0"), 6, "whole number"),
        (rule("said: ['a']\n      at_least: true"), 6, "whole number"),
        (rule("said: ['a']\n      after_within: 5 s"), 6, "needs “after”"),
        (rule("{said: ['a'], any: [{said: ['b']}]}"), 4, "exactly one of"),
        (rule("talk_share: {by: agent}"), 5, "at_least or at_most"),
        (rule("talk_share: {at_most: 0.5}"), 5, "by: agent"),
        (rule("talk_share: {by: agent, at_least: 80}"), 5, "not between 0 and 1"),
        (rule("talk_share: {by: agent, at_least: .nan}"), 5, "not between"),
        (rule("sentiment: {at_least: 0.5, at_most: 0.1}"), 5, "larger than"),
        (rule("silence: {kind: quiet}"), 5, "one of any"),
        (rule("said: ['a']", "    colour: red\n"), 4, "“colour” is not known here"),
        (rule("said: ['a']", "    alert: maybe\n"), 4, "true or false"),
        (rule("said: ['a']", "    name: Two\n"), 4, "twice"),
        (rule("said: [&x 'a', *x]"), 5, "aliases"),
        (rule("said: !!python/object/apply:os.system ['x']"), 5, "tags"),
        (rule("said: [!x 'a']"), 5, "tags"),
        (rule("said: ['a'") + "]]", 6, "not YAML"),
        ("rules:\n  - name: One\n    when: {said: [a]}", 2, "no id"),
        ("rules:\n  - id: A-B\n    name: One\n    when: {said: [a]}", 2, "small letters"),
        ("rules:\n" + 2 * "  - {id: a, name: A, when: {said: [a]}}\n", 3, "another rule"),
        ("rules: " + "[" * 100 + "]" * 100, 1, "deeper"),
        (rule("not: {" * 12 + "said: [a]" + "}" * 12).replace("not: {", "not: {", 1), 5, "deep"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_line(text: str, line: int, says: str) -> None:
    with pytest.raises(BadRule) as refused:
        rules_from_yaml(text)
    assert refused.value.detail
    assert refused.value.detail.startswith(f"Line {line}:")
    assert says in refused.value.detail


@pytest.mark.parametrize(
    "text",
    ["", "rules:", "rules: {}", "[]", "a: b", "--- 1\n--- 2", "\x00", "rules: [1]", "x" * 600_000,
     "rules: [" + "1, " * 70_000 + "]", "? [a]\n: b", "rules: 2026-13-45", "!!binary x"],
)  # fmt: skip
def test_what_is_no_list_of_rules_is_refused(text: str) -> None:
    with pytest.raises(BadRule):
        rules_from_yaml(text)


@pytest.mark.parametrize(
    "value",
    ["!!timestamp never", "!!bool perhaps", '!!int ""', '!!float ""', "!!int one", "!!null x",
     "0x" + "f" * 6_000, "9" * 5_000, "1_" * 9_000 + "1."],
)  # fmt: skip
def test_values_that_yaml_would_stumble_over_are_refused(value: str) -> None:
    with pytest.raises(BadRule, match="Line"):
        rules_from_yaml(f"rules:\n- id: {value}\n  name: Any\n  when:\n    said: {value}\n")


def test_a_number_of_many_sixtieths_takes_no_time() -> None:
    began = time.process_time()
    with pytest.raises(BadRule, match="Line 1: this number is too long"):
        rules_from_yaml("rules: 1" + ":1" * 200_000)
    assert time.process_time() - began < 3


@given(text=st.text(max_size=80) | st.text(alphabet="rules:-[]{}'\"&*!|>? \nad", max_size=80))
@settings(deadline=None)
def test_any_text_is_rules_or_refused(text: str) -> None:
    try:
        rules_from_yaml(text)
    except BadRule:
        return


def test_a_rule_made_in_a_form_is_checked_like_a_written_one() -> None:
    good = Rule(id="one", name="One", condition=Phrase(any_of=("a",)))
    assert checked_rule(good) == good
    with pytest.raises(BadRule, match="closed"):
        checked_rule(Rule(id="one", name="One", condition=Phrase(any_of=("(a",))))
