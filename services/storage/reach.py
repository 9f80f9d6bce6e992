"""With which calls a person has to do, as conditions of queries.

Whoever reaches every call is asked about by ``None``, which adds no condition. Otherwise a call is
within when its queue or its agent is in the reach, or the person added it. Rollups don't know who
added a call: what they hold is asked for by queue and agent, and the person's own calls beyond that
are added up from their rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Table, false, or_, select

from services.domain.people import Within
from services.storage.models import CALLS, TRANSCRIPTS

CALL_ID = "call_id"
REACHED_QUEUES, REACHED_AGENT, ADDED_BY = "reached_queues", "reached_agent", "added_by"


def calls_within(within: Within | None) -> list[ColumnElement[bool]]:
    """Return what a row of CALLS must fulfil."""
    if within is None:
        return []
    return [or_(*_covered(CALLS, within), CALLS.c.added_by == within.added_by)]


def rows_within(table: Table, org_id: str, within: Within | None) -> list[ColumnElement[bool]]:
    """Return what the row of a table about calls must fulfil.

    It has ``call_id`` and, like CALLS, the call's agent and queue.
    """
    if within is None:
        return []
    own = select(CALLS.c.id).where(CALLS.c.org_id == org_id, CALLS.c.added_by == within.added_by)
    return [or_(*_covered(table, within), table.c.call_id.in_(own))]


def rows_redacted(table: Table) -> ColumnElement[bool]:
    """Return what the row of a table about calls must fulfil for its call to be redacted."""
    active = TRANSCRIPTS.c.id == CALLS.c.active_transcript_id
    query = select(CALLS.c.id).join(TRANSCRIPTS, active)
    return query.where(CALLS.c.id == table.c.call_id, TRANSCRIPTS.c.redacted).exists()


def _covered(table: Table, within: Within) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [false()]
    if queues := _queues(within):
        found.append(table.c.queue.in_(queues))
    if within.reach.agent_name:
        found.append(table.c.agent_name == within.reach.agent_name)
    return found


def _queues(within: Within) -> list[str]:
    """Return the queues in order; what has no name is no queue."""
    return sorted(queue for queue in within.reach.queues if queue)


@dataclass(frozen=True, kw_only=True)
class PartWithin:
    """One part of the calls within, without the values: by ``queues`` or ``agent``, or all calls.

    ``own`` is the rest: calls that the person added and that are in no other part.
    """

    queues: bool = False
    agent: bool = False
    own: bool = False

    def sql(self, given: Mapping[str, str]) -> str:
        """Return the condition as SQL that goes on with AND; ``given`` is each column's SQL."""
        covered = []
        if self.queues:
            covered.append(f"{given['queue']} IN :{REACHED_QUEUES}")
        if self.agent:
            covered.append(f"{given['agent']} = :{REACHED_AGENT}")
        either = f"({' OR '.join(covered)})"
        if not self.own:
            return f" AND {either}" if covered else ""
        own = (
            f" AND {given[CALL_ID]} IN"
            f" (SELECT id FROM calls WHERE org_id = :org_id AND added_by = :{ADDED_BY})"
        )
        return own + (f" AND NOT {either}" if covered else "")


def parts_within(within: Within | None) -> list[PartWithin]:
    """Return the parts that together are all calls within, no call in two of them."""
    if within is None:
        return [PartWithin()]
    queues, agent = bool(_queues(within)), bool(within.reach.agent_name)
    covered = [PartWithin(queues=queues, agent=agent)] if queues or agent else []
    return [*covered, PartWithin(queues=queues, agent=agent, own=True)]


def values_within(within: Within | None) -> dict[str, Any]:
    """Return the values that the parts' conditions speak of."""
    if within is None:
        return {}
    return {
        REACHED_QUEUES: _queues(within),
        REACHED_AGENT: within.reach.agent_name,
        ADDED_BY: within.added_by,
    }
