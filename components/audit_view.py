"""The audit: which entries are wanted, and what they tell, in plain words."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from components._compat import day_range
from components.wording import MISSING
from services.domain.acts import Act, Outcome
from services.domain.audit_trail import AuditQuery, KeptEntry

ACT_WORDS: Mapping[Act, str] = {
    Act.SIGNED_IN: "Signed in",
    Act.SIGNED_OUT: "Signed out",
    Act.SIGN_IN_REFUSED: "Tried to sign in",
    Act.TOKEN_REFUSED: "Came with a token that isn't valid",
    Act.CALL_VIEWED: "Read a call",
    Act.CALL_PLAYED: "Listened to a call",
    Act.ORIGINAL_PLAYED: "Listened to an original recording",
    Act.CALL_FOLLOWED: "Followed a live call",
    Act.CALLS_SEARCHED: "Searched in calls",
    Act.CALL_ADDED: "Added a call",
    Act.CALL_EDITED: "Changed a call",
    Act.CALL_PROCESSED: "Had a call processed",
    Act.CALL_EXPORTED: "Exported a call",
    Act.FIGURES_EXPORTED: "Exported figures",
    Act.CALL_DELETED: "Deleted a call",
    Act.CUSTOMER_ERASED: "Erased a customer",
    Act.CALL_CONTROLLED: "Controlled a phone call",
    Act.CALL_PLACED: "Called a number",
    Act.RULES_CHANGED: "Changed rules",
    Act.SCORECARDS_CHANGED: "Changed scorecards",
    Act.ANSWER_CHANGED: "Changed a scorecard's answer",
    Act.VOCABULARY_CHANGED: "Changed the vocabulary",
    Act.VOICES_CHANGED: "Changed known voices",
    Act.VOICES_SEEN: "Looked at known voices",
    Act.PEOPLE_CHANGED: "Changed people and their rights",
    Act.PEOPLE_SEEN: "Looked at people and their rights",
    Act.TOKENS_CHANGED: "Changed tokens",
    Act.QUEUES_CHANGED: "Changed queues or workers",
    Act.OPERATION_SEEN: "Looked at workers and queues",
    Act.RETENTION_CHANGED: "Changed how long calls are kept",
    Act.RETENTION_CARRIED_OUT: "Deleted what was kept long enough",
    Act.HOLD_CHANGED: "Changed a legal hold",
    Act.KEY_ROTATED: "Changed the encryption key",
    Act.AUDIT_READ: "Read the audit",
    Act.AUDIT_CUT: "Cut old entries of the audit",
    Act.AUDIT_RESUMED: "Let the audit go on after it was broken",
}
# As pages name it that are opened on the server itself.
_LOOPBACK = frozenset({"127.0.0.1", "::1"})
OUTCOME_WORDS = {Outcome.ALLOWED: "Allowed", Outcome.REFUSED: "Refused"}
OUTCOME_SIGNS = {Outcome.ALLOWED: "✓", Outcome.REFUSED: "✕"}


def draw_audit_filter(zone: str | None) -> AuditQuery:
    """Draw the filters; return what they ask for. Days are those of the person's time zone."""
    who, subject, days = st.columns([3, 3, 3])
    name = who.text_input(
        "Person", placeholder="Name or id", key="audit_who", persist_state="session"
    )
    thing = subject.text_input(
        "With", placeholder="Id of a call, rule, …", key="audit_subject", persist_state="session"
    )
    with days:
        first, last = day_range("Days", key="audit_days")
    what, how = st.columns([6, 3], vertical_alignment="top")
    acts = what.multiselect(
        "What was done",
        list(Act),
        format_func=lambda act: ACT_WORDS[act],
        placeholder="Everything",
        key="audit_acts",
        persist_state="session",
    )
    outcome = how.segmented_control(
        "How it went",
        list(Outcome),
        format_func=lambda one: OUTCOME_WORDS[one],
        key="audit_outcome",
        persist_state="session",
    )
    return AuditQuery(
        who=name.strip() or None,
        subject=thing.strip() or None,
        acts=tuple(acts),
        outcome=outcome,
        since=_begin(first, zone),
        until=_begin(last and last + timedelta(days=1), zone),
    )


def draw_entries(
    entries: Sequence[KeptEntry], calls_there: Collection[str], zone: str | None
) -> None:
    """Draw entries as a table; those of calls that are still there lead to them."""
    column = st.column_config
    st.dataframe(
        pd.DataFrame([_cells(entry, calls_there, zone) for entry in entries]),
        hide_index=True,
        height="content",
        placeholder=MISSING,
        column_config={
            "When": column.DatetimeColumn(format="D MMM YYYY, HH:mm:ss", width=170),
            "Outcome": column.TextColumn(width=95),
            "What": column.TextColumn(width=230),
            "Person": column.TextColumn(width=150),
            "Role": column.TextColumn(width=90),
            "Call": column.LinkColumn(display_text="Open", width=70),
            "With": column.TextColumn(width=170, help="Id of what it was done with"),
            "Details": column.TextColumn(width=150),
            "From": column.TextColumn(width=120, help="Address from which the request came"),
            "No.": column.NumberColumn(width=70, help="Place in the audit", format="%d"),
        },
        alt=f"Table of {len(entries)} entries of the audit, the newest first",
    )


def act_words(act: str) -> str:
    """Return what an act is called on screen; one that is gone keeps its name."""
    return ACT_WORDS[Act(act)] if act in list(Act) else act.replace("_", " ")


def _cells(entry: KeptEntry, calls_there: Collection[str], zone: str | None) -> dict[str, Any]:
    at = pd.Timestamp(entry.at)
    known = entry.outcome in list(Outcome)
    details = ", ".join(f"{name.replace('_', ' ')} {v}" for name, v in entry.details.items())
    link = f"call?call={entry.subject}" if entry.subject in calls_there else None
    return {
        "When": at.tz_convert(zone) if zone else at,
        "Outcome": _outcome(Outcome(entry.outcome)) if known else entry.outcome,
        "What": act_words(entry.act),
        "Person": entry.name,
        "Role": entry.role.capitalize(),
        "Call": link,
        "With": entry.subject,
        "Details": details or None,
        "From": "this machine" if entry.address in _LOOPBACK else entry.address,
        "No.": entry.sequence,
    }


def _outcome(outcome: Outcome) -> str:
    return f"{OUTCOME_SIGNS[outcome]} {OUTCOME_WORDS[outcome]}"


def _begin(day: date | None, zone: str | None) -> datetime | None:
    """Return the moment at which a day begins for the person."""
    return datetime.combine(day, time(), ZoneInfo(zone or "UTC")) if day else None
