"""The categories of one call: what applies, and which words and times it rests on."""

from collections.abc import Sequence

import streamlit as st

from components.heading import draw_panel_title
from components.rule_words import ALERT_ICON, KIND_ICONS
from components.wording import clock, plain
from services.domain.rules import Category, Evidence, RuleKind

SHOWN_EVIDENCE = 4
COLOURS = {RuleKind.TOPIC: "blue", RuleKind.EVENT: "green", RuleKind.PROBLEM: "orange"}
_ORDER = (RuleKind.PROBLEM, RuleKind.EVENT, RuleKind.TOPIC)


def draw_categories(categories: Sequence[Category]) -> int | None:
    """Draw a call's categories with why; return the place in ms that was clicked."""
    if not categories:
        return None
    clicked: int | None = None
    ordered = sorted(categories, key=lambda c: (not c.alert, _ORDER.index(c.kind)))
    with st.container(border=True, gap="small", key="categories"):
        draw_panel_title(
            "Categories", explanation="What rules find in this call. Open one to see why."
        )
        st.markdown(" ".join(_chip(category) for category in ordered))
        for category in ordered:
            title = f"{_icon(category)} {plain(_name(category))}"
            with st.expander(title):
                at = draw_evidence(category.evidence, key=f"why_{category.rule_id}")
                clicked = at if at is not None else clicked
    return clicked


def draw_evidence(evidence: Sequence[Evidence], *, key: str) -> int | None:
    """Draw why a rule applies; return the place in ms that was clicked."""
    clicked: int | None = None
    # What is missing says more than the words beside which it is missing.
    first = sorted(evidence, key=lambda e: e.utterance is not None)
    for number, why in enumerate(first[:SHOWN_EVIDENCE]):
        with st.container(horizontal=True, wrap=False, gap="small", vertical_alignment="top"):
            pressed = st.button(
                clock(why.start_ms),
                key=f"{key}_{number}",
                type="tertiary",
                icon=":material/play_arrow:",
                help="Listen",
            )
            st.markdown(plain(_sentence(why)), width="stretch")
        clicked = why.start_ms if pressed else clicked
    if len(first) > SHOWN_EVIDENCE:
        st.caption(f"and {len(first) - SHOWN_EVIDENCE} more")
    return clicked


def _sentence(why: Evidence) -> str:
    if why.utterance is None and why.why.startswith("Not said"):
        return f"{why.why} Looked for from {clock(why.start_ms)} to {clock(why.end_ms)}."
    return why.why


def _chip(category: Category) -> str:
    colour = "red" if category.alert else COLOURS[category.kind]
    return f":{colour}-badge[{_icon(category)} {plain(_name(category))}]"


def _icon(category: Category) -> str:
    return ALERT_ICON if category.alert else KIND_ICONS[category.kind]


def _name(category: Category) -> str:
    return category.name or category.rule_id
