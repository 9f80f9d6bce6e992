"""The scores of a call: every question with its answer, why, and the words it rests on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from components.heading import draw_panel_title
from components.places import draw_words_at
from components.wording import clock, moment, percent, plain, plural
from services.domain.rules import Evidence
from services.domain.scorecards import (
    Answer,
    AnsweredBy,
    AnswerValue,
    CallScore,
    Override,
)

VALUE_WORDS = {
    AnswerValue.YES: "Yes",
    AnswerValue.NO: "No",
    AnswerValue.NOT_APPLICABLE: "Not applicable",
    None: "Not answered",
}
BY_WORDS = {
    AnsweredBy.RULE: "a rule",
    AnsweredBy.MODEL: "the language model",
    AnsweredBy.PERSON: "a reviewer",
}
GOOD_ICONS = {True: "check_circle", False: "cancel"}


@dataclass(frozen=True, kw_only=True)
class Listen:
    """Jump to a place in the call."""

    ms: int


@dataclass(frozen=True, kw_only=True)
class ChangeAnswer:
    """Ask for another answer to a question."""

    scorecard_id: str
    answer: Answer


@dataclass(frozen=True, kw_only=True)
class AskModel:
    """Have the language model answer what it has not answered yet."""


ScoreIntent = Listen | ChangeAnswer | AskModel
History = Mapping[tuple[str, str], Sequence[Override]]


def draw_scores(
    scores: Sequence[CallScore],
    history: History,
    *,
    to_ask: int,
    may_change: bool,
    zone: str | None,
) -> ScoreIntent | None:
    """Draw a call's scores; return what the person wants, if anything."""
    wanted: ScoreIntent | None = None
    for score in scores:
        with st.container(border=True, gap="small", key=f"score_{score.scorecard_id}"):
            wanted = _draw_score(score, history, may_change=may_change, zone=zone) or wanted
    if to_ask and st.button(
        f"Ask the language model ({plural(to_ask, 'question')})",
        icon=":material/smart_toy:",
        key="score_ask",
        help="Only the redacted words of the call are sent.",
    ):
        wanted = AskModel()
    return wanted


def draw_preview(score: CallScore) -> None:
    """Draw a score that is not kept, to read only."""
    with st.container(border=True, gap="small", key="score_preview"):
        _draw_score(score, {}, may_change=False, zone=None, listen=False)


def total_words(score: CallScore) -> str:
    """Return a score in words: ``80 %: 12 of 15 points``."""
    if score.share is None:
        return "No score: no question could be answered"
    words = f"{percent(score.share)}: {score.points} of {plural(score.possible, 'point')}"
    if score.auto_failed:
        words += ", failed by a critical question"
    return words


def _draw_score(
    score: CallScore,
    history: History,
    *,
    may_change: bool,
    zone: str | None,
    listen: bool = True,
) -> ScoreIntent | None:
    wanted: ScoreIntent | None = None
    draw_panel_title(f"Score: {plain(score.name)}")
    st.markdown(f"**{total_words(score)}**")
    st.caption(_explanation(score))
    for answer in score.answers:
        key = f"{score.scorecard_id}_{answer.question_id}"
        icon = f":material/{_icon(answer)}:"
        with st.expander(_title(answer), icon=icon, key=f"answer_{key}"):
            st.markdown(_why(answer))
            if answer.evidence:
                wanted = _draw_evidence(answer.evidence, key=key, listen=listen) or wanted
            said = history.get((score.scorecard_id, answer.question_id), ())
            for override in said:
                st.caption(_said(override, zone))
            if may_change and st.button(
                "Change the answer…", icon=":material/edit:", key=f"change_{key}"
            ):
                wanted = ChangeAnswer(scorecard_id=score.scorecard_id, answer=answer)
    return wanted


def _explanation(score: CallScore) -> str:
    left_out = sum(a.value is AnswerValue.NOT_APPLICABLE for a in score.answers)
    parts = ["A good answer earns the question's points."]
    if left_out or score.unanswered:
        not_counted = [
            f"{left_out} not applicable" if left_out else "",
            f"{score.unanswered} not answered" if score.unanswered else "",
        ]
        parts.append(f"Left out: {', '.join(filter(None, not_counted))}.")
    if score.auto_failed:
        failed = [a.text for a in score.answers if a.critical and a.is_good is False]
        parts.append(f"The whole score is 0 because of: {plain(' '.join(failed))}")
    return " ".join(parts)


def _icon(answer: Answer) -> str:
    if answer.is_good is not None:
        return GOOD_ICONS[answer.is_good]
    return "help" if answer.value is None else "do_not_disturb_on"


def _title(answer: Answer) -> str:
    value = VALUE_WORDS[answer.value]
    earned = ""
    if answer.is_good is not None:
        earned = f" · {answer.weight if answer.is_good else 0} of {answer.weight}"
    changed = " · changed by a reviewer" if answer.override else ""
    return f"{plain(answer.text)} **{value}**{earned}{changed}"


def _why(answer: Answer) -> str:
    own = VALUE_WORDS[answer.own_value]
    words = f"{plain(answer.why)}"
    if answer.override is not None:
        words = f"Own answer before the change: {own}. {words}"
    elif answer.value is not None:
        words = f"Answered by {BY_WORDS[answer.by]}. {words}"
    good = VALUE_WORDS[answer.good]
    words += f" “{good}” is the good answer, worth {plural(answer.weight, 'point')}."
    if answer.critical:
        words += " **Critical:** the other answer makes the whole score 0."
    return words


def _draw_evidence(evidence: Sequence[Evidence], *, key: str, listen: bool) -> Listen | None:
    wanted: Listen | None = None
    for number, one in enumerate(evidence):
        place = f"listen_{key}_{number}"
        if draw_words_at(one.start_ms, plain(one.why), key=place, words=_when(one), listen=listen):
            wanted = Listen(ms=one.start_ms)
    return wanted


def _when(evidence: Evidence) -> str:
    """Return when words were said, or the whole time in which something was missing."""
    start = clock(evidence.start_ms)
    return start if evidence.utterance else f"{start}–{clock(evidence.end_ms)}"


def _said(override: Override, zone: str | None) -> str:
    what = "Own answer given back" if override.value is None else VALUE_WORDS[override.value]
    when = moment(override.made_at, zone)
    return f"**{what}** by {plain(override.author)}, {when}: {plain(override.comment)}"


@st.dialog("Change the answer", icon=":material/edit:")
def ask_answer(answer: Answer, on_save: Callable[[AnswerValue | None, str], str | None]) -> None:
    """Ask for another answer and why; ``on_save`` keeps it and returns what was wrong, if so."""
    st.markdown(plain(answer.text))
    choices: list[AnswerValue | None] = list(AnswerValue)
    if answer.override is not None:
        choices.append(None)
    with st.form(f"answer_{answer.question_id}", border=False):
        value = st.radio(
            "Answer",
            choices,
            index=choices.index(answer.value) if answer.value in choices else 0,
            format_func=lambda v: VALUE_WORDS[v] if v else "Give its own answer back",
            key=f"answer_value_{answer.question_id}",
        )
        comment = st.text_area(
            "Why (kept with your name)", key=f"answer_why_{answer.question_id}", max_chars=2_000
        )
        asked = st.form_submit_button("Save", type="primary")
    if not asked:
        return
    if not comment.strip():
        st.error("Write down why.")
        return
    wrong = on_save(value, comment)
    if wrong:
        st.error(plain(wrong))
    else:
        st.rerun()
