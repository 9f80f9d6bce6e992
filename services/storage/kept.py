"""What is kept of a call and one of its runs when a transcript of that run is about to be saved.

It is asked in one statement, after the call's row has been locked: on PostgreSQL a statement that
had to wait for a lock still sees other tables as they were before.
"""

from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    String,
    Table,
    bindparam,
    or_,
    select,
)

from services.domain.calls import CallState, ProcessingOptions
from services.domain.errors import Cancelled, NotFound
from services.storage.forms import unpack_options
from services.storage.models import CALL_FIGURES, CALLS, RUNS, TRANSCRIPTS
from services.storage.rule_tables import CALL_CATEGORIES, RULE_FACTS
from services.storage.search_tables import LINE_VECTORS, SHOWN_UTTERANCES
from services.storage.topics import CALL_TOPICS

_CALL = bindparam("of_call", type_=String)
_RUN = bindparam("of_run", type_=Integer)


def _is_any(table: Table) -> ColumnElement[bool]:
    return select(table.c.call_id).where(table.c.call_id == _CALL).exists()


# What ``write_derived`` writes itself.
_DERIVED = (
    CALL_FIGURES,
    SHOWN_UTTERANCES,
    LINE_VECTORS,
    CALL_TOPICS,
    RULE_FACTS,
    CALL_CATEGORIES,
)
_KEPT = select(
    RUNS.c.state,
    RUNS.c.transcript_id,
    RUNS.c.claim,
    RUNS.c.options,
    select(CALLS.c.search_place).where(CALLS.c.id == _CALL).scalar_subquery().label("place"),
    select(TRANSCRIPTS.c.id)
    .where(TRANSCRIPTS.c.call_id == _CALL, TRANSCRIPTS.c.run == _RUN)
    .exists()
    .label("has_transcript"),
    or_(*map(_is_any, _DERIVED)).label("has_derived"),
).where(RUNS.c.call_id == _CALL, RUNS.c.number == _RUN)


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What there is before a transcript is saved.

    ``stored`` is the transcript of a run that has ended well; ``has_transcript``: the run has saved
    one already; ``has_derived``: something follows from what is shown of the call; ``place`` is the
    call's place in the search index, when it has one.
    """

    stored: str | None
    options: ProcessingOptions
    has_transcript: bool
    has_derived: bool
    place: int | None


def kept_of(connection: Connection, call_id: str, run: int, claim: int | None = None) -> Kept:
    """Look at what there is; the call's row is the caller's to lock.

    Raises NotFound, and Cancelled when the run has ended without success, or is another worker's:
    ``claim`` is outdated.
    """
    row = connection.execute(_KEPT, {"of_call": call_id, "of_run": run}).first()
    if row is None:
        raise NotFound
    if row.state in (CallState.FAILED, CallState.CANCELLED) or claim not in (None, row.claim):
        raise Cancelled
    return Kept(
        stored=row.transcript_id if row.state == CallState.READY else None,
        options=unpack_options(row.options),
        has_transcript=bool(row.has_transcript),
        has_derived=bool(row.has_derived),
        place=row.place,
    )
