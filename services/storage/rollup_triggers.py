"""Triggers that note, with every change of a call, what that changes in the rollups.

The bodies for both databases are made from one list of columns. A changed row takes away what it
gave before and gives what it gives now, so that nothing has to know how a row came to be changed.
"""

import re
from collections.abc import Iterator

from sqlalchemy import Connection, Table

from services.storage.rollup_tables import (
    AGENT,
    QUEUE,
    ROLLUPS,
    UNKNOWN,
    Rollup,
    Source,
)

_COLUMN = re.compile(r"\{r\}(\w+)")
_WEEK = {
    "sqlite": "date({r}day, '-6 days', 'weekday 1')",
    "postgresql": "CAST(date_trunc('week', {r}day) AS DATE)",
}


def contribution(rollup: Rollup, source: Source, dialect: str, row: str = "") -> dict[str, str]:
    """Return for each column of the rollup the SQL of what a row of the source gives to it.

    ``row`` is put before the names of columns, such as ``new.``.
    """
    given = {
        "org_id": "{r}org_id",
        **{key: f"{{r}}{key}" for key in rollup.keys},
        AGENT: f"COALESCE({{r}}agent_name, '{UNKNOWN}')",
        QUEUE: f"COALESCE({{r}}queue, '{UNKNOWN}')",
        "day": "{r}day",
        "week": _WEEK[dialect],
        **{name: source.sums.get(name, "0") for name in rollup.sums},
    }
    return {name: sql.replace("{r}", row) for name, sql in given.items()}


def make_triggers(connection: Connection) -> None:
    """Make the triggers of all rollups; those there are go."""
    drop_triggers(connection)
    statements = _sqlite if connection.dialect.name == "sqlite" else _postgresql
    for rollup in ROLLUPS.values():
        for source in rollup.sources:
            for statement in statements(rollup, source):
                connection.exec_driver_sql(statement)


def drop_triggers(connection: Connection) -> None:
    """Drop the triggers of all rollups, those of an earlier form as well."""
    if connection.dialect.name == "sqlite":
        found = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'rollup_%'"
        for name in connection.exec_driver_sql(found).scalars().all():
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        return
    found = "SELECT proname FROM pg_proc WHERE proname LIKE 'rollup_%_noted'"
    for name in connection.exec_driver_sql(found.replace("%", "%%")).scalars().all():
        connection.exec_driver_sql(f"DROP FUNCTION {name}() CASCADE")


def _note(rollup: Rollup, source: Source, dialect: str, row: str) -> str:
    """Return the statement that notes what a row gives, or with ``old.`` that it gives it back."""
    given = contribution(rollup, source, dialect, row)
    if row == "old.":
        # What the source has no part in stays as it is by default.
        given |= {name: f"-({given[name]})" for name in source.sums}
    wanted = {n: sql for n, sql in given.items() if n not in rollup.sums or n in source.sums}
    names, values = ", ".join(wanted), ", ".join(wanted.values())
    return f"INSERT INTO {rollup.changes.name} ({names}) VALUES ({values});"


def _read_columns(rollup: Rollup, source: Source) -> list[str]:
    """Return the columns of the source on which its contribution depends."""
    used = ["org_id", "day", "agent_name", "queue", *rollup.keys]
    for sql in source.sums.values():
        used += _COLUMN.findall(sql)
    return list(dict.fromkeys(used))


def _prefix(rollup: Rollup, table: Table) -> str:
    return f"rollup_{rollup.name}_{table.name}"


def _sqlite(rollup: Rollup, source: Source) -> Iterator[str]:
    name, table = _prefix(rollup, source.table), source.table.name
    gives, took = (_note(rollup, source, "sqlite", row) for row in ("new.", "old."))
    columns = _read_columns(rollup, source)
    differs = " OR ".join(f"old.{c} IS NOT new.{c}" for c in columns)
    yield f"CREATE TRIGGER {name}_added AFTER INSERT ON {table} BEGIN {gives} END"
    yield f"CREATE TRIGGER {name}_gone AFTER DELETE ON {table} BEGIN {took} END"
    yield (
        f"CREATE TRIGGER {name}_changed AFTER UPDATE OF {', '.join(columns)} ON {table} "
        f"WHEN {differs} BEGIN {took} {gives} END"
    )


def _postgresql(rollup: Rollup, source: Source) -> Iterator[str]:
    name, table = _prefix(rollup, source.table), source.table.name
    gives, took = (_note(rollup, source, "postgresql", row) for row in ("new.", "old."))
    columns = _read_columns(rollup, source)
    differs = " OR ".join(f"old.{c} IS DISTINCT FROM new.{c}" for c in columns)
    yield (
        f"CREATE FUNCTION {name}_noted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF TG_OP <> 'INSERT' THEN {took} END IF; "
        f"IF TG_OP <> 'DELETE' THEN {gives} END IF; RETURN NULL; END $$"
    )
    for event in ("INSERT", "DELETE", f"UPDATE OF {', '.join(columns)}"):
        when = f"WHEN ({differs})" if event.startswith("UPDATE") else ""
        yield (
            f"CREATE TRIGGER {name}_{event[:6].lower()} AFTER {event} ON {table} "
            f"FOR EACH ROW {when} EXECUTE FUNCTION {name}_noted()"
        )
