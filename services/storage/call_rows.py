"""Calls and runs as rows, and the questions that lists ask."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, and_, func, or_, select

from services.domain.calls import (
    Call,
    CallDetails,
    CallState,
    Consent,
    Direction,
    Priority,
    ProcessingOptions,
    Run,
)
from services.domain.people import Within
from services.domain.speech import SentimentLabel
from services.storage.figures import (
    FIGURE_COLUMNS,
    CallFigures,
    day_of,
    figures_from_row,
    week_of,
)
from services.storage.forms import (
    Json,
    pack,
    pack_audio,
    pack_options,
    unpack_audio,
    unpack_options,
)
from services.storage.keys import WrappedKey
from services.storage.models import CALL_FIGURES, CALLS, RUNS
from services.storage.reach import calls_within
from services.storage.rule_tables import CALL_CATEGORIES
from services.storage.topics import about_any

_FIGURES_PREFIX = "figures_"
_CALL_COLUMNS = [c for c in CALLS.c if c.name not in {"key_id", "wrapped_key"}]


class CallSort(StrEnum):
    """What a list of calls is ordered by; calls without the value come last."""

    HELD = "held"
    ADDED = "added"
    NAME = "name"
    AGENT = "agent"
    DURATION = "duration"
    SENTIMENT = "sentiment"
    AGENT_SHARE = "agent_share"
    STATE = "state"


_SORT_COLUMNS: Mapping[CallSort, ColumnElement[Any]] = {
    CallSort.HELD: CALLS.c.held_at,
    CallSort.ADDED: CALLS.c.created_at,
    CallSort.NAME: func.lower(CALLS.c.source_name),
    CallSort.AGENT: func.lower(CALLS.c.agent_name),
    CallSort.DURATION: CALLS.c.duration_ms,
    CallSort.SENTIMENT: CALL_FIGURES.c.customer_sentiment_mean,
    CallSort.AGENT_SHARE: CALL_FIGURES.c.agent_talk_ms
    * 1.0
    / func.nullif(CALL_FIGURES.c.all_talk_ms, 0),
    CallSort.STATE: CALLS.c.state,
}


@dataclass(frozen=True, kw_only=True)
class CallFilter:
    """Which calls to list, in which order. Empty tuples and None don't filter.

    ``text`` is looked for in source name, agent and customer reference, and may be the whole
    external reference. ``first_day`` and
    ``last_day`` are both included. ``categories`` are ids of rules of which one has to apply;
    ``alerts``: one that raises an alert, in a call that nobody has reviewed yet. ``within`` is set
    by whoever answers a person.
    """

    text: str | None = None
    states: tuple[CallState, ...] = ()
    agents: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
    first_day: date | None = None
    last_day: date | None = None
    sentiments: tuple[SentimentLabel, ...] = ()
    topics: tuple[str, ...] = ()
    reviewed: bool | None = None
    categories: tuple[str, ...] = ()
    alerts: bool = False
    external_ref: str | None = None
    customer_ref: str | None = None
    within: Within | None = None
    sort: CallSort = CallSort.HELD
    descending: bool = True
    limit: int | None = None
    offset: int = 0


@dataclass(frozen=True, kw_only=True)
class CallRow:
    """A call as lists show it: with its figures, when it has any, and its newest run's options.

    ``topics`` are the ids of what it is about, surest first.
    """

    call: Call
    figures: CallFigures | None
    options: ProcessingOptions
    topics: tuple[str, ...] = ()


def select_rows(*conditions: ColumnElement[bool]) -> Select[Any]:
    """Return the query for call rows; read them with ``call_row``."""
    figures = [CALL_FIGURES.c[name].label(_FIGURES_PREFIX + name) for name in FIGURE_COLUMNS]
    newest_run = and_(RUNS.c.call_id == CALLS.c.id, RUNS.c.number == CALLS.c.run)
    return (
        select(*_CALL_COLUMNS, RUNS.c.options, *figures)
        .select_from(
            CALLS.join(RUNS, newest_run).outerjoin(
                CALL_FIGURES, CALL_FIGURES.c.call_id == CALLS.c.id
            )
        )
        .where(*conditions)
    )


def select_call(org_id: Any, call_id: Any) -> Select[Any]:
    """Return the query for one call; read it with ``call_from_row``."""
    return select(*_CALL_COLUMNS).where(CALLS.c.org_id == org_id, CALLS.c.id == call_id)


def select_count(org_id: str, wanted: CallFilter) -> Select[int]:
    """Return the query for the number of calls that the filter lets through."""
    figures = CALL_FIGURES.c.call_id == CALLS.c.id
    tables = CALLS.outerjoin(CALL_FIGURES, figures) if wanted.sentiments else CALLS
    return select(func.count()).select_from(tables).where(*conditions(org_id, wanted))


def ordered(query: Select[Any], wanted: CallFilter) -> Select[Any]:
    """Order and cut the query as the filter says; the id makes the order total."""
    column = _SORT_COLUMNS[wanted.sort]
    order = column.desc() if wanted.descending else column.asc()
    query = query.order_by(order.nulls_last(), CALLS.c.id).offset(wanted.offset or None)
    return query.limit(wanted.limit)


def conditions(org_id: str, wanted: CallFilter) -> list[ColumnElement[bool]]:
    """Return what a call's rows must fulfil, over the tables of ``select_rows``."""
    found: list[ColumnElement[bool]] = [CALLS.c.org_id == org_id, *calls_within(wanted.within)]
    if wanted.text:
        columns = (CALLS.c.source_name, CALLS.c.agent_name, CALLS.c.customer_ref)
        contained = [c.icontains(wanted.text, autoescape=True) for c in columns]
        found.append(or_(*contained, CALLS.c.external_ref == wanted.text))
    if wanted.external_ref is not None:
        found.append(CALLS.c.external_ref == wanted.external_ref)
    if wanted.customer_ref is not None:
        found.append(CALLS.c.customer_ref == wanted.customer_ref)
    if wanted.states:
        found.append(CALLS.c.state.in_(wanted.states))
    if wanted.agents:
        found.append(CALLS.c.agent_name.in_(wanted.agents))
    if wanted.queues:
        found.append(CALLS.c.queue.in_(wanted.queues))
    if wanted.first_day:
        found.append(CALLS.c.day >= wanted.first_day)
    if wanted.last_day:
        found.append(CALLS.c.day <= wanted.last_day)
    if wanted.sentiments:
        found.append(CALL_FIGURES.c.sentiment_label.in_(wanted.sentiments))
    if wanted.topics:
        found.append(about_any(wanted.topics))
    if wanted.reviewed is not None:
        reviewed = CALLS.c.reviewed_at.is_not(None)
        found.append(reviewed if wanted.reviewed else ~reviewed)
    category = CALL_CATEGORIES.c
    of_call = select(category.call_id).where(category.call_id == CALLS.c.id)
    if wanted.categories:
        found.append(of_call.where(category.rule_id.in_(wanted.categories)).exists())
    if wanted.alerts:
        found += [of_call.where(category.alert).exists(), CALLS.c.reviewed_at.is_(None)]
    return found


