"""Periods, what is due by them, and what is deleted of a call that stays."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    Select,
    and_,
    delete,
    insert,
    not_,
    or_,
    select,
    update,
)

from services.domain.calls import FINISHED_STATES
from services.domain.errors import NotFound, StillInWork
from services.domain.ids import new_id
from services.domain.retention import (
    Cutoffs,
    Kept,
    RetentionCounts,
    RetentionPeriod,
    RetentionRun,
    cutoffs_of,
)
from services.storage.database import reading, writing
from services.storage.holds import check_call_free, is_held
from services.storage.keys import WrappedKey
from services.storage.models import (
    CALL_EDITS,
    CALLS,
    RUN_CHECKPOINTS,
    RUNS,
    TRANSCRIPTS,
)
from services.storage.provider_copies import release_copies_of_call
from services.storage.removals import begin_removal
from services.storage.retention_due import count_of, due_query
from services.storage.retention_tables import (
    CALL_LAPSES,
    RETENTION_PERIODS,
    RETENTION_RUNS,
)
from services.storage.rows import upsert
from services.storage.rule_tables import CALL_CATEGORIES, RULE_FACTS
from services.storage.score_tables import (
    CALL_ANSWERS,
    CALL_SCORES,
    CALL_SCORINGS,
    SCORE_OVERRIDES,
)
from services.storage.search_tables import LINE_VECTORS, SHOWN_UTTERANCES

# Everything that holds words of a call; lines and a model's answers go with their transcript.
_WORDS = (
    TRANSCRIPTS,
    SHOWN_UTTERANCES,
    LINE_VECTORS,
    CALL_EDITS,
    CALL_CATEGORIES,
    RULE_FACTS,
    CALL_SCORES,
    CALL_ANSWERS,
    CALL_SCORINGS,
    SCORE_OVERRIDES,
    RUN_CHECKPOINTS,
)
_P = RETENTION_PERIODS.c
_N = RETENTION_RUNS.c
_COUNTS = ("calls", "audio", "text", "voiceprints", "held")


class RetentionStore:
    """Keeps periods and finds what is due. Methods raise StorageError when the database can't."""

    def __init__(self, engine: Engine) -> None:
        """Use this database."""
        self._engine = engine

    def set(self, org_id: str, period: RetentionPeriod, *, by: str) -> None:
        """Set how long something stays, in place of what was set before."""
        row = {
            "org_id": org_id,
            "kind": period.kind,
            "queue": period.queue or "",
            "days": period.days,
            "changed_by": by,
            "changed_at": datetime.now(UTC),
        }
        with writing(self._engine) as connection:
            upsert(connection, RETENTION_PERIODS, row, key=("org_id", "kind", "queue"))

    def unset(self, org_id: str, kind: Kept, queue: str | None) -> None:
        """Take a period away: of a queue, those of all queues hold then; else it is for ever."""
        mine = and_(_P.org_id == org_id, _P.kind == kind, _P.queue == (queue or ""))
        with writing(self._engine) as connection:
            connection.execute(delete(RETENTION_PERIODS).where(mine))

    def periods(self, org_id: str) -> list[RetentionPeriod]:
        """Return what is set, in order of kind and queue."""
        query = select(_P.kind, _P.queue, _P.days).where(_P.org_id == org_id)
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(_P.kind, _P.queue)).all()
        return [
            RetentionPeriod(kind=Kept(row.kind), queue=row.queue or None, days=row.days)
            for row in rows
        ]

    def organisations(self) -> list[str]:
        """Return those for which anything is set."""
        with reading(self._engine) as connection:
            return list(
                connection.execute(select(_P.org_id).distinct().order_by(_P.org_id)).scalars()
            )

    def cutoffs(self, org_id: str, now: datetime) -> dict[Kept, Cutoffs]:
        """Return up to when something of each kind is due, by what is set at this moment."""
        periods = self.periods(org_id)
        return {kind: cutoffs_of(periods, kind, now) for kind in Kept}

    # --- what is due ------------------------------------------------------------------------------

    def due(self, org_id: str, kind: Kept, cutoffs: Cutoffs, limit: int) -> list[str]:
        """Return ids of calls, or voices, of which something is due and nothing is held."""
        query = due_query(org_id, kind, cutoffs)
        if kind is not Kept.VOICEPRINTS:
            query = query.where(not_(is_held()))
        with reading(self._engine) as connection:
            return list(connection.execute(query.limit(limit)).scalars())

    def count_due(self, org_id: str, cutoffs: Mapping[Kept, Cutoffs]) -> RetentionCounts:
        """Count what is due. What goes as a whole call is not counted as audio or text."""
        whole = due_query(org_id, Kept.CALL, cutoffs[Kept.CALL])
        found: dict[Kept, int] = {}
        held: list[Select[Any]] = []
        with reading(self._engine) as connection:
            for kind in Kept:
                query = due_query(org_id, kind, cutoffs[kind])
                if kind is not Kept.VOICEPRINTS:
                    held.append(query.where(is_held()))
                    query = query.where(not_(is_held()))
                if kind in (Kept.AUDIO, Kept.TEXT):
                    query = query.where(CALLS.c.id.not_in(whole))
                found[kind] = count_of(connection, query)
            on_hold = or_(*(CALLS.c.id.in_(query) for query in held))
            count = count_of(connection, select(CALLS.c.id).where(on_hold))
        return RetentionCounts(
            calls=found[Kept.CALL],
            audio=found[Kept.AUDIO],
            text=found[Kept.TEXT],
            voiceprints=found[Kept.VOICEPRINTS],
            held=count,
        )

    # --- what is deleted of a call that stays -----------------------------------------------------

    def begin_audio(self, org_id: str, call_id: str, fresh: WrappedKey, run_id: str) -> None:
        """Make a call's sound unreadable, and write down that it is to be deleted.

        The call gets a ``fresh`` key; what services elsewhere keep of it is to be deleted there.
        Raises NotFound, OnHold, StillInWork.
        """
        with writing(self._engine) as connection:
            _locked(connection, org_id, call_id)
            begin_removal(connection, org_id, call_id)
            release_copies_of_call(connection, call_id)
            _of(connection, RUN_CHECKPOINTS, call_id)
            change = {"key_id": fresh.key_id, "wrapped_key": fresh.sealed}
            connection.execute(update(CALLS).where(CALLS.c.id == call_id).values(change))
            _lapse(connection, org_id, call_id, Kept.AUDIO)
            count_one(connection, run_id, Kept.AUDIO)

    def delete_text(self, org_id: str, call_id: str, run_id: str) -> None:
        """Delete all words of a call at once, and write down that they are to go elsewhere, too.

        Raises NotFound, OnHold, StillInWork.
        """
        with writing(self._engine) as connection:
            _locked(connection, org_id, call_id)
            release_copies_of_call(connection, call_id)
            for table in _WORDS:
                _of(connection, table, call_id)
            nothing = update(CALLS).where(CALLS.c.id == call_id)
            connection.execute(nothing.values(active_transcript_id=None))
            runs = update(RUNS).where(RUNS.c.call_id == call_id)
            connection.execute(runs.values(transcript_id=None))
            _lapse(connection, org_id, call_id, Kept.TEXT)
            count_one(connection, run_id, Kept.TEXT)

    def lapsed(self, org_id: str, call_id: str) -> dict[Kept, datetime]:
        """Return what of a call was deleted because its time was over, and when."""
        lapse = CALL_LAPSES.c
        query = select(lapse.kind, lapse.at).where(lapse.org_id == org_id, lapse.call_id == call_id)
        with reading(self._engine) as connection:
            return {Kept(row.kind): row.at for row in connection.execute(query)}

    # --- runs -------------------------------------------------------------------------------------

    def begin_run(self, org_id: str) -> RetentionRun:
        """Go on with the run that broke off, or begin one."""
        with writing(self._engine) as connection:
            query = select(RETENTION_RUNS).where(_N.org_id == org_id, _N.finished_at.is_(None))
            row = connection.execute(query.order_by(_N.began_at).limit(1)).mappings().first()
            if row is not None:
                return _run(row)
            made = RetentionRun(
                id=new_id(),
                org_id=org_id,
                began_at=datetime.now(UTC),
                finished_at=None,
                counts=RetentionCounts(),
            )
            connection.execute(
                insert(RETENTION_RUNS).values(
                    id=made.id,
                    org_id=org_id,
                    began_at=made.began_at,
                    finished_at=None,
                    **dict.fromkeys(_COUNTS, 0),
                )
            )
        return made

    def end_run(self, run_id: str, *, held: int) -> RetentionRun:
        """Take that a run has done all; return it as it is kept."""
        with writing(self._engine) as connection:
            mine = _N.id == run_id
            change = update(RETENTION_RUNS).where(mine)
            connection.execute(change.values(finished_at=datetime.now(UTC), held=held))
            row = connection.execute(select(RETENTION_RUNS).where(mine)).mappings().one()
            return _run(row)

    def runs(self, org_id: str, limit: int = 10) -> list[RetentionRun]:
        """Return the last runs, the newest first."""
        query = select(RETENTION_RUNS).where(_N.org_id == org_id)
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(_N.began_at.desc()).limit(limit)).mappings()
            return [_run(row) for row in rows]


