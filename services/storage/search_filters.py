"""Which calls, and which of their lines, a filter lets through; calls by their place in time."""

from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select, true

from services.domain.searching import LineFilter
from services.storage.models import CALLS, TRANSCRIPTS
from services.storage.reach import calls_within
from services.storage.rule_tables import CALL_CATEGORIES
from services.storage.search_places import LAST_PLACE, PLACES_PER_DAY, place_of_day
from services.storage.search_tables import SHOWN_UTTERANCES

_C, _S, _T = CALLS.c, SHOWN_UTTERANCES.c, TRANSCRIPTS.c


def narrows_calls(among: LineFilter) -> bool:
    """Tell whether the filter leaves out calls, for another reason than their day."""
    return bool(
        among.agents or among.queues or among.call_ids or among.categories or among.languages
        or among.providers or among.within or among.redacted_only
        or among.min_duration_ms is not None or among.max_duration_ms is not None
    )  # fmt: skip


def places_of(among: LineFilter) -> range:
    """Return the places that calls of the filter's days can have.

    A place lies a little after the moment where many calls are held at once.
    """
    first = place_of_day(among.first_day) if among.first_day else 0
    end = place_of_day(among.last_day) + 2 * PLACES_PER_DAY if among.last_day else LAST_PLACE
    return range(max(0, first), max(0, end))


def line_conditions(among: LineFilter) -> list[ColumnElement[bool]]:
    """Return what the row of a line must fulfil."""
    found: list[ColumnElement[bool]] = []
    if among.said_by:
        found.append(_S.role == among.said_by.value)
    if among.sentiments:
        found.append(_S.sentiment_label.in_([label.value for label in among.sentiments]))
    return found


def call_conditions(
    org_id: str, among: LineFilter, *, one_by_one: bool = False, in_order: bool = False
) -> list[ColumnElement[bool]]:
    """Return what the row of a line's call must fulfil.

    ``one_by_one``: calls are looked at as they come, instead of finding all that fit first.
    ``in_order``: calls of some places are read in order, so their days are not to be looked up.
    """
    found: list[ColumnElement[bool]] = [_C.org_id == org_id, *calls_within(among.within)]
    days = [_C.day >= among.first_day] if among.first_day else []
    days += [_C.day <= among.last_day] if among.last_day else []
    # An index is never used for a condition in this form.
    found += [day.self_group().is_(true()) for day in days] if in_order else days
    for column, values in (
        (_C.agent_name, among.agents),
        (_C.queue, among.queues),
        (_C.id, among.call_ids),
    ):
        if values:
            found.append(column.in_(values) if len(values) > 1 else column == values[0])
    if among.min_duration_ms is not None:
        found.append(_C.duration_ms >= among.min_duration_ms)
    if among.max_duration_ms is not None:
        found.append(_C.duration_ms < among.max_duration_ms)
    if among.categories:
        rules = CALL_CATEGORIES.c
        given = select(rules.call_id).where(
            rules.org_id == org_id, rules.rule_id.in_(among.categories)
        )
        found.append(
            given.where(rules.call_id == _C.id).exists() if one_by_one else _C.id.in_(given)
        )
    return found + _transcript_conditions(among)


def _transcript_conditions(among: LineFilter) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if among.languages:
        wanted.append(
            or_(
                _T.language.in_(among.languages),
                *(_T.language.startswith(f"{name}-", autoescape=True) for name in among.languages),
            )
        )
    if among.providers:
        wanted.append(_T.provider.in_(among.providers))
    if among.redacted_only:
        wanted.append(_T.redacted)
    if not wanted:
        return []
    active: Select[Any] = select(_T.id).where(_T.id == _C.active_transcript_id, *wanted)
    return [active.exists()]
