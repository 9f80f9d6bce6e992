"""What is asked of the job engine's rows directly, in the transaction that depends on it."""

from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Select, String, TableClause, bindparam, column, select, table

# Where DBOS keeps its jobs: on a server in a schema of its own.
SCHEMA = "dbos"
CLAIMED = "PENDING"
ENQUEUED = "ENQUEUED"
_COLUMNS = (
    "workflow_uuid",
    "status",
    "name",
    "application_version",
    "executor_id",
    "queue_name",
    "queue_partition_key",
)


def is_held(connection: Connection, job: str, worker_id: str) -> bool:
    """Say whether this worker has the job; nobody else gets it before the transaction ends.

    A worker that was cut off from the database for a while may have lost its jobs meanwhile.
    """
    mine = {"of_job": job, "of_worker": worker_id}
    return connection.execute(_held(connection.dialect.name), mine).first() is not None


# Every job asks it.
@lru_cache
def _held(dialect: str) -> Select[Any]:
    jobs = _jobs(dialect)
    return (
        select(jobs.c.workflow_uuid)
        .where(jobs.c.workflow_uuid == bindparam("of_job", type_=String))
        .where(jobs.c.status == CLAIMED)
        .where(jobs.c.executor_id == bindparam("of_worker", type_=String))
        # On SQLite a transaction that writes is alone anyway.
        .with_for_update(key_share=True)
    )


def is_any_waiting(connection: Connection, queue: str) -> bool:
    """Say whether a job waits in a queue, for whichever worker."""
    return (
        connection.execute(_waiting(connection.dialect.name), {"of_queue": queue}).first()
        is not None
    )


# Every worker asks it several times a second.
@lru_cache
def _waiting(dialect: str) -> Select[Any]:
    jobs = _jobs(dialect)
    return (
        select(jobs.c.workflow_uuid)
        .where(jobs.c.status == ENQUEUED)
        .where(jobs.c.queue_name == bindparam("of_queue", type_=String))
        .limit(1)
    )


def waiting_for_nobody(connection: Connection, name: str, version: str, most: int) -> list[str]:
    """Return waiting jobs of this name that don't say whose they are, at most so many."""
    jobs = _jobs(connection.dialect.name)
    found = (
        select(jobs.c.workflow_uuid)
        .where(jobs.c.status == ENQUEUED)
        .where(jobs.c.name == name)
        .where(jobs.c.application_version == version)
        .where(jobs.c.queue_partition_key.is_(None))
        .limit(most)
    )
    return list(connection.execute(found).scalars())


def _jobs(dialect: str) -> TableClause:
    schema = None if dialect == "sqlite" else SCHEMA
    return table("workflow_status", *map(column, _COLUMNS), schema=schema)
