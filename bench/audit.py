"""How fast the audit is written and looked through: ``python -m bench.audit [--entries N]``.

Writes entries one by one, each durable before the next, alone and by several at once, on SQLite and
on a PostgreSQL server of its own that waits for the disk; prints entries a second.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, event

from services.auditing.verifying import ChainVerifier
from services.domain.acts import Act, AuditEntry, Outcome
from services.storage.audit import AuditStore
from services.storage.audit_reading import AuditReader
from services.storage.database import open_engine
from services.storage.keys import MasterKey
from services.storage.schema import migrate
from tests.postgres import find_postgres, postgres_server

KEY = MasterKey(bytes(range(32)))
AT_ONCE = 8


def main() -> None:
    """Measure both databases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=2_000)
    entries = parser.parse_args().entries
    print("database     alone/s  by 8/s  looked through/s  statements an entry")
    with tempfile.TemporaryDirectory() as folder:
        measure("sqlite", f"sqlite:///{Path(folder) / 'audit.db'}", entries)
    programs = find_postgres()
    if programs is not None:
        with postgres_server(programs, durable=True) as address:
            measure("postgresql", f"{address}/postgres", entries)


def measure(name: str, url: str, entries: int) -> None:
    """Print a line of what one database does."""
    engine = open_engine(url)
    migrate(engine)
    store = AuditStore(engine, KEY)
    store.note(entry(0))
    statements = counted(engine, lambda: store.note(entry(0)))
    alone = rate(entries, lambda: [store.note(entry(n)) for n in range(entries)])
    with ThreadPoolExecutor(AT_ONCE) as pool:
        by_many = rate(
            entries, lambda: list(pool.map(lambda n: store.note(entry(n)), range(entries)))
        )
    looked = rate(2 * entries, ChainVerifier(AuditReader(engine), KEY).check)
    engine.dispose()
    print(f"{name:<12} {alone:>7.0f} {by_many:>7.0f} {looked:>17.0f} {statements:>20}")


def entry(number: int) -> AuditEntry:
    """Return an entry like those that people bring about."""
    return AuditEntry(
        org_id="local",
        user_id="u-4711",
        name="Nora Fields",
        role="supervisor",
        act=Act.CALL_VIEWED,
        outcome=Outcome.ALLOWED,
        at=datetime.now(UTC),
        subject=f"call-{number:08}",
        address="192.0.2.7",
    )


def rate(count: int, work: Callable[[], object]) -> float:
    """Return how many a second the work does."""
    began = time.perf_counter()
    work()
    return count / (time.perf_counter() - began)


def counted(engine: Engine, work: Callable[[], object]) -> int:
    """Return how many statements the work sends, without those that begin and end transactions."""
    sent: list[str] = []

    def note(_connection, _cursor, statement, *_rest) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    work()
    event.remove(engine, "before_cursor_execute", note)
    return sum(not one.startswith(("BEGIN", "PRAGMA")) for one in sent)


if __name__ == "__main__":
    main()
