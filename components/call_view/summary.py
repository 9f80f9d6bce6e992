"""The panel of what happened in a call: every statement leads to where it was said."""

from enum import Enum

import streamlit as st

from components.heading import draw_panel_title
from components.places import draw_place, draw_words_at
from components.wording import cost_words, plain
from services.domain.captions import is_captions
from services.domain.reviewed import ReviewedCall
from services.domain.speech import SpeakerRole, Statement, Summary, SummaryOrigin
from services.understanding.summary import STAGE

RESOLVED_WORDS = {True: "Resolved", False: "Not resolved", None: "Not clear whether resolved"}
OWNERS = {SpeakerRole.AGENT: "Agent", SpeakerRole.CUSTOMER: "Customer"}
MOST_EVIDENCE = 2


class SummaryAct(Enum):
    """What the panel asks for besides listening."""

    WRITE_AGAIN = "write_again"


def draw_summary(reviewed: ReviewedCall, *, can_write: bool) -> int | SummaryAct | None:
    """Draw what happened; return the place in ms of what was clicked, or what is asked for.

    ``can_write`` offers to have a language model write it again.
    """
    summary = reviewed.transcript.summary or Summary()
    told = [(title, statements) for title, statements in _groups(summary) if statements]
    origin = summary.origin
    if not told and not can_write and (origin is None or origin.instead_of is None):
        return None
    clicked: int | None = None
    with st.container(border=True, gap="small", key="summary"):
        draw_panel_title("What happened")
        if told:
            clicked = _draw_verdict(summary, reviewed)
        for title, statements in told:
            st.markdown(f"**{title}**")
            for number, statement in enumerate(statements):
                at = _draw_statement(statement, reviewed, key=f"said_{title}_{number}")
                clicked = at if at is not None else clicked
        by = origin_words(origin, of_captions=is_captions(reviewed.transcript.provider))
        st.caption(by if told else f"Nothing to tell. {by}")
        if can_write and st.button(
            "Write again",
            icon=":material/edit_note:",
            key="summary_again",
            help="The language model reads the transcript as it is now, without personal data.",
        ):
            return SummaryAct.WRITE_AGAIN
    return clicked


def origin_words(origin: SummaryOrigin | None, *, of_captions: bool = False) -> str:
    """Say who wrote a summary, and what that took. No provider writes those of live captions."""
    if of_captions and (origin is None or (origin.name == STAGE and not origin.instead_of)):
        return "Taken from the words of the live captions."
    if origin is None:
        return "Written by the speech provider."
    if origin.instead_of is not None:
        return f"{plain(origin.instead_of)} This is taken from the call's own words instead."
    if origin.name == STAGE:
        return "Taken from the call's own words."
    told = [f"Written by {plain(origin.name)} in {origin.took_ms / 1000:.1f} s"]
    if origin.tokens_in is not None and origin.tokens_out is not None:
        told.append(f"{origin.tokens_in + origin.tokens_out:,} tokens")
    if origin.cost is not None:
        told.append(cost_words(origin.cost))
    words = ", ".join(told) + "."
    if origin.left_out == 1:
        words += " 1 statement was left out because the call does not bear it out."
    elif origin.left_out:
        words += (
            f" {origin.left_out} statements were left out because the call does not bear them out."
        )
    return words


def _groups(summary: Summary) -> list[tuple[str, tuple[Statement, ...]]]:
    return [
        ("Reason", (summary.reason,) if summary.reason else ()),
        ("What was done", summary.actions),
        ("Outcome", (summary.outcome,) if summary.outcome else ()),
        ("Promises", summary.promises),
        ("To do", summary.action_items),
        ("Next steps", summary.next_steps),
    ]


def _draw_verdict(summary: Summary, reviewed: ReviewedCall) -> int | None:
    """Draw whether the matter is settled, with links to the words that say so."""
    starts = {u.id: u.start_ms for u in reviewed.transcript.utterances}
    places = [starts[u] for u in summary.evidence if u in starts][-MOST_EVIDENCE:]
    clicked: int | None = None
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.markdown(f"**{RESOLVED_WORDS[summary.resolved]}**", width="content")
        for number, at in enumerate(places):
            if draw_place(at, key=f"said_verdict_{number}"):
                clicked = at
    return clicked


def _draw_statement(statement: Statement, reviewed: ReviewedCall, *, key: str) -> int | None:
    first = _first_place(statement, reviewed)
    return first if draw_words_at(first, _words(statement), key=key) else None


def _words(statement: Statement) -> str:
    """Return a statement with its owner and, unless it says so itself, its time limit."""
    owner = OWNERS.get(statement.who) if statement.who else None
    due = plain(statement.due) if statement.due and statement.due not in statement.text else None
    told = ", ".join(part for part in (owner, due) if part)
    return f"{plain(statement.text)} :gray[{told}]" if told else plain(statement.text)


def _first_place(statement: Statement, reviewed: ReviewedCall) -> int | None:
    """Return where the first line a statement rests on begins."""
    wanted = set(statement.utterances)
    return next((u.start_ms for u in reviewed.transcript.utterances if u.id in wanted), None)
