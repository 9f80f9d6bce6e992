"""Whose a call is: day, agent and queue, which rows about it repeat so that they can be counted."""

from sqlalchemy import Connection, update

from services.domain.calls import Call
from services.storage.figures import day_of, week_of
from services.storage.models import CALL_FIGURES
from services.storage.rule_tables import CALL_CATEGORIES, RULE_FACTS
from services.storage.score_tables import CALL_ANSWERS, CALL_SCORES
from services.storage.topics import CALL_TOPICS

_REPEATING = (CALL_FIGURES, CALL_TOPICS, CALL_CATEGORIES, RULE_FACTS, CALL_SCORES, CALL_ANSWERS)


def pass_on(connection: Connection, call: Call) -> None:
    """Repeat in all rows about a call whose it is now."""
    day = day_of(call.held_at)
    whose = {
        "day": day,
        "week": week_of(day),
        "agent_name": call.details.agent_name,
        "queue": call.details.queue,
    }
    for table in _REPEATING:
        values = {name: value for name, value in whose.items() if name in table.c}
        connection.execute(update(table).where(table.c.call_id == call.id).values(values))
