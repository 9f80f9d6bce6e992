"""The store of workers: who works on this database, on whatever host, and when it last said so."""

import json

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Engine,
    RowMapping,
    and_,
    cast,
    delete,
    func,
    select,
    update,
)

from services.domain.working import SeenWorker, WorkerFacts
from services.storage.database import reading, writing
from services.storage.rows import upsert
from services.storage.worker_tables import WORKERS

DAY_MS = 86_400_000
DAYS_BEFORE_1970 = 2_440_587.5


def now_ms(engine: Engine) -> ColumnElement[int]:
    """Return what the clock of the database says, in milliseconds since 1970."""
    if engine.dialect.name == "sqlite":
        return cast((func.julianday("now") - DAYS_BEFORE_1970) * DAY_MS, BigInteger)
    return cast(func.extract("epoch", func.clock_timestamp()) * 1000, BigInteger)


class WorkerStore:
    """Keeps a row for each worker. Every method raises StorageError when the database can't.

    A row belongs to the process whose token it bears; another process can replace it.
    """

    def __init__(self, engine: Engine) -> None:
        """Use this database."""
        self._engine = engine
        self._now_ms = now_ms(engine)

    def register(self, worker: WorkerFacts) -> None:
        """Write that this worker is there, in place of whatever was known under its id."""
        row = {
            "id": worker.id,
            "token": worker.token,
            "host": worker.host,
            "pid": worker.pid,
            "version": worker.version,
            "queues": json.dumps(worker.queues),
            "jobs_at_once": worker.jobs_at_once,
            "draining": False,
        }
        with writing(self._engine) as connection:
            at = connection.execute(select(self._now_ms)).scalar_one()
            row |= {"started_ms": at, "beat_ms": at}
            upsert(connection, WORKERS, row, key=("id",))

    def beat(self, worker: WorkerFacts, *, draining: bool = False) -> bool:
        """Write that it is alive; return False when its row is gone or is another process's."""
        with writing(self._engine) as connection:
            change = update(WORKERS).where(_row_of(worker))
            values = change.values(beat_ms=self._now_ms, draining=draining)
            return bool(connection.execute(values).rowcount)

    def remove(self, worker: WorkerFacts) -> None:
        """Forget a worker, unless another process has its id by now."""
        with writing(self._engine) as connection:
            connection.execute(delete(WORKERS).where(_row_of(worker)))

    def all(self) -> list[SeenWorker]:
        """Return every worker, in order of their ids.

        While a server was down nobody could write: silence counts from when it came back.
        """
        since: ColumnElement[int] = WORKERS.c.beat_ms
        if self._engine.dialect.name != "sqlite":
            started = func.extract("epoch", func.pg_postmaster_start_time()) * 1000
            since = func.greatest(since, cast(started, BigInteger))
        query = select(
            WORKERS,
            (self._now_ms - since).label("silent_ms"),
            (self._now_ms - WORKERS.c.started_ms).label("since_ms"),
        ).order_by(WORKERS.c.id)
        with reading(self._engine) as connection:
            return [_from_row(row) for row in connection.execute(query).mappings()]


def _row_of(worker: WorkerFacts) -> ColumnElement[bool]:
    return and_(WORKERS.c.id == worker.id, WORKERS.c.token == worker.token)


def _from_row(row: RowMapping) -> SeenWorker:
    facts = WorkerFacts(
        id=row["id"],
        token=row["token"],
        host=row["host"],
        pid=row["pid"],
        version=row["version"],
        queues=tuple(json.loads(row["queues"])),
        jobs_at_once=row["jobs_at_once"],
    )
    return SeenWorker(
        facts=facts,
        since_ms=max(0, row["since_ms"]),
        silent_ms=max(0, row["silent_ms"]),
        draining=row["draining"],
    )
