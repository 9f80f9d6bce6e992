"""Makes a history of the wished size, measures on it, and prints one table.

The database is the one that is named, or one of its own that goes afterwards; nothing of what is
measured stays in it but the history. Times are milliseconds, rates are per second.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine

from app.seeding.calls import History
from app.seeding.loading import SeededCalls
from app.seeding.team import Calendar
from bench.results import keep, table
from bench.scale import ingest, jobs, page, searches
from services.domain.errors import InvalidRequest
from services.jobs.queue import prepare_queue
from services.storage.database import open_engine
from services.storage.keys import MasterKey
from services.storage.schema import migrate
from tests.postgres import find_postgres, postgres_server

KEY = MasterKey(bytes(range(32)))
ORG = "local"
LAST_DAY = date(2026, 10, 31)
DAYS = 365


@dataclass(frozen=True, kw_only=True)
class Scale:
    """What is measured, and on how much. ``with_text`` of the ``calls`` can be searched."""

    calls: int
    with_text: int
    agents: int = 60
    parts: tuple[str, ...] = ("page", "search", "ingest", "jobs")
    database: str | None = None
    postgres: bool = False
    rounds: int = 5

    @property
    def history(self) -> History:
        """The calls."""
        return History(
            seed="scale",
            calls=self.calls,
            with_text=self.with_text,
            agents=self.agents,
            calendar=Calendar(last_day=LAST_DAY, days=DAYS),
            org_id=ORG,
        )


Row = Mapping[str, Any]
PARTS: Mapping[str, Callable[[Engine, Any, Path], Iterator[Row]]] = {
    "page": page.measured,
    "search": searches.measured,
    "ingest": ingest.measured,
    "jobs": jobs.measured,
}


def measure(scale: Scale, json_file: Path | None) -> int:
    """Measure and print; the exit status. Raises InvalidRequest."""
    if unknown := set(scale.parts) - set(PARTS):
        raise InvalidRequest(f"There is no part {', '.join(sorted(unknown))}: {', '.join(PARTS)}.")
    rows: list[Row] = []
    with (
        tempfile.TemporaryDirectory(prefix="partyline-scale-") as folder,
        _database(scale, Path(folder)) as address,
    ):
        engine = open_engine(address)
        migrate(engine)
        prepare_queue(address)
        rows.append(_filled(engine, scale))
        for name in scale.parts:
            for row in PARTS[name](engine, scale, Path(folder)):
                sys.stderr.write(f"{row}\n")
                rows.append(row)
        engine.dispose()
    rows = [{"database": _kind(scale), **row} for row in rows]
    sys.stdout.write(table(_alike(rows)) + "\n")
    keep("scale", rows, json_file)
    return 0


def _kind(scale: Scale) -> str:
    named = scale.database or ""
    return "postgresql" if scale.postgres or named.startswith("postgresql") else "sqlite"


def _filled(engine: Engine, scale: Scale) -> Row:
    began = time.monotonic()
    loader = SeededCalls(engine, KEY, "scale")
    added = loader.add(scale.history, lambda done: _tell(done, scale.calls))
    if engine.dialect.name != "sqlite":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")
    return {
        "what": f"seed {scale.calls:,} calls, {scale.with_text:,} with text",
        "n": added,
        "seconds": round(time.monotonic() - began, 1),
    }


def _tell(done: int, total: int) -> None:
    sys.stderr.write(f"\r{done:,} of {total:,} calls")
    if done >= total:
        sys.stderr.write("\n")


def _alike(rows: Sequence[Row]) -> list[Row]:
    """Give all rows all columns, for the table."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    return [{name: row.get(name) for name in names} for row in rows]


@contextmanager
def _database(scale: Scale, folder: Path) -> Iterator[str]:
    """Yield the address of the database to measure on."""
    if scale.database:
        yield scale.database
        return
    if not scale.postgres:
        yield f"sqlite:///{folder / 'scale.db'}"
        return
    programs = find_postgres()
    if programs is None:
        raise InvalidRequest("PostgreSQL is not installed (Debian and Ubuntu: postgresql).")
    with postgres_server(programs, durable=True) as address:
        server = create_engine(f"{address}/postgres", isolation_level="AUTOCOMMIT")
        with server.connect() as connection:
            connection.exec_driver_sql("CREATE DATABASE scale")
        server.dispose()
        yield f"{address}/scale"