def count_one(connection: Connection, run_id: str, kind: Kept) -> None:
    """Count something as deleted by a run, in the very transaction that deletes it."""
    column = _N[f"{kind}s" if kind is Kept.CALL else kind]
    change = update(RETENTION_RUNS).where(_N.id == run_id)
    connection.execute(change.values({column.name: column + 1}))


def check_over(connection: Connection, call_id: str) -> None:
    """Raise StillInWork for a call that is being processed."""
    state = connection.execute(select(CALLS.c.state).where(CALLS.c.id == call_id)).scalar()
    if state not in FINISHED_STATES:
        raise StillInWork


def _locked(connection: Connection, org_id: str, call_id: str) -> None:
    """Hold a call's row, of which something is to be deleted."""
    mine = (CALLS.c.org_id == org_id, CALLS.c.id == call_id)
    if connection.execute(select(CALLS.c.id).where(*mine).with_for_update()).first() is None:
        raise NotFound
    check_call_free(connection, org_id, call_id)
    check_over(connection, call_id)


def _of(connection: Connection, table: Any, call_id: str) -> None:
    connection.execute(delete(table).where(table.c.call_id == call_id))


def _lapse(connection: Connection, org_id: str, call_id: str, kind: Kept) -> None:
    row = {"call_id": call_id, "kind": kind, "org_id": org_id, "at": datetime.now(UTC)}
    upsert(connection, CALL_LAPSES, row, key=("call_id", "kind"))


def _run(row: Any) -> RetentionRun:
    return RetentionRun(
        id=row["id"],
        org_id=row["org_id"],
        began_at=row["began_at"],
        finished_at=row["finished_at"],
        counts=RetentionCounts(**{name: row[name] for name in _COUNTS}),
    )
