"""The list of scorecards with what can be done to each, and the way in from YAML."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

import streamlit as st

from components.heading import draw_panel_title
from components.languages import language_name
from components.wording import plain, plural
from services.domain.scorecards import Scorecard

MAX_YAML_CHARS = 512_000


class CardAct(StrEnum):
    """What is wanted of a scorecard."""

    EDIT = "edit"
    COPY = "copy"
    DELETE = "delete"
    USE = "use"
    REST = "rest"


@dataclass(frozen=True, kw_only=True)
class CardIntent:
    """What is wanted of which scorecard."""

    act: CardAct
    card: Scorecard


def draw_cards(
    cards: Sequence[Scorecard], write_yaml: Callable[[Scorecard], str], *, may_change: bool
) -> CardIntent | None:
    """Draw all scorecards; return what the person wants done to one."""
    wanted: CardIntent | None = None
    for card in cards:
        with st.container(border=True, gap="small", key=f"scorecard_{card.id}"):
            act = _draw_card(card, write_yaml, may_change=may_change)
            wanted = CardIntent(act=act, card=card) if act else wanted
    return wanted


def _draw_card(
    card: Scorecard, write_yaml: Callable[[Scorecard], str], *, may_change: bool
) -> CardAct | None:
    act: CardAct | None = None
    draw_panel_title(plain(card.name))
    if card.description:
        st.caption(plain(card.description))
    st.caption(" · ".join(_facts(card)))
    with st.container(horizontal=True, vertical_alignment="center"):
        # Keyed by version, so that the switch shows what is kept after somebody else's change.
        used = st.toggle(
            "Calls are scored by it",
            value=card.enabled,
            key=f"use_{card.id}_{card.version}",
            disabled=not may_change,
        )
        if used != card.enabled:
            act = CardAct.USE if used else CardAct.REST
        if not card.shipped and st.button(
            "Edit", icon=":material/edit:", key=f"edit_{card.id}", disabled=not may_change
        ):
            act = CardAct.EDIT
        if st.button(
            "Make a copy",
            icon=":material/content_copy:",
            key=f"copy_{card.id}",
            disabled=not may_change,
        ):
            act = CardAct.COPY
        st.download_button(
            "YAML",
            data=partial(_yaml, card, write_yaml),
            file_name=f"{card.id}.yaml",
            mime="application/yaml",
            icon=":material/download:",
            on_click="ignore",
            key=f"yaml_{card.id}",
        )
        if not card.shipped and st.button(
            "Delete…", icon=":material/delete:", key=f"delete_{card.id}", disabled=not may_change
        ):
            act = CardAct.DELETE
    with st.expander("Questions"):
        for question in card.questions:
            critical = ", critical" if question.critical else ""
            points = plural(question.weight, "point")
            st.markdown(f"- {plain(question.text)} ({points}{critical})")
    return act


def _yaml(card: Scorecard, write_yaml: Callable[[Scorecard], str]) -> bytes:
    return write_yaml(card).encode()


def _facts(card: Scorecard) -> list[str]:
    applies = card.applies_to
    facts = [
        plural(len(card.questions), "question"),
        plural(sum(q.weight for q in card.questions), "point"),
    ]
    if applies.queues:
        facts.append(f"Queues {plain(', '.join(applies.queues))}")
    if applies.direction:
        facts.append(applies.direction.value.capitalize())
    if applies.languages:
        facts.append(plain(", ".join(map(language_name, applies.languages))))
    facts.append("Comes with Partyline" if card.shipped else f"Version {card.version}")
    return facts


def draw_import() -> str | None:
    """Draw the way in from YAML; return the text that is to be taken in."""
    with (
        st.expander("Take in scorecards from YAML", icon=":material/upload:"),
        st.form("scorecards_yaml", border=False, clear_on_submit=False),
    ):
        text = st.text_area(
            "YAML",
            key="scorecards_yaml_text",
            height=160,
            max_chars=MAX_YAML_CHARS,
            help="As it is written by the YAML buttons. Scorecards of the same id are replaced.",
        )
        asked = st.form_submit_button("Take in")
    return (text or "") if asked else None


@st.dialog("Delete the scorecard", icon=":material/delete:")
def ask_delete(card: Scorecard, on_yes: Callable[[], None]) -> None:
    """Ask whether to delete; ``on_yes`` does it."""
    st.markdown(
        f"Delete {plain(card.name)} with the scores of all calls by it and what reviewers "
        "answered? This can't be undone."
    )
    with st.container(horizontal=True):
        if st.button("Delete", type="primary", key="card_delete_yes"):
            on_yes()
            st.rerun()
        if st.button("Keep", key="card_delete_no"):
            st.rerun()
