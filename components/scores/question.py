"""The inputs of one question of a scorecard: text, points, who answers, when it is left out."""

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum

import streamlit as st

from components.scores.deciding import DecidedBy, draw_test, kind_of
from services.domain.rules import Rule
from services.domain.scorecards import (
    Answerer,
    AnswerValue,
    ByModel,
    ByPerson,
    Question,
    Test,
)
from services.understanding.scorecards.yaml_form import (
    MAX_PROMPT_CHARS,
    MAX_TEXT_CHARS,
    MAX_WEIGHT,
)


class By(StrEnum):
    """Who answers, as it is chosen."""

    RULE = DecidedBy.RULE.value
    NO_RULE = DecidedBy.NO_RULE.value
    PHRASES = DecidedBy.PHRASES.value
    CONDITION = DecidedBy.CONDITION.value
    MODEL = "model"
    REVIEWER = "reviewer"


_BY_WORDS = {
    By.RULE: "A rule: yes when it applies",
    By.NO_RULE: "A rule: yes when it doesn't apply",
    By.PHRASES: "Phrases: yes when one is said",
    By.CONDITION: "A condition: yes when it holds",
    By.MODEL: "The language model",
    By.REVIEWER: "A reviewer only",
}
ALWAYS = "always"
_LEFT_OUT_WORDS = {
    ALWAYS: "Never",
    DecidedBy.RULE: "When a rule applies",
    DecidedBy.NO_RULE: "When a rule doesn't apply",
    DecidedBy.PHRASES: "When a phrase is said",
    DecidedBy.CONDITION: "When a condition holds",
}


def draw_question(
    question: Question, rules: Sequence[Rule], *, key: str, has_model: bool
) -> Question | None:
    """Draw the inputs of a question; return it, None when it can't be used yet."""
    text = st.text_input(
        "Question", value=question.text, key=f"{key}_text", max_chars=MAX_TEXT_CHARS
    )
    left, middle, right = st.columns(3, vertical_alignment="bottom")
    with left:
        weight = st.number_input(
            "Points",
            min_value=1,
            max_value=MAX_WEIGHT,
            value=question.weight,
            key=f"{key}_weight",
        )
    with middle:
        answers = [AnswerValue.YES, AnswerValue.NO]
        good = st.selectbox(
            "Good answer",
            answers,
            index=answers.index(question.good),
            format_func=lambda a: a.value.capitalize(),
            key=f"{key}_good",
        )
    with right:
        critical = st.checkbox(
            "Critical",
            value=question.critical,
            key=f"{key}_critical",
            help="The other answer makes the whole score 0.",
        )
    answerer = _draw_answerer(question.answerer, rules, key=key, has_model=has_model)
    fine, left_out = _draw_left_out(question.not_applicable_when, rules, key=f"{key}_out")
    if not (text or "").strip():
        st.error("Write the question.")
    if answerer is None or not fine:
        return None
    return replace(
        question,
        text=(text or "").strip(),
        weight=int(weight),
        good=good,
        critical=critical,
        answerer=answerer,
        not_applicable_when=left_out,
    )


def _draw_answerer(
    now: Answerer, rules: Sequence[Rule], *, key: str, has_model: bool
) -> Answerer | None:
    present = _by(now)
    by = st.selectbox(
        "Who answers",
        list(By),
        index=list(By).index(present),
        format_func=lambda b: _BY_WORDS[b],
        key=f"{key}_answered_by",
    )
    if by is None or by is By.REVIEWER:
        return ByPerson()
    if by is By.MODEL:
        if not has_model:
            st.caption("No language model is configured: it stays unanswered.")
        prompt = st.text_area(
            "What the model is asked",
            value=now.prompt if isinstance(now, ByModel) else "",
            key=f"{key}_prompt",
            max_chars=MAX_PROMPT_CHARS,
            help="A question to be answered with yes or no. Only redacted words are sent.",
        )
        if not (prompt or "").strip():
            st.error("Write what the model is asked.")
            return None
        return ByModel(prompt=prompt.strip())
    test = None if isinstance(now, ByModel | ByPerson) else now
    return draw_test(DecidedBy(by.value), test, rules, key=f"{key}_{by.value}")


def _by(answerer: Answerer) -> By:
    if isinstance(answerer, ByModel):
        return By.MODEL
    return By.REVIEWER if isinstance(answerer, ByPerson) else By(kind_of(answerer).value)


def _draw_left_out(
    now: Test | None, rules: Sequence[Rule], *, key: str
) -> tuple[bool, Test | None]:
    kinds = list(_LEFT_OUT_WORDS)
    present = ALWAYS if now is None else kind_of(now)
    kind = st.selectbox(
        "Not applicable",
        kinds,
        index=kinds.index(present),
        format_func=lambda k: _LEFT_OUT_WORDS[k],
        key=f"{key}_kind",
        help="Then the question is left out of the score.",
    )
    if kind == ALWAYS:
        return True, None
    test = draw_test(DecidedBy(kind), now, rules, key=f"{key}_{kind}")
    return test is not None, test
