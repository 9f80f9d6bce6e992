"""Retention and holds, drawn: what is set, what would go next, what went, and what has to stay."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pandas as pd
import streamlit as st

from components.heading import draw_empty, draw_panel_title
from components.wording import plain, plural
from services.domain.retention import (
    MOST_DAYS,
    MOST_REASON_CHARS,
    Hold,
    Kept,
    RetentionCounts,
    RetentionPeriod,
    RetentionRun,
)

KIND_WORDS = {
    Kept.AUDIO: "Recordings",
    Kept.TEXT: "What was said",
    Kept.CALL: "Whole calls",
    Kept.VOICEPRINTS: "Known voices",
}
EVERY_QUEUE = "All other queues"
HOLD_ICON = ":material/gavel:"


@dataclass(frozen=True, kw_only=True)
class UnsetPeriod:
    """Take a period away."""

    kind: Kept
    queue: str | None


@dataclass(frozen=True, kw_only=True)
class HoldCustomer:
    """Keep everything of a customer from being deleted."""

    customer_ref: str
    reason: str


def draw_periods(periods: Sequence[RetentionPeriod]) -> None:
    """Draw what is set."""
    draw_panel_title(
        "How long things stay",
        explanation="Days since a call was held, or a voice was learnt. A queue with a period of "
        "its own goes by that one. What has no period stays for ever. When what was said is "
        "deleted, the call's figures stay.",
    )
    if not periods:
        draw_empty("Nothing is set: everything stays until somebody deletes it.")
        return
    rows = pd.DataFrame(
        {
            "What": [KIND_WORDS[one.kind] for one in periods],
            "Deleted after": [_days(one.days) for one in periods],
            "Queue": [one.queue or EVERY_QUEUE for one in periods],
        }
    )
    st.dataframe(rows, hide_index=True, height="content", alt="Retention periods")


def draw_period_form(queues: Sequence[str]) -> RetentionPeriod | UnsetPeriod | None:
    """Draw the form that sets a period; return what is asked for."""
    with st.form("retention_period", border=False):
        kind = Kept(st.selectbox("What", list(KIND_WORDS), format_func=KIND_WORDS.__getitem__))
        queue = st.selectbox("Queue", [None, *queues], format_func=lambda name: name or EVERY_QUEUE)
        days = st.number_input(
            "Days", min_value=1, max_value=MOST_DAYS, value=90, help="Since the call was held."
        )
        forever = st.checkbox("For ever", help="Overrides the days.")
        with st.container(horizontal=True):
            keep = st.form_submit_button("Save", type="primary")
            drop = st.form_submit_button("Take this period away")
    if kind is None:
        return None
    if drop:
        return UnsetPeriod(kind=kind, queue=queue)
    if keep:
        return RetentionPeriod(kind=kind, queue=queue, days=None if forever else int(days))
    return None


def draw_preview(counts: RetentionCounts) -> None:
    """Draw what the next run would delete."""
    draw_panel_title("The next run", explanation="A worker runs it once a day.")
    if counts.is_nothing:
        st.markdown("Nothing is due.")
    else:
        parts = (
            (counts.audio, f"the recordings of **{plural(counts.audio, 'call')}**"),
            (counts.text, f"what was said in **{plural(counts.text, 'call')}**"),
            (counts.calls, f"**{plural(counts.calls, 'whole call')}**"),
            (counts.voiceprints, f"**{plural(counts.voiceprints, 'known voice')}**"),
        )
        lines = "\n".join(f"- {words}" for count, words in parts if count)
        st.markdown(f"It would delete\n\n{lines}")
    if counts.held:
        stay = "is on hold and stays" if counts.held == 1 else "are on hold and stay"
        st.caption(f"{plural(counts.held, 'call')} whose time is over {stay}.")


def draw_runs(runs: Sequence[RetentionRun]) -> None:
    """Draw what the last runs deleted."""
    draw_panel_title("Last runs")
    if not runs:
        draw_empty("Nothing has been deleted by a period yet.")
        return
    rows = pd.DataFrame(
        {
            "Began (UTC)": [f"{run.began_at:%Y-%m-%d %H:%M}" for run in runs],
            "State": ["finished" if run.finished_at else "not finished" for run in runs],
            "Recordings": [run.counts.audio for run in runs],
            "What was said": [run.counts.text for run in runs],
            "Whole calls": [run.counts.calls for run in runs],
            "Voices": [run.counts.voiceprints for run in runs],
            "On hold": [run.counts.held for run in runs],
        }
    )
    st.dataframe(rows, hide_index=True, height="content", alt="The last runs")


def draw_holds(holds: Sequence[Hold]) -> str | None:
    """Draw what is on hold; return the hold that is to be released."""
    draw_panel_title(
        "On legal hold",
        explanation="What is on hold can't be deleted by anybody, nor by a period, until it is "
        "released.",
    )
    if not holds:
        draw_empty("Nothing is on legal hold.", icon=HOLD_ICON)
    released = None
    for hold in holds:
        what = f"Customer {hold.customer_ref}" if hold.customer_ref else f"Call {hold.call_id}"
        with st.container(border=True, key=f"hold_{hold.id}"):
            st.markdown(f"**{plain(what)}**: {plain(hold.reason)}")
            st.caption(f"{hold.placed_at:%Y-%m-%d %H:%M} UTC by {plain(hold.placed_by)}")
            if st.button("Release", key=f"release_{hold.id}", icon=":material/lock_open:"):
                released = hold.id
    return released


def draw_hold_form() -> HoldCustomer | None:
    """Draw the form that puts a customer on hold; return what is asked for."""
    with st.form("hold_customer", border=False, clear_on_submit=True):
        ref = st.text_input("Customer reference", help="Exactly as the calls have it.")
        reason = st.text_input("Reason", max_chars=MOST_REASON_CHARS)
        asked = st.form_submit_button("Put on legal hold", icon=HOLD_ICON)
    return HoldCustomer(customer_ref=ref, reason=reason) if asked else None


def draw_call_hold(holds: Sequence[Hold]) -> None:
    """Draw that a call is on hold, why, and since when."""
    for hold in holds:
        whose = "This call" if hold.call_id else "Everything of this customer"
        when = f"since {hold.placed_at:%Y-%m-%d} by {plain(hold.placed_by)}"
        st.warning(f"{whose} is on legal hold {when}: {plain(hold.reason)}", icon=HOLD_ICON)


def lapsed_words(at: datetime) -> str:
    """Return what stands in place of a transcript whose time was over."""
    return (
        f"What was said in this call was deleted on {at:%Y-%m-%d}, when its time was over. Its "
        "figures stay."
    )


def _days(days: int | None) -> str:
    return "never" if days is None else plural(days, "day")