def call_row(row: RowMapping) -> CallRow:
    """Return the value of a row of ``select_rows``."""
    has_figures = row[f"{_FIGURES_PREFIX}call_id"] is not None
    return CallRow(
        call=call_from_row(row),
        figures=figures_from_row(row, _FIGURES_PREFIX) if has_figures else None,
        options=unpack_options(row["options"]),
    )


def call_from_row(row: RowMapping) -> Call:
    """Return the call in a row that has its columns."""
    direction, audio = row["direction"], row["audio"]
    return Call(
        id=row["id"],
        org_id=row["org_id"],
        source_name=row["source_name"],
        content_hash=row["content_hash"],
        size_bytes=row["size_bytes"],
        state=CallState(row["state"]),
        created_at=row["created_at"],
        details=CallDetails(
            agent_name=row["agent_name"],
            queue=row["queue"],
            customer_ref=row["customer_ref"],
            direction=Direction(direction) if direction else None,
            started_at=row["started_at"],
            external_ref=row["external_ref"],
            consent=Consent(row["consent"]) if row["consent"] else None,
            consent_at=row["consent_at"],
            consent_by=row["consent_by"],
        ),
        audio=unpack_audio(audio) if audio else None,
        run=row["run"],
        active_transcript_id=row["active_transcript_id"],
        error_code=row["error_code"],
        error_message=row["error_message"],
        is_demo=row["is_demo"],
        reviewed_at=row["reviewed_at"],
        reviewed_by=row["reviewed_by"],
        added_by=row["added_by"],
    )


