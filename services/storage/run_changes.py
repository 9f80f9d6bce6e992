"""The changes of a run's row that every job makes, and what follows from them.

Each is put together once: that takes SQLAlchemy longer than the database does over the row.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Connection,
    Integer,
    String,
    Update,
    and_,
    bindparam,
    delete,
    or_,
    select,
    update,
)

from services.domain.calls import CallState
from services.storage.models import CALLS, RUN_CHECKPOINTS, RUNS
from services.storage.provider_copies import release_copies_of_run
from services.storage.provider_tables import PROVIDER_COPIES

REPORTED = ("stage", "stage_fraction", "fraction", "left_ms")
_CALL = bindparam("of_call", type_=String)
_NUMBER = bindparam("of_number", type_=Integer)
_CLAIMED = bindparam("claimed", type_=Integer)
_ALIVE = and_(
    RUNS.c.call_id == _CALL,
    RUNS.c.number == _NUMBER,
    RUNS.c.finished_at.is_(None),
    or_(_CLAIMED.is_(None), RUNS.c.claim == _CLAIMED),
)
# Of the run alone, since its call has followed it when it was taken.
REPORT = update(RUNS).where(_ALIVE).values({name: bindparam(name) for name in REPORTED})
TAKE = (
    update(RUNS)
    .where(_ALIVE)
    .values(
        state=CallState.PROCESSING.value,
        attempts=RUNS.c.attempts + 1,
        claim=RUNS.c.claim + 1,
    )
    .returning(RUNS.c.claim, RUNS.c.attempts)
)
# A run that has come to something is not the reason for its deaths.
GOT_ON = update(RUNS).where(_ALIVE).values(attempts=0).returning(RUNS.c.org_id)
_USED = and_(RUN_CHECKPOINTS.c.call_id == _CALL, RUN_CHECKPOINTS.c.run == _NUMBER)
_LEFT = select(
    select(PROVIDER_COPIES.c.call_id).where(PROVIDER_COPIES.c.call_id == _CALL).exists(),
    select(RUN_CHECKPOINTS.c.call_id).where(_USED).exists(),
)
_DELETE_CHECKPOINTS = delete(RUN_CHECKPOINTS).where(_USED)


def named(call_id: str, number: int, claim: int | None = None) -> dict[str, Any]:
    """Return what the changes here ask for: a run that goes on, and of which a claim holds."""
    return {"of_call": call_id, "of_number": number, "claimed": claim}


@lru_cache
def changing(columns: tuple[str, ...]) -> Update:
    """Return the change of these columns of a run that goes on; values are called ``new_…``."""
    return update(RUNS).where(_ALIVE).values({name: bindparam(f"new_{name}") for name in columns})


def let_go(connection: Connection, call_id: str, number: int, copies_of: str | None) -> None:
    """Let go of what only a run that goes on needs; most have nothing of the kind by then.

    Copies stay only at the provider of the transcript ``copies_of``. The run's row has been changed
    in this transaction, so that nobody notes another copy for it meanwhile.
    """
    mine = {"of_call": call_id, "of_number": number}
    has_copies, has_checkpoints = connection.execute(_LEFT, mine).one()
    if has_copies:
        release_copies_of_run(connection, call_id, number, copies_of)
    if has_checkpoints:
        connection.execute(_DELETE_CHECKPOINTS, mine)


def let_call_follow(
    connection: Connection, call_id: str, number: int, change: Mapping[str, Any]
) -> None:
    """Give a call what has changed of its newest run, if it isn't in that state yet."""
    values = {f"new_{name}": value for name, value in change.items()}
    mine = {"of_call": call_id, "of_number": number}
    connection.execute(_following(tuple(change)), {**mine, **values})


@lru_cache
def _following(columns: tuple[str, ...]) -> Update:
    newest = and_(CALLS.c.id == _CALL, CALLS.c.run == _NUMBER)
    differs = CALLS.c.state != bindparam("new_state")
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in columns}
    return update(CALLS).where(newest, differs).values(values)
