"""The tables of who works, and of the queues they work through.

They belong to the installation, not to one of its organisations. Times are milliseconds since 1970
by the clock of the database: that of a host may be wrong, and hosts differ.
"""

from sqlalchemy import BigInteger, Boolean, Column, Integer, String, Table, Text

from services.storage.models import METADATA

WORKERS = Table(
    "workers",
    METADATA,
    Column("id", String(200), primary_key=True),
    Column("token", String(64), nullable=False),
    Column("host", String(200), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("version", String(64), nullable=False),
    Column("queues", Text, nullable=False),
    Column("jobs_at_once", Integer, nullable=False),
    Column("started_ms", BigInteger, nullable=False),
    Column("beat_ms", BigInteger, nullable=False),
    Column("draining", Boolean, nullable=False),
)
JOB_QUEUES = Table(
    "job_queues",
    METADATA,
    Column("name", String(64), primary_key=True),
    Column("at_once", Integer),
    Column("paused_ms", BigInteger),
    Column("paused_by", String(64)),
)
