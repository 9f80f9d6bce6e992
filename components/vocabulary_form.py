"""The words of an organisation, to read and to change."""

from dataclasses import dataclass

import streamlit as st

from components.words_form import SPELLING_EXAMPLE, spelling_lines, understood
from services.domain.vocabulary import (
    LONGEST_TERM,
    MOST_TERMS,
    Pair,
    Vocabulary,
    clean_terms,
    read_spelling,
)

BOX_HEIGHT = 360


@dataclass(frozen=True, kw_only=True)
class KeepVocabulary:
    """Keep these words and spellings."""

    terms: tuple[str, ...]
    spelling: tuple[Pair, ...]


def draw_vocabulary(vocabulary: Vocabulary, *, key: str, may_change: bool) -> KeepVocabulary | None:
    """Draw the form; return what is to be kept once it was asked for and can be.

    What can't be kept is told below it, and what was typed stays.
    """
    with st.form(key, border=False):
        left, right = st.columns(2)
        with left:
            typed_terms = _draw_box(
                f"Words to listen for, one per line (up to {MOST_TERMS})",
                "\n".join(vocabulary.terms),
                "AcmeTel\nCPAP\nNora Fields",
                f"{key}_terms",
                f"Names, products, abbreviations; up to {LONGEST_TERM} characters each. The ones "
                "that matter most come first: there is room for some of them only.",
                disabled=not may_change,
            )
        with right:
            typed_spelling = _draw_box(
                f"How words are to be written, one per line (up to {MOST_TERMS})",
                spelling_lines(vocabulary.spelling),
                f"{SPELLING_EXAMPLE}\nsee pap = CPAP",
                f"{key}_spelling",
                "What is heard, then how to write it. Whole words are found, whatever their "
                "capitals; of several that fit, the longest counts.",
                disabled=not may_change,
            )
        asked = st.form_submit_button("Save", type="primary", disabled=not may_change)
    if not asked:
        return None
    terms = understood(lambda: clean_terms(typed_terms.splitlines()))
    spelling = understood(lambda: read_spelling(typed_spelling.splitlines()))
    if terms is None or spelling is None:
        return None
    return KeepVocabulary(terms=terms, spelling=spelling)


def _draw_box(
    label: str, value: str, example: str, key: str, explanation: str, *, disabled: bool
) -> str:
    typed: str | None = st.text_area(
        label,
        value=value,
        placeholder=example,
        key=key,
        height=BOX_HEIGHT,
        help=explanation,
        disabled=disabled,
    )
    return typed or ""
