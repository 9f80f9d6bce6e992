"""One rule as a form, for people who don't want to know how rules are written down."""

from dataclasses import dataclass, replace
from enum import StrEnum

import streamlit as st

from components.rule_figures import draw_figures, draw_role
from components.rule_words import KIND_WORDS, WHERE_WORDS
from services.domain.rules import Rule, RuleKind
from services.understanding.rules.simple import SimpleCondition, condition_of, simple_of
from services.understanding.rules.yaml_form import MAX_DESCRIPTION_CHARS, MAX_NAME_CHARS

LONGEST_WINDOW_S = 3_600
LONGEST_ID_CHARS = 64


class RuleAct(StrEnum):
    """What is to be done with what stands in the form."""

    TRY = "try"
    SAVE = "save"


@dataclass(frozen=True, kw_only=True)
class RuleWish:
    """What is asked for: of a rule, or of YAML that has not been read yet."""

    act: RuleAct
    rule: Rule | None = None
    yaml: str | None = None


def draw_rule_form(rule: Rule, *, key: str, may_change: bool) -> RuleWish | None:
    """Draw the form of a rule that it can show; return what is asked for.

    A rule with an empty name is a new one.
    """
    simple = simple_of(rule.condition) if rule.name else SimpleCondition()
    if simple is None:
        raise ValueError("This rule can't be shown in the form.")
    with st.form(key, border=True):
        rule = _draw_about(rule, key)
        simple = _draw_phrases(simple, key)
        with st.expander("Further conditions", icon=":material/tune:"):
            simple = draw_figures(simple, key)
        act = _draw_buttons(may_change)
    if act is None:
        return None
    condition = condition_of(simple)
    if not rule.name.strip():
        st.error("Give the rule a name.")
        return None
    if condition is None:
        st.error("Write at least one phrase, or choose a further condition.")
        return None
    return RuleWish(act=act, rule=replace(rule, condition=condition))


def draw_rule_yaml(text: str, *, key: str, may_change: bool) -> RuleWish | None:
    """Draw a rule as YAML; return what is asked for."""
    with st.form(f"{key}_yaml", border=False):
        typed = st.text_area(
            "The whole rule as YAML",
            value=text,
            key=f"{key}_yaml_text",
            height=320,
            help="The rule keeps its id; docs/rules.md explains every word.",
        )
        act = _draw_buttons(may_change)
    return RuleWish(act=act, yaml=typed or "") if act is not None else None


def _draw_buttons(may_change: bool) -> RuleAct | None:
    with st.container(horizontal=True):
        tried = st.form_submit_button("Try out", icon=":material/science:")
        saved = st.form_submit_button(
            "Save", type="primary", icon=":material/save:", disabled=not may_change
        )
    if tried:
        return RuleAct.TRY
    return RuleAct.SAVE if saved else None


def _draw_about(rule: Rule, key: str) -> Rule:
    left, right = st.columns(2)
    with left:
        name = st.text_input(
            "Name", value=rule.name, max_chars=MAX_NAME_CHARS, key=f"{key}_name",
            placeholder="Asks about the spring offer",
        )  # fmt: skip
        kind = st.segmented_control(
            "What it says about a call",
            list(RuleKind),
            default=rule.kind,
            format_func=lambda k: KIND_WORDS[k],
            key=f"{key}_kind",
            required=True,
        )
    with right:
        description = st.text_input(
            "What it is for (optional)", value=rule.description,
            max_chars=MAX_DESCRIPTION_CHARS, key=f"{key}_description",
        )  # fmt: skip
        alert = st.toggle(
            "Raise an alert",
            value=rule.alert,
            key=f"{key}_alert",
            help="Calls with an alert can be listed until somebody has reviewed them.",
        )
    return replace(
        rule,
        name=(name or "").strip(),
        description=(description or "").strip(),
        kind=kind or rule.kind,
        alert=alert,
    )


def _draw_phrases(simple: SimpleCondition, key: str) -> SimpleCondition:
    left, right = st.columns(2)
    with left:
        phrases = st.text_area(
            "Phrases, one per line; one of them is enough",
            value="\n".join(simple.phrases),
            placeholder="spring offer\n(cancel|stop) ~3 (contract|subscription)",
            key=f"{key}_phrases",
            height=180,
            help=PHRASES_HELP,
        )
        missing = st.toggle(
            "Applies when it is missing: nobody says it",
            value=simple.missing,
            key=f"{key}_missing",
        )
        negated = st.toggle(
            "Not when it is negated, as in “I don't want to cancel”",
            value=simple.unless_negated,
            key=f"{key}_negated",
        )
    with right:
        said_by = draw_role("Said by", simple.said_by, f"{key}_by")
        where = st.selectbox(
            "Where in the call",
            list(WHERE_WORDS),
            index=list(WHERE_WORDS).index(simple.where),
            format_func=lambda w: WHERE_WORDS[w],
            key=f"{key}_where",
        )
        first, second = st.columns(2)
        seconds = first.number_input(
            "… seconds", 1, LONGEST_WINDOW_S, simple.where_s, key=f"{key}_where_s"
        )
        times = second.number_input("At least … times", 1, 1_000, simple.at_least, key=f"{key}_n")
        unless = st.text_area(
            "Not where one of these is said in the same sentence",
            value="\n".join(simple.unless),
            key=f"{key}_unless",
            height=80,
        )
    return replace(
        simple,
        phrases=_lines(phrases),
        missing=missing,
        unless_negated=negated,
        said_by=said_by,
        where=where,
        where_s=int(seconds),
        at_least=int(times),
        unless=_lines(unless),
    )


def _lines(typed: str | None) -> tuple[str, ...]:
    return tuple(line.strip() for line in (typed or "").splitlines() if line.strip())


PHRASES_HELP = (
    "Capitals and punctuation don't matter, and “don't” is the same as “do not”. "
    "`(one|other)` is a choice, `word?` may be left out, `cancel*` is any ending, `~3` stands for "
    "up to three words between, `#4` for a number of four digits."
)
