"""The categories of one call: what applies, and which words and times it rests on."""

from collections.abc import Sequence

import streamlit as st

from components.heading import draw_panel_title
from components.places import draw_words_at
from components.rule_words import ALERT_ICON, KIND_ICONS, KIND_WORDS
from components.wording import clock, plain, plural
from services.domain.rules import Category, Evidence, RuleKind

SHOWN_EVIDENCE = 4
_ORDER = (RuleKind.PROBLEM, RuleKind.EVENT, RuleKind.TOPIC)


def draw_categories(categories: Sequence[Category]) -> int | None:
    """Draw a call's categories with why; return the place in ms that was clicked."""
    if not categories:
        return None
    ordered = sorted(categories, key=lambda c: (not c.alert, _ORDER.index(c.kind)))
    by_id = {category.rule_id: category for category in ordered}
    with st.container(border=True, gap="small", key="categories"):
        draw_panel_title(
            "Categories", explanation="What rules find in this call. Choose one to see why."
        )
        alerts = [category for category in ordered if category.alert]
        if alerts:
            st.markdown(" ".join(f":red-badge[{_label(alert)}]" for alert in alerts))
        chosen = st.pills(
            "Choose a category to see why it applies",
            list(by_id),
            default=ordered[0].rule_id,
            format_func=lambda rule_id: _label(by_id[rule_id]),
            key=f"categories_{'_'.join(by_id)}",
            label_visibility="collapsed",
        )
        if not chosen or chosen not in by_id:
            return None
        category = by_id[chosen]
        st.caption(f"{KIND_WORDS[category.kind]} “{plain(_name(category))}”, because:")
        return draw_evidence(category.evidence, key=f"why_{chosen}")


def draw_evidence(evidence: Sequence[Evidence], *, key: str) -> int | None:
    """Draw why a rule applies; return the place in ms that was clicked."""
    clicked: int | None = None
    # What is missing says more than the words beside which it is missing.
    first = sorted(evidence, key=lambda e: e.utterance is not None)
    for number, why in enumerate(first[:SHOWN_EVIDENCE]):
        if draw_words_at(why.start_ms, plain(_sentence(why)), key=f"{key}_{number}"):
            clicked = why.start_ms
    if len(first) > SHOWN_EVIDENCE:
        st.caption(f"and {plural(len(first) - SHOWN_EVIDENCE, 'more place')}")
    return clicked


def _sentence(why: Evidence) -> str:
    if why.utterance is None and why.why.startswith("Not said"):
        return f"{why.why} Looked for from {clock(why.start_ms)} to {clock(why.end_ms)}."
    return why.why


def _label(category: Category) -> str:
    return f"{_icon(category)} {plain(_name(category))}"


def _icon(category: Category) -> str:
    return ALERT_ICON if category.alert else KIND_ICONS[category.kind]


def _name(category: Category) -> str:
    return category.name or category.rule_id
