"""What was asked about calls: answered, being answered, and left without an answer."""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Event
from typing import cast

import streamlit as st

from services.domain.asking import Exchange

_CONVERSATIONS = "conversations"
_PENDING = "pending_questions"
_FAILED = "failed_questions"

ALL_CALLS = ""


@dataclass(frozen=True, kw_only=True)
class Pending:
    """A question that is being answered in the background, and how to stop that."""

    question: str
    answer: "Future[Exchange]"
    stopped: Event
    since: float


def conversation(subject: str) -> list[Exchange]:
    """Return what was asked about a call, or about all of them, and answered; oldest first."""
    kept: dict[str, list[Exchange]] = st.session_state.setdefault(_CONVERSATIONS, {})
    return kept.setdefault(subject, [])


def keep_of_conversation(subject: str, exchanges: Sequence[Exchange]) -> None:
    """Forget of a conversation what is not among these."""
    conversation(subject)[:] = exchanges


def forget_conversation(subject: str) -> None:
    """Begin a new conversation."""
    conversation(subject).clear()


def pending_question(subject: str) -> Pending | None:
    """Return the question about this that is being answered at the moment."""
    return cast("dict[str, Pending]", st.session_state.setdefault(_PENDING, {})).get(subject)


def set_pending_question(subject: str, pending: Pending | None) -> None:
    """Remember the question that is being answered, None when there is none any more."""
    kept = cast("dict[str, Pending]", st.session_state.setdefault(_PENDING, {}))
    if pending is None:
        kept.pop(subject, None)
    else:
        kept[subject] = pending


def failed_question(subject: str) -> tuple[str, str] | None:
    """Return the last question about this that got no answer, and the sentence that says why."""
    failed: dict[str, tuple[str, str]] = st.session_state.setdefault(_FAILED, {})
    return failed.get(subject)


def set_failed_question(subject: str, failed: tuple[str, str] | None) -> None:
    """Remember the question that got no answer, None when another one is asked."""
    kept: dict[str, tuple[str, str]] = st.session_state.setdefault(_FAILED, {})
    if failed is None:
        kept.pop(subject, None)
    else:
        kept[subject] = failed
