"""How rights and reach of people and tokens lie in rows."""

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import RowMapping

from services.domain.people import Reach, Right
from services.domain.persons import named_rights


def rights_text(rights: Iterable[Right]) -> str:
    """Return rights as a row has them."""
    return json.dumps(sorted(rights))


def rights_of(text: str) -> frozenset[Right]:
    """Return the rights in a row."""
    return named_rights(json.loads(text))


def reach_columns(reach: Reach) -> dict[str, Any]:
    """Return reach as a row has it."""
    return {
        "all_calls": reach.all_calls,
        "queues": json.dumps(sorted(reach.queues), ensure_ascii=False),
        "agent_name": reach.agent_name,
    }


def reach_of(row: RowMapping) -> Reach:
    """Return the reach in a row."""
    return Reach(
        all_calls=row["all_calls"],
        queues=frozenset(json.loads(row["queues"])),
        agent_name=row["agent_name"],
    )
