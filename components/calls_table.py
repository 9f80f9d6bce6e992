"""Calls as a table: what they were and how they went, with what can be done about them."""

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from zlib import crc32

import pandas as pd
import streamlit as st

from components._compat import clicked_row
from components.wording import (
    MISSING,
    SENTIMENT_WORDS,
    STATE_WORDS,
    length,
    plural,
    signed,
)
from services.domain.calls import FINISHED_STATES, Call, CallState
from services.domain.rules import Category
from services.domain.speech import SentimentLabel
from services.domain.topics import topic_name
from services.storage.calls import CallRow

SENTIMENT_SIGNS = {
    SentimentLabel.POSITIVE: "▲",
    SentimentLabel.NEUTRAL: "●",
    SentimentLabel.NEGATIVE: "▼",
}
STATE_SIGNS = {
    CallState.WAITING: "◌",
    CallState.PROCESSING: "◔",
    CallState.READY: "✓",
    CallState.FAILED: "✕",
    CallState.CANCELLED: "–",
}
OPEN_LABEL = "Open"
ON_HOLD = " · on hold"
DETAILS_LABEL = "Details"


class CallsAct(StrEnum):
    """What can be done with calls in the table."""

    OPEN = "open"
    DELETE = "delete"
    RETRY = "retry"
    RERUN = "rerun"
    CANCEL = "cancel"


EVERY_ACT = frozenset(CallsAct)


@dataclass(frozen=True, kw_only=True)
class CallsIntent:
    """What the person wants done with which calls."""

    act: CallsAct
    call_ids: tuple[str, ...]


def draw_calls_table(
    rows: Sequence[CallRow],
    *,
    zone: str | None,
    alerts: Mapping[str, str] = MappingProxyType({}),
    held: Collection[str] = frozenset(),
    may: Set[CallsAct] = EVERY_ACT,
) -> CallsIntent | None:
    """Draw the table and, for selected rows, the actions; return what the person wants.

    What isn't among what they ``may`` is not offered. ``alerts`` are the names of the rules that
    raise one, by call; ``held`` are calls on hold.
    """
    key = table_key(rows)
    above = st.container()
    shown = calls_frame(rows, zone, alerts)
    on_hold = [row.call.id in held for row in rows]
    shown.loc[on_hold, "state"] = shown.loc[on_hold, "state"] + ON_HOLD
    selection: Any = st.dataframe(
        shown[_order(shown)],
        key=f"{key}_table",
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        column_config=_columns(f"{key}_open"),
        placeholder=MISSING,
        height="content",
        alt=f"Table of {plural(len(rows), 'call')}",
    )
    clicked = clicked_row(f"{key}_open")
    if clicked and clicked[0] < len(rows):
        return CallsIntent(act=CallsAct.OPEN, call_ids=(rows[clicked[0]].call.id,))
    chosen = [rows[n].call for n in selection["selection"]["rows"] if n < len(rows)]
    if not chosen:
        return None
    with above:
        return _draw_actions(chosen, key, may)


def _order(shown: pd.DataFrame) -> list[str]:
    """Return the columns that say something of these calls, in their order.

    A call of which nothing else is known goes by its file: then that comes first. That calls are
    ready is what anybody expects: where it is said of all of them, it is said at the end.
    """
    unused = {name for name in ("reason", "alerts") if not shown[name].notna().any()}
    order = [name for name in shown.columns if name not in unused]
    if shown["state"].eq(_state(CallState.READY)).all():
        order.remove("state")
        order.append("state")
    if shown[["agent", "customer"]].isna().all(axis=1).any():
        order.remove("file")
        order.insert(order.index("agent"), "file")
    return order


def table_key(rows: Sequence[CallRow]) -> str:
    """Return a name for the table of just these rows in this order.

    A selection goes by position: in a table that has changed it would mean other calls.
    """
    return f"calls_{crc32(','.join(r.call.id for r in rows).encode()):08x}"


def calls_frame(
    rows: Sequence[CallRow],
    zone: str | None,
    alerts: Mapping[str, str] = MappingProxyType({}),
) -> pd.DataFrame:
    """Return the rows as a frame with the table's columns."""
    return pd.DataFrame(
        [[*_cells(row, zone), alerts.get(row.call.id)] for row in rows],
        columns=[
            "open", "state", "agent", "held", "customer", "queue", "duration",
            "sentiment", "trend", "share", "reviewed", "topics", "reason", "file", "alerts",
        ],
    )  # fmt: skip


