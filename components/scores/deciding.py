"""Inputs for what decides a question by itself: a rule, phrases of its own, or a condition."""

from collections.abc import Sequence
from enum import StrEnum

import streamlit as st

from components.wording import plain
from services.domain.errors import BadRule
from services.domain.rules import ANYWHERE, AnyOf, Condition, Phrase, Place, Rule
from services.domain.scorecards import ByCondition, ByRule, Test
from services.domain.speech import SpeakerRole
from services.understanding.scorecards.yaml_form import condition_from_yaml, condition_to_yaml

MS_PER_S = 1000
DEFAULT_PLACE_S = 30
_ROLES = (SpeakerRole.AGENT, SpeakerRole.CUSTOMER, None)
_ROLE_WORDS = {
    SpeakerRole.AGENT: "The agent",
    SpeakerRole.CUSTOMER: "The customer",
    None: "Anybody",
}


class Where(StrEnum):
    """Where in a call phrases are looked for."""

    ANYWHERE = "anywhere"
    FIRST = "first"
    LAST = "last"


_WHERE_WORDS = {
    Where.ANYWHERE: "Anywhere",
    Where.FIRST: "In the first seconds",
    Where.LAST: "In the last seconds",
}


class DecidedBy(StrEnum):
    """How a test is written down."""

    RULE = "rule"
    NO_RULE = "no_rule"
    PHRASES = "phrases"
    CONDITION = "condition"


def kind_of(test: Test) -> DecidedBy:
    """Return how a test is best shown."""
    if isinstance(test, ByRule):
        return DecidedBy.RULE if test.applies else DecidedBy.NO_RULE
    return DecidedBy.PHRASES if _is_simple(test.condition) else DecidedBy.CONDITION


def draw_test(kind: DecidedBy, now: Test | None, rules: Sequence[Rule], *, key: str) -> Test | None:
    """Draw the inputs of a test of this kind; return it, None when it can't be used yet."""
    if kind in (DecidedBy.RULE, DecidedBy.NO_RULE):
        return _draw_rule(now, rules, applies=kind is DecidedBy.RULE, key=key)
    condition = now.condition if isinstance(now, ByCondition) else None
    if kind is DecidedBy.PHRASES:
        return _draw_phrases(condition, key=key)
    return _draw_condition(condition, key=key)


def _is_simple(condition: Condition) -> bool:
    if not isinstance(condition, Phrase):
        return False
    place = condition.within
    bare = Phrase(
        any_of=condition.any_of,
        said_by=condition.said_by,
        within=Place(first_ms=place.first_ms, last_ms=place.last_ms),
    )
    return condition == bare and None in (place.first_ms, place.last_ms)


def _draw_rule(
    now: Test | None, rules: Sequence[Rule], *, applies: bool, key: str
) -> ByRule | None:
    names = {rule.id: rule.name for rule in rules}
    chosen = now.rule_id if isinstance(now, ByRule) else None
    ids = list(names) if chosen in names or chosen is None else [chosen, *names]
    rule_id = st.selectbox(
        "Rule",
        ids,
        index=ids.index(chosen) if chosen else 0,
        format_func=lambda i: names.get(i, f"{i} (not there any more)"),
        key=f"{key}_rule",
    )
    described = next((r.description for r in rules if r.id == rule_id), "")
    if described:
        st.caption(plain(described))
    return ByRule(rule_id=rule_id, applies=applies) if rule_id else None


def _draw_phrases(condition: Condition | None, *, key: str) -> Test | None:
    phrase = condition if isinstance(condition, Phrase) else Phrase(any_of=())
    place = phrase.within
    lines = st.text_area(
        "Phrases, one per line",
        value="\n".join(phrase.any_of),
        key=f"{key}_phrases",
        help="(a|b) is either, ~3 skips up to three words, refund* is every word so begun.",
    )
    left, middle, right = st.columns(3)
    with left:
        said_by = st.selectbox(
            "Said by",
            _ROLES,
            index=_ROLES.index(phrase.said_by),
            format_func=lambda role: _ROLE_WORDS[role],
            key=f"{key}_by",
        )
    with middle:
        now = Where.FIRST if place.first_ms else Where.LAST if place.last_ms else Where.ANYWHERE
        where = st.selectbox(
            "Where",
            list(Where),
            index=list(Where).index(now),
            format_func=lambda w: _WHERE_WORDS[w],
            key=f"{key}_where",
        )
    with right:
        within_ms = place.first_ms or place.last_ms or DEFAULT_PLACE_S * MS_PER_S
        seconds = st.number_input(
            "Seconds",
            min_value=1,
            max_value=3_600,
            value=max(1, within_ms // MS_PER_S),
            key=f"{key}_seconds",
            disabled=where is Where.ANYWHERE,
        )
    phrases = tuple(line.strip() for line in (lines or "").splitlines() if line.strip())
    if not phrases:
        st.error("Write at least one phrase.")
        return None
    at_ms = int(seconds) * MS_PER_S
    within = {
        Where.ANYWHERE: ANYWHERE,
        Where.FIRST: Place(first_ms=at_ms),
        Where.LAST: Place(last_ms=at_ms),
    }[where or Where.ANYWHERE]
    return _checked(Phrase(any_of=phrases, said_by=said_by, within=within))


def _draw_condition(condition: Condition | None, *, key: str) -> Test | None:
    example = AnyOf(conditions=(Phrase(any_of=("thank you",), said_by=SpeakerRole.AGENT),))
    text = st.text_area(
        "Condition, written as in rules",
        value=condition_to_yaml(condition or example),
        key=f"{key}_condition",
        height=200,
    )
    try:
        return ByCondition(condition=condition_from_yaml(text or ""))
    except BadRule as error:
        st.error(plain(error.user_message))
        return None


def _checked(phrase: Phrase) -> Test | None:
    try:
        return ByCondition(condition=condition_from_yaml(condition_to_yaml(phrase)))
    except BadRule as error:
        st.error(plain(error.user_message))
        return None
