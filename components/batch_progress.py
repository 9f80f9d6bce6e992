"""How far recordings have come, and what can be done about each."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import streamlit as st

from components.wording import (
    STAGE_WORDS,
    STATE_ICONS,
    call_title,
    duration,
    percent,
    plain,
    plural,
    time_left,
)
from services.domain.calls import Call, CallState, RunProgress


class BatchAct(StrEnum):
    """What can be done with a recording in the list."""

    OPEN = "open"
    CANCEL = "cancel"
    RETRY = "retry"
    REMOVE = "remove"


@dataclass(frozen=True, kw_only=True)
class BatchIntent:
    """What the person wants done with which call."""

    act: BatchAct
    call_id: str


def draw_batch(
    rows: Sequence[tuple[Call, RunProgress | None]], shown: str | None
) -> BatchIntent | None:
    """Draw a row for each recording; return what the person wants, if anything."""
    wanted: BatchIntent | None = None
    for call, progress in rows:
        with st.container(border=True, key=f"batch_{call.id}", gap="small"):
            wanted = _draw_row(call, progress, is_shown=call.id == shown) or wanted
    return wanted


def progress_words(progress: RunProgress | None, state: CallState) -> str:
    """Return where a recording stands in plain words."""
    if state is CallState.WAITING:
        ahead = progress.waiting_ahead if progress else 0
        return f"Waiting, {plural(ahead, 'call')} ahead of it" if ahead else "Waiting, next in line"
    if state is CallState.PROCESSING and progress:
        stage = STAGE_WORDS[progress.stage] if progress.stage else "Starting"
        parts = [stage, percent(progress.fraction), time_left(progress.left_ms)]
        return " · ".join(p for p in parts if p)
    return {
        CallState.PROCESSING: "Starting",
        CallState.READY: "Ready",
        CallState.FAILED: "Failed",
        CallState.CANCELLED: "Cancelled",
    }[state]


def _draw_row(call: Call, progress: RunProgress | None, *, is_shown: bool) -> BatchIntent | None:
    state = progress.state if progress else call.state
    words, buttons = st.columns([3, 1], vertical_alignment="center")
    with words, st.container(gap=None):
        length = f" · {duration(call.audio.duration_ms)}" if call.audio else ""
        st.markdown(f"**{plain(call_title(call))}**{length}")
        if state is CallState.FAILED:
            reason = (progress.error_message if progress else None) or call.error_message
            st.markdown(f":red[{STATE_ICONS[state]} {plain(reason or 'Processing failed.')}]")
        else:
            below = " · open below" if is_shown else ""
            st.caption(f"{STATE_ICONS[state]} {progress_words(progress, state)}{below}")
    with buttons, st.container(horizontal=True, horizontal_alignment="right"):
        intent = _draw_buttons(call, progress, state, is_shown=is_shown)
    if state is CallState.PROCESSING:
        st.progress(progress.fraction if progress else 0.0)
    return intent


def _draw_buttons(
    call: Call, progress: RunProgress | None, state: CallState, *, is_shown: bool
) -> BatchIntent | None:
    def button(text: str, act: BatchAct, icon: str) -> BatchIntent | None:
        pressed = st.button(text, key=f"batch_{act}_{call.id}", icon=icon)
        return BatchIntent(act=act, call_id=call.id) if pressed else None

    if state in (CallState.WAITING, CallState.PROCESSING):
        return button("Cancel", BatchAct.CANCEL, ":material/close:")
    intent = None
    if state is CallState.READY and not is_shown:
        intent = button("Open", BatchAct.OPEN, ":material/open_in_full:")
    if state is CallState.CANCELLED or (state is CallState.FAILED and _may_help(progress)):
        intent = button("Retry", BatchAct.RETRY, ":material/refresh:")
    return button("Clear", BatchAct.REMOVE, ":material/playlist_remove:") or intent


def _may_help(progress: RunProgress | None) -> bool:
    return progress is None or progress.retryable
