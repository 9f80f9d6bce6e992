"""Titles of pages and of the parts of a page, always built the same way."""

from zlib import crc32

import streamlit as st

from components.people.words import RIGHT_WORDS
from services.domain.people import Right


def draw_page_title(title: str, caption: str | None = None) -> None:
    """Draw a page's one title and a sentence on what the page is for."""
    st.title(title, anchor=False)
    if caption:
        st.caption(caption)


def draw_part_title(title: str) -> None:
    """Draw the title of something large inside a page."""
    with st.container(key=f"part_title_{crc32(title.encode()):08x}"):
        st.header(title, anchor=False)


def draw_panel_title(title: str, *, explanation: str | None = None) -> None:
    """Draw the title of a panel or a chart."""
    st.header(title, anchor=False, help=explanation)


def draw_refused(sentence: str) -> None:
    """Draw what stands in place of what a person has no right to see."""
    draw_empty(sentence, icon=":material/lock:")


def draw_look_only() -> None:
    """Draw why what could be changed here can only be looked at."""
    right = RIGHT_WORDS[Right.MANAGE_RULES]
    st.caption(f":material/lock: To look at only. Changes need the right “{right}”.")


def draw_no_match() -> None:
    """Draw what stands where the filters let nothing through."""
    sentence = "No call fits these filters. Change or clear them."
    draw_empty(sentence, icon=":material/filter_alt_off:")


def draw_empty(sentence: str, *, icon: str = ":material/inbox:") -> None:
    """Draw what stands where there is nothing yet; the next action follows below it."""
    with st.container(border=True, horizontal_alignment="center"):
        st.markdown(f"{icon} {sentence}", width="content")
