"""Which worker holds a job at this moment, asked within the transaction that depends on it."""

from sqlalchemy import Connection, column, select, table

# Where DBOS keeps its jobs: on a server in a schema of its own.
SCHEMA = "dbos"
CLAIMED = "PENDING"
_COLUMNS = ("workflow_uuid", "status", "executor_id")


def is_held(connection: Connection, job: str, worker_id: str) -> bool:
    """Say whether this worker has the job; nobody else gets it before the transaction ends.

    A worker that was cut off from the database for a while may have lost its jobs meanwhile.
    """
    schema = None if connection.dialect.name == "sqlite" else SCHEMA
    jobs = table("workflow_status", *map(column, _COLUMNS), schema=schema)
    mine = (
        select(jobs.c.workflow_uuid)
        .where(jobs.c.workflow_uuid == job)
        .where(jobs.c.status == CLAIMED)
        .where(jobs.c.executor_id == worker_id)
        # On SQLite a transaction that writes is alone anyway.
        .with_for_update(key_share=True)
    )
    return connection.execute(mine).first() is not None
