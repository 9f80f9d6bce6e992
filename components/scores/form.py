"""The form in which a scorecard is changed, question by question."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import streamlit as st

from components.scores.question import draw_question
from components.wording import plain, plural
from services.domain.calls import Direction
from services.domain.rules import Rule
from services.domain.scorecards import (
    AppliesTo,
    Question,
    Scorecard,
)
from services.understanding.scorecards.yaml_form import (
    MAX_DESCRIPTION_CHARS,
    MAX_NAME_CHARS,
    MAX_QUESTIONS,
)

DIRECTION_WORDS = {
    None: "Both directions",
    Direction.INBOUND: "Customer called",
    Direction.OUTBOUND: "We called",
}


class FormAct(StrEnum):
    """What the buttons of the form ask for."""

    SAVE = "save"
    CLOSE = "close"
    TRY = "try"


@dataclass(frozen=True, kw_only=True)
class Edited:
    """The scorecard as it stands in the form; ``usable``: everything in it can be read."""

    card: Scorecard
    usable: bool
    act: FormAct | None
    redraw: bool


def draw_scorecard_form(
    card: Scorecard,
    rules: Sequence[Rule],
    queues: Sequence[str],
    *,
    key: str,
    fresh_id: str,
    known: Collection[str],
    has_model: bool,
) -> Edited:
    """Draw the form; ``fresh_id`` is taken for a question that is added.

    ``known`` are the questions there were before; they begin folded.
    """
    card = _draw_head(card, queues, key=key)
    usable, redraw = True, False
    questions: list[Question] = []
    moved: tuple[int, int] | None = None
    for at, question in enumerate(card.questions):
        label = f"{at + 1}. {plain(question.text)} ({plural(question.weight, 'point')})"
        with st.expander(label, expanded=question.id not in known, key=f"{key}_{question.id}_open"):
            drawn = draw_question(question, rules, key=f"{key}_{question.id}", has_model=has_model)
            usable = usable and drawn is not None and bool(drawn.text)
            step = _draw_moves(at, len(card.questions), key=f"{key}_{question.id}")
        moved = (at, step) if step is not None else moved
        questions.append(drawn or question)
    if moved is not None:
        questions, redraw = _moved(questions, *moved), True
    full = len(questions) >= MAX_QUESTIONS
    if st.button("Add a question", icon=":material/add:", key=f"{key}_add", disabled=full):
        questions.append(Question(id=fresh_id, text=""))
        redraw = True
    if not questions:
        st.info("A scorecard needs at least one question.")
    usable = usable and bool(questions) and bool(card.name)
    act = _draw_acts(key, usable=usable)
    return Edited(
        card=replace(card, questions=tuple(questions)), usable=usable, act=act, redraw=redraw
    )


def _draw_head(card: Scorecard, queues: Sequence[str], *, key: str) -> Scorecard:
    name = st.text_input("Name", value=card.name, key=f"{key}_name", max_chars=MAX_NAME_CHARS)
    description = st.text_area(
        "What it is for",
        value=card.description,
        key=f"{key}_description",
        max_chars=MAX_DESCRIPTION_CHARS,
        height=80,
    )
    applies = card.applies_to
    left, middle, right = st.columns(3)
    with left:
        chosen = st.multiselect(
            "Queues",
            sorted({*queues, *applies.queues}),
            default=list(applies.queues),
            placeholder="All queues",
            key=f"{key}_queues",
        )
    with middle:
        directions = list(DIRECTION_WORDS)
        direction = st.selectbox(
            "Direction",
            directions,
            index=directions.index(applies.direction),
            format_func=lambda d: DIRECTION_WORDS[d],
            key=f"{key}_direction",
        )
    with right:
        spoken = st.text_input(
            "Languages",
            value=", ".join(applies.languages),
            placeholder="All languages",
            key=f"{key}_languages",
            help="Two or three small letters each, separated by commas, such as en, de.",
        )
    languages = tuple(part.strip() for part in (spoken or "").split(",") if part.strip())
    return replace(
        card,
        name=(name or "").strip(),
        description=(description or "").strip(),
        applies_to=AppliesTo(queues=tuple(chosen), direction=direction, languages=languages),
    )


def _draw_moves(at: int, count: int, *, key: str) -> int | None:
    """Draw what can be done to a question; return -1 for up, 1 for down, 0 for away."""
    with st.container(horizontal=True):
        up = st.button("Up", icon=":material/arrow_upward:", key=f"{key}_up", disabled=at == 0)
        down = st.button(
            "Down", icon=":material/arrow_downward:", key=f"{key}_down", disabled=at == count - 1
        )
        away = st.button("Remove", icon=":material/delete:", key=f"{key}_remove")
    if away:
        return 0
    return -1 if up else 1 if down else None


def _moved(questions: Sequence[Question], at: int, step: int) -> list[Question]:
    kept = [q for n, q in enumerate(questions) if n != at]
    if step:
        kept.insert(at + step, questions[at])
    return kept


def _draw_acts(key: str, *, usable: bool) -> FormAct | None:
    with st.container(horizontal=True):
        save = st.button("Save", type="primary", key=f"{key}_save", disabled=not usable)
        preview = st.button(
            "Try on a call", icon=":material/play_arrow:", key=f"{key}_try", disabled=not usable
        )
        close = st.button("Close without saving", key=f"{key}_close")
    if save:
        return FormAct.SAVE
    if preview:
        return FormAct.TRY
    return FormAct.CLOSE if close else None
