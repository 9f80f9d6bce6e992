"""Keeping the rollups: bringing them up to date, making them anew, checking them.

What changes a call notes the change beside the rollups in its own transaction (see
``rollup_tables``). ``fold`` moves such notes into the sums now and then; figures are right before,
while and after it does.
"""

import random
import time
from collections.abc import Mapping
from functools import lru_cache
from threading import Event
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    FromClause,
    Table,
    TextClause,
    column,
    delete,
    func,
    select,
    text,
    union_all,
)
from sqlalchemy.exc import OperationalError

from services import telemetry
from services.domain.errors import StorageError
from services.domain.together import Period
from services.storage.database import reading, writing
from services.storage.rollup_tables import AGENT, QUEUE, ROLLUPS, WHO, Rollup
from services.storage.rollup_triggers import contribution

FOLD_EVERY_S = 10.0
# Any number serves that nothing else of ours takes.
FOLD_LOCK = 0x524F_4C4C
# How long is waited for all locks at once: well below the second after which a server looks for
# those that wait for each other. And how long it is tried again.
LOCK_WITHIN_MS = 400
LOCKING_S = 60.0
# What PostgreSQL says of a statement that took too long, and of a lock that it would never get.
NOT_LOCKED = {"57014", "40P01"}


class RollupStore:
    """Keeps the rollups of all organisations. Raises StorageError when the database can't."""

    def __init__(self, engine: Engine) -> None:
        """Use this database."""
        self._engine = engine

    def fold(self) -> int:
        """Move the noted changes into the sums; return how many there were.

        Does nothing while another process does it.
        """
        return sum(self._fold(rollup) for rollup in ROLLUPS.values())

    def _fold(self, rollup: Rollup) -> int:
        # All statements have to see the same changes, though others are being noted meanwhile.
        with writing(_on_one_state(self._engine)) as connection:
            if not _alone(connection):
                return 0
            changes = rollup.changes
            last = connection.execute(select(func.max(changes.c.row_id))).scalar()
            if last is None:
                return 0
            noted = f"SELECT * FROM {changes.name} WHERE row_id <= :last"
            for table in rollup.sum_tables:
                _add(connection, rollup.name, table, noted, last=last)
            return connection.execute(delete(changes).where(changes.c.row_id <= last)).rowcount

    def keep_up(self, stop: Event, every_s: float = FOLD_EVERY_S) -> None:
        """Fold again and again until told to stop; faults end nothing."""
        while not stop.wait(every_s):
            try:
                self.fold()
            except Exception as error:
                # Somebody else was at it on PostgreSQL, or the disk is full: next time.
                telemetry.fault("rollups.fault", error)

    def rebuild(self) -> int:
        """Make all sums anew from the calls; return how many there are.

        Whoever saves a call waits meanwhile. On PostgreSQL StorageError is also raised when others
        have been writing without a gap for a minute.
        """
        with writing(self._engine) as connection:
            return rebuild(connection)

    def differing(self) -> tuple[str, ...]:
        """Return the tables of sums that aren't what the calls give; () is as it should be."""
        with reading(self._engine) as connection:
            return tuple(
                table.name
                for rollup in ROLLUPS.values()
                for table in rollup.sum_tables
                if _stored(connection, rollup, table) != _recomputed(connection, rollup, table)
            )


def rebuild(connection: Connection) -> int:
    """Make all sums anew inside a transaction, in which nothing else may change calls."""
    if connection.dialect.name != "sqlite":
        _keep_out_writers(connection)
    made = 0
    for rollup in ROLLUPS.values():
        for table in rollup.tables:
            connection.execute(delete(table))
        for who in WHO:
            table = rollup.of(who)
            _add(connection, rollup.name, table, _given_by_rows(rollup, connection.dialect.name))
            made += connection.execute(select(func.count()).select_from(table)).scalar_one()
            add_weeks(connection, rollup, who)
    return made


def add_weeks(connection: Connection, rollup: Rollup, who: str) -> None:
    """Make the sums of weeks from those of days; there must be none yet."""
    days = f"SELECT * FROM {rollup.of(who).name}"
    _add(connection, rollup.name, rollup.of(who, Period.WEEK), days)


def hold_folding(connection: Connection) -> None:
    """Keep others from folding until the end of the transaction, waiting for one who does."""
    if connection.dialect.name != "sqlite":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": FOLD_LOCK})