def call_to_row(call: Call, key: WrappedKey) -> dict[str, Json]:
    """Return the row of a call."""
    return {
        "id": call.id,
        "org_id": call.org_id,
        "source_name": call.source_name,
        "content_hash": call.content_hash,
        "size_bytes": call.size_bytes,
        "state": call.state,
        "created_at": call.created_at,
        **details_columns(call.details),
        **day_columns(call),
        "held_at": call.held_at,
        "duration_ms": call.audio.duration_ms if call.audio else None,
        "audio": pack_audio(call.audio) if call.audio else None,
        "run": call.run,
        "active_transcript_id": call.active_transcript_id,
        "error_code": call.error_code,
        "error_message": call.error_message,
        "is_demo": call.is_demo,
        "reviewed_at": call.reviewed_at,
        "reviewed_by": call.reviewed_by,
        "added_by": call.added_by,
        "key_id": key.key_id,
        "wrapped_key": key.sealed,
    }


def details_columns(details: CallDetails) -> dict[str, Json]:
    """Return the columns that hold a call's details."""
    return {
        "agent_name": details.agent_name,
        "queue": details.queue,
        "customer_ref": details.customer_ref,
        "direction": details.direction,
        "started_at": details.started_at,
        "external_ref": details.external_ref,
        "consent": details.consent,
        "consent_at": details.consent_at,
        "consent_by": details.consent_by,
    }


def day_columns(call: Call) -> dict[str, Json]:
    """Return the day and the week of a call as columns."""
    day = day_of(call.held_at)
    return {"day": day, "week": week_of(day)}


def run_from_row(row: RowMapping) -> Run:
    """Return the run in a row of its table."""
    return Run(
        call_id=row["call_id"],
        number=row["number"],
        options=unpack_options(row["options"]),
        state=CallState(row["state"]),
        attempts=row["attempts"],
        transcript_id=row["transcript_id"],
        error_code=row["error_code"],
        error_message=row["error_message"],
        retryable=row["retryable"],
        created_at=row["created_at"],
        finished_at=row["finished_at"],
        stage_times_ms=json.loads(row["stage_times"]),
        queue=row["queue"],
        moves=row["moves"],
        priority=Priority(row["priority"]),
    )


def run_to_row(org_id: str, run: Run) -> dict[str, Json]:
    """Return the row of a run."""
    return {
        "call_id": run.call_id,
        "number": run.number,
        "org_id": org_id,
        "provider": run.options.provider,
        "options": pack_options(run.options),
        "state": run.state,
        "created_at": run.created_at,
        "finished_at": run.finished_at,
        "attempts": run.attempts,
        "cancel_requested": False,
        "stage": None,
        "stage_fraction": 0.0,
        "fraction": 0.0,
        "left_ms": None,
        "transcript_id": run.transcript_id,
        "error_code": run.error_code,
        "error_message": run.error_message,
        "retryable": run.retryable,
        "stage_times": pack(dict(run.stage_times_ms)),
        "queue": run.queue,
        "queued_at": run.created_at,
        "moves": run.moves,
        "priority": run.priority,
    }