def sentiment_cell(label: SentimentLabel | None, score: float | None) -> str | None:
    """Return a sentiment as sign, word and score, told apart without colour."""
    if label is None:
        return None
    return f"{SENTIMENT_SIGNS[label]} {SENTIMENT_WORDS[label]} {signed(score)}"


def _state(state: CallState) -> str:
    return f"{STATE_SIGNS[state]} {STATE_WORDS[state]}"


def _cells(row: CallRow, zone: str | None) -> list[Any]:
    call, figures = row.call, row.figures
    held = pd.Timestamp(call.held_at)
    score = None
    if figures:
        customer = figures.customer_sentiment_mean
        score = figures.sentiment_mean if customer is None else customer
    share = figures.agent_share_of_speech if figures else None
    trend = figures.sentiment_trend if figures else None
    return [
        OPEN_LABEL if call.active_transcript_id else DETAILS_LABEL,
        _state(call.state),
        call.details.agent_name,
        held.tz_convert(zone) if zone else held,
        call.details.customer_ref,
        call.details.queue,
        length(call.audio.duration_ms) if call.audio else None,
        sentiment_cell(figures.sentiment_label, score) if figures else None,
        None if trend is None else signed(trend),
        None if share is None else share * 100,
        call.reviewed_at is not None,
        ", ".join(map(topic_name, row.topics)) or None,
        call.error_message if call.state is CallState.FAILED else None,
        call.source_name,
    ]


def _columns(open_key: str) -> dict[str, Any]:
    column = st.column_config
    return {
        "open": column.ButtonColumn("", key=open_key, type="tertiary", pinned=True, width=70),
        "state": column.TextColumn("State", width=110),
        "held": column.DatetimeColumn("Date", format="D MMM YYYY, HH:mm", width=150),
        "agent": column.TextColumn("Agent", width=130),
        "customer": column.TextColumn("Customer ref.", width=110),
        "queue": column.TextColumn("Queue", width=110),
        "duration": column.TextColumn("Duration", alignment="right", width=85),
        "sentiment": column.TextColumn(
            "Customer's sentiment", width=150, help="Mean score of the customer's lines, −1 to +1"
        ),
        "trend": column.TextColumn(
            "Trend",
            alignment="right",
            width=70,
            help="Customer's mean in the last quarter of the call minus the first quarter",
        ),
        "share": column.ProgressColumn(
            "Agent talks",
            format="%.0f %%",
            min_value=0,
            max_value=100,
            width=120,
            help="Share of all talk; overlap counts for both parties",
        ),
        "topics": column.TextColumn("About", width=160, help="Recognised from what was said"),
        "reviewed": column.CheckboxColumn("Reviewed", width=80),
        "file": column.TextColumn("File", width=200),
        "reason": column.TextColumn("Reason of failure", width=300),
        "alerts": column.TextColumn("Alerts", width=240, help="Rules that raise an alert"),
    }


def alert_names(
    categories: Mapping[str, Sequence[Category]], names: Mapping[str, str]
) -> dict[str, str]:
    """Return for each call that has alerts the names of the rules that raise them."""
    return {
        call_id: "⚑ " + ", ".join(names.get(c.rule_id, c.rule_id) for c in given if c.alert)
        for call_id, given in categories.items()
        if any(c.alert for c in given)
    }


def _draw_actions(chosen: Sequence[Call], key: str, may: Set[CallsAct]) -> CallsIntent | None:
    ids = tuple(c.id for c in chosen)
    states = {c.state for c in chosen}
    finished = states <= FINISHED_STATES
    with st.container(horizontal=True, vertical_alignment="center", key=f"{key}_actions"):
        st.markdown(f"**{plural(len(ids), 'call')} selected**", width="content")
        offers = [
            (CallsAct.OPEN, "Open", ":material/open_in_full:", len(ids) == 1),
            (CallsAct.CANCEL, "Cancel", ":material/close:", not states & FINISHED_STATES),
            (
                CallsAct.RETRY,
                "Retry",
                ":material/refresh:",
                states <= {CallState.FAILED, CallState.CANCELLED},
            ),
            (CallsAct.RERUN, "Process again…", ":material/restart_alt:", finished),
            (CallsAct.DELETE, "Delete…", ":material/delete:", True),
        ]
        pressed = [
            act
            for act, text, icon, offered in offers
            if offered and act in may and st.button(text, icon=icon, key=f"{key}_act_{act}")
        ]
    return CallsIntent(act=pressed[0], call_ids=ids) if pressed else None
