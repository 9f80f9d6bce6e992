"""The store of queues: how much of each a worker takes at once, and whether it is paused."""

from dataclasses import dataclass

from sqlalchemy import Engine, select

from services.storage.database import reading, writing
from services.storage.rows import upsert
from services.storage.worker_tables import JOB_QUEUES
from services.storage.workers import now_ms


@dataclass(frozen=True, kw_only=True)
class QueueSwitch:
    """How a queue is set. ``at_once`` None: workers take as much as its provider's limits allow.

    ``paused_ms`` is how long it has been paused, None while it isn't.
    """

    name: str
    at_once: int | None
    paused_ms: int | None
    paused_by: str | None


class QueueStore:
    """Keeps a row for each queue. Every method raises StorageError when the database can't."""

    def __init__(self, engine: Engine) -> None:
        """Use this database."""
        self._engine = engine
        self._now_ms = now_ms(engine)

    def note(self, name: str, at_once: int | None) -> None:
        """Write how much of a queue a worker takes at once; a pause stays."""
        row = {"name": name, "at_once": at_once}
        with writing(self._engine) as connection:
            upsert(connection, JOB_QUEUES, row, key=("name",))

    def pause(self, name: str, by: str) -> None:
        """Pause a queue, for this person; one that is paused stays as it was."""
        with writing(self._engine) as connection:
            query = select(JOB_QUEUES.c.paused_ms, self._now_ms).where(JOB_QUEUES.c.name == name)
            row = connection.execute(query).first()
            if row is not None and row[0] is not None:
                return
            at = row[1] if row else connection.execute(select(self._now_ms)).scalar_one()
            paused = {"name": name, "paused_ms": at, "paused_by": by}
            upsert(connection, JOB_QUEUES, paused, key=("name",))

    def resume(self, name: str) -> None:
        """Let a queue go on."""
        running = {"name": name, "paused_ms": None, "paused_by": None}
        with writing(self._engine) as connection:
            upsert(connection, JOB_QUEUES, running, key=("name",))

    def all(self) -> dict[str, QueueSwitch]:
        """Return how the queues are set, by their names; one that never was is missing."""
        since = (self._now_ms - JOB_QUEUES.c.paused_ms).label("since")
        with reading(self._engine) as connection:
            rows = connection.execute(select(JOB_QUEUES, since)).mappings().all()
        return {
            row["name"]: QueueSwitch(
                name=row["name"],
                at_once=row["at_once"],
                paused_ms=None if row["since"] is None else max(0, row["since"]),
                paused_by=row["paused_by"],
            )
            for row in rows
        }
