"""What is transcribed and stored month by month, from the rows that are there for it."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, Engine, func, select, text

from services.domain.calls import Call, ProcessingOptions
from services.domain.errors import InvalidRequest
from services.domain.part import part_of
from services.domain.speech import Transcript
from services.domain.usage import MonthGrowth
from services.storage.database import reading
from services.storage.models import CALLS
from services.storage.rows import insert_new
from services.storage.usage_tables import PROVIDER_USE

_U = PROVIDER_USE.c


def note_use(
    connection: Connection,
    call: Call,
    run: int,
    options: ProcessingOptions,
    transcript: Transcript,
) -> None:
    """Note what a run had transcribed, once; one that kept other words asked no provider."""
    if options.relabel_of is not None:
        return
    audio_ms = transcript.duration_ms
    try:
        part = part_of(audio_ms, options.start_ms, options.end_ms)
    except InvalidRequest:
        part = None
    audio_ms = part.end_ms - part.start_ms if part else audio_ms
    row = {
        "run_key": f"{call.id}:{run}",
        "org_id": call.org_id,
        "provider": transcript.provider,
        "day": datetime.now(UTC).date(),
        "audio_ms": audio_ms,
    }
    insert_new(connection, PROVIDER_USE, row, key=("run_key",))


class UsageStore:
    """Sums up. Every method raises StorageError when the database can't."""

    def __init__(self, engine: Engine) -> None:
        """Use this database."""
        self._engine = engine

    def transcribed(self, org_id: str, since: date) -> dict[tuple[str, str], tuple[int, int]]:
        """Return by month and provider how many runs there were, and their sound in ms."""
        query = (
            select(_U.day, _U.provider, func.count(), func.sum(_U.audio_ms))
            .where(_U.org_id == org_id, _U.day >= since)
            .group_by(_U.day, _U.provider)
        )
        found: dict[tuple[str, str], tuple[int, int]] = defaultdict(lambda: (0, 0))
        for day, provider, runs, audio_ms in self._rows(query):
            before = found[month_of(day), provider]
            found[month_of(day), provider] = (before[0] + runs, before[1] + int(audio_ms))
        return dict(found)

    def growth(self, org_id: str, since: date) -> list[MonthGrowth]:
        """Return the calls of each month, the newest first."""
        query = (
            select(
                CALLS.c.day,
                func.count(),
                func.coalesce(func.sum(CALLS.c.duration_ms), 0),
                func.sum(CALLS.c.size_bytes),
            )
            .where(CALLS.c.org_id == org_id, CALLS.c.day >= since)
            .group_by(CALLS.c.day)
        )
        found: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
        for day, *sums in self._rows(query):
            month = found[month_of(day)]
            for at, value in enumerate(sums):
                month[at] += int(value)
        return [
            MonthGrowth(month=month, calls=calls, duration_ms=duration_ms, size_bytes=size_bytes)
            for month, (calls, duration_ms, size_bytes) in sorted(found.items(), reverse=True)
        ]

    def database_bytes(self) -> int:
        """Return how large the database is, as it says itself."""
        with reading(self._engine) as connection:
            if connection.dialect.name == "sqlite":
                pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
                return int(pages) * int(connection.exec_driver_sql("PRAGMA page_size").scalar_one())
            size = text("SELECT pg_database_size(current_database())")
            return int(connection.execute(size).scalar_one())

    def _rows(self, query: Any) -> Iterable[Any]:
        with reading(self._engine) as connection:
            return connection.execute(query).all()


def month_of(day: date) -> str:
    """Return a day's month, as in ``2026-11``."""
    return f"{day:%Y-%m}"
