"""The words of recordings as their owners want them, and the part of a recording to transcribe."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import streamlit as st

from components._compat import Keep
from components.wording import plain
from services.domain.calls import ProcessingOptions
from services.domain.errors import InvalidRequest
from services.domain.part import check_bounds, read_clock, write_clock
from services.domain.vocabulary import clean_terms, read_spelling

_Read = TypeVar("_Read")

SPELLING_EXAMPLE = "acme tell = AcmeTel"


def draw_words_and_part(
    now: ProcessingOptions, *, takes_vocabulary: bool, key: str, keep: Keep, part: bool = True
) -> ProcessingOptions | None:
    """Draw vocabulary, spelling, fillers and the part; return ``now`` with what is chosen.

    None when something can't be used: what it is stands below it. The vocabulary is drawn only
    where ``takes_vocabulary``, the part only with ``part``.
    """
    title = "Words and part of the call" if part else "Words"
    with st.expander(title, icon=":material/format_quote:"):
        terms = _draw_terms(now, key, keep) if takes_vocabulary else now.vocabulary
        lines = st.text_area(
            "How words are to be written, one per line",
            value=spelling_lines(now.spelling),
            placeholder=SPELLING_EXAMPLE,
            key=f"{key}_spelling",
            persist_state=keep,
            height=100,
            help=f"What is heard, then how to write it, as in `{SPELLING_EXAMPLE}`.",
        )
        spelling = understood(lambda: read_spelling((lines or "").splitlines()))
        keep_fillers = st.toggle(
            "Keep um, uh and their like",
            value=now.keep_fillers,
            key=f"{key}_fillers",
            persist_state=keep,
            help="Without them the text reads more easily, but fillers aren't counted.",
        )
        bounds = _draw_bounds(now, key, keep) if part else (now.start_ms, now.end_ms)
    if terms is None or spelling is None or bounds is None:
        return None
    return replace(
        now,
        vocabulary=terms,
        spelling=spelling,
        keep_fillers=keep_fillers,
        start_ms=bounds[0],
        end_ms=bounds[1],
    )


def draw_part_note(options: ProcessingOptions) -> None:
    """Say, outside of what may be folded up, when only a part of recordings is transcribed."""
    if options.start_ms is None and options.end_ms is None:
        return
    start = "the start" if options.start_ms is None else write_clock(options.start_ms)
    end = "the end" if options.end_ms is None else write_clock(options.end_ms)
    st.caption(f":material/content_cut: Only what lies from {start} to {end} is transcribed.")


def spelling_lines(spelling: tuple[tuple[str, str], ...]) -> str:
    """Return the pairs as a person writes them, one per line."""
    return "\n".join(f"{heard} = {written}" for heard, written in spelling)


def understood(read: Callable[[], _Read]) -> _Read | None:
    """Return what was read, or say why it can't be used and return None."""
    try:
        return read()
    except InvalidRequest as error:
        st.error(plain(error.detail or error.user_message))
        return None


def _draw_terms(now: ProcessingOptions, key: str, keep: Keep) -> tuple[str, ...] | None:
    lines = st.text_area(
        "Words to listen for, one per line",
        value="\n".join(now.vocabulary),
        key=f"{key}_vocabulary",
        persist_state=keep,
        height=100,
        help="Names and products that are said in these calls. Words that are said in all calls "
        "belong on the Vocabulary page.",
    )
    return understood(lambda: clean_terms((lines or "").splitlines()))


def _draw_bounds(
    now: ProcessingOptions, key: str, keep: Keep
) -> tuple[int | None, int | None] | None:
    left, right = st.columns(2)
    with left:
        start = _draw_clock("From", "start", now.start_ms, f"{key}_from", keep)
    with right:
        end = _draw_clock("To", "end", now.end_ms, f"{key}_to", keep)

    def read() -> tuple[int | None, int | None]:
        bounds = (
            read_clock(start) if start.strip() else None,
            read_clock(end) if end.strip() else None,
        )
        check_bounds(*bounds)
        return bounds

    return understood(read)


def _draw_clock(label: str, empty: str, now_ms: int | None, key: str, keep: Keep) -> str:
    typed: str | None = st.text_input(
        label,
        value="" if now_ms is None else write_clock(now_ms),
        placeholder=empty,
        key=key,
        max_chars=16,
        persist_state=keep,
        help="Minutes and seconds, such as 1:30. Only what lies between is transcribed; the whole "
        "call can still be played.",
    )
    return typed or ""