def _keep_out_writers(connection: Connection) -> None:
    """Lock all tables that the sums are made from until the end of the transaction.

    Whoever saves a call holds some of them and wants others, in an order of its own. So nobody
    waits for long: what was locked is let go again, before the server would end one of the two.
    Raises StorageError when others never stop writing.
    """
    tables = {source.table.name for r in ROLLUPS.values() for source in r.sources}
    names = ", ".join(sorted(tables | {t.name for r in ROLLUPS.values() for t in r.tables}))
    until = time.monotonic() + LOCKING_S
    while True:
        try:
            with connection.begin_nested():
                connection.exec_driver_sql(f"SET LOCAL statement_timeout = {LOCK_WITHIN_MS}")
                connection.exec_driver_sql(f"LOCK TABLE {names} IN SHARE ROW EXCLUSIVE MODE")
                connection.exec_driver_sql("SET LOCAL statement_timeout TO DEFAULT")
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) not in NOT_LOCKED:
                raise
            if time.monotonic() > until:
                raise StorageError from error
            time.sleep(random.uniform(0.1, 0.5))
        else:
            return


def _given_by_rows(rollup: Rollup, dialect: str) -> str:
    """Return the SQL of what each row of the rollup's sources gives to it."""
    return " UNION ALL ".join(
        f"SELECT {_named(contribution(rollup, source, dialect))} FROM {source.table.name}"
        for source in rollup.sources
    )


def _named(given: Mapping[str, str]) -> str:
    return ", ".join(f"{sql} AS {name}" for name, sql in given.items())


def _on_one_state(engine: Engine) -> Engine:
    if engine.dialect.name == "sqlite":
        return engine
    return engine.execution_options(isolation_level="REPEATABLE READ")


def _alone(connection: Connection) -> bool:
    """Keep others from folding until the end of the transaction; False: somebody does."""
    if connection.dialect.name == "sqlite":
        return True
    lock = text("SELECT pg_try_advisory_xact_lock(:lock)")
    return bool(connection.execute(lock, {"lock": FOLD_LOCK}).scalar())


def _add(connection: Connection, rollup: str, table: Table, noted: str, **values: int) -> None:
    """Add changes to a table of sums; those in which no row is left go."""
    connection.execute(_addition(rollup, table, noted), values)
    connection.execute(delete(table).where(table.c.entries == 0))


# Others wait meanwhile: to put so many columns together takes longer than to add them up.
@lru_cache(maxsize=128)
def _addition(rollup: str, table: Table, noted: str) -> TextClause:
    key, sums = _key(table), ROLLUPS[rollup].sums
    grouped = ", ".join(dict.fromkeys((*key, "week")))
    added = ", ".join(f"{name} = {table.name}.{name} + excluded.{name}" for name in sums)
    # Always in the same order, and with a condition, without which SQLite can't tell what ON means.
    return text(
        f"INSERT INTO {table.name} ({grouped}, {', '.join(sums)})"
        f" SELECT {grouped}, {', '.join(f'SUM({name})' for name in sums)}"
        f" FROM ({noted}) AS noted WHERE 1 = 1 GROUP BY {grouped} ORDER BY {grouped}"
        f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {added}"
    )


def _key(table: Table) -> list[str]:
    return [column.name for column in table.primary_key]


def _stored(connection: Connection, rollup: Rollup, table: Table) -> set[tuple[Any, ...]]:
    """Return the sums with the noted changes added."""
    names = [column.name for column in table.columns]
    both = union_all(*(select(*(t.c[name] for name in names)) for t in (table, rollup.changes)))
    return _summed(connection, rollup, table, both.subquery())


def _recomputed(connection: Connection, rollup: Rollup, table: Table) -> set[tuple[Any, ...]]:
    given = text(_given_by_rows(rollup, connection.dialect.name))
    names = ("org_id", *rollup.keys, AGENT, QUEUE, "day", "week", *rollup.sums)
    return _summed(connection, rollup, table, given.columns(*map(column, names)).subquery())


def _summed(
    connection: Connection, rollup: Rollup, table: Table, rows: FromClause
) -> set[tuple[Any, ...]]:
    key = [rows.c[name] for name in _key(table)]
    sums = [func.sum(rows.c[name]) for name in rollup.sums]
    query = select(*key, rows.c.week, *sums).group_by(*key, rows.c.week)
    query = query.having(func.sum(rows.c.entries) != 0)
    width = len(key) + 1
    return {(*map(str, row[:width]), *map(int, row[width:])) for row in connection.execute(query)}
