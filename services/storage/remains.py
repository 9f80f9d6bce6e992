"""Looks through every column of the database, the job library's too, for a few words."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, inspect, select, text
from sqlalchemy.exc import OperationalError

from services.storage.database import reading
from services.storage.file_remains import pages_with
from services.storage.search_tables import FTS_TABLE, INDEX_STATE

_OWNED = {
    "calls": "id",
    "live_calls": "id",
    "transcripts": "call_id",
    "runs": "call_id",
    "uploads": "id",
}
_JOBS = "workflow_status"


@dataclass(frozen=True, kw_only=True)
class Needles:
    """What is looked for: ids and hashes anywhere, references of customers as a whole."""

    ids: frozenset[str]
    refs: frozenset[str] = frozenset()

    @property
    def texts(self) -> list[str]:
        """All of them as they stand in files; references as JSON has them."""
        return [*sorted(self.ids), *(f'"{ref}"' for ref in sorted(self.refs))]

    def are_in(self, name: str) -> bool:
        """Say whether a name holds one of the ids."""
        return any(one in name for one in self.ids)

    def are_in_bytes(self, row: bytes) -> bool:
        """Say whether a row of a backup holds one of them; its cells are parted by tabs."""
        if any(one.encode() in row for one in self.texts):
            return True
        cells = row.rstrip(b"\n").split(b"\t") if self.refs else []
        return any(ref.encode() in cells for ref in self.refs)


@dataclass(frozen=True, kw_only=True)
class SearchedColumn:
    """A column of a table, in a schema where there are several."""

    schema: str | None
    table: str
    name: str


class DatabaseRemains:
    """Looks through the database. Every method raises StorageError when it can't."""

    def __init__(self, engine: Engine) -> None:
        """Use this database."""
        self._engine = engine
        self._is_sqlite = engine.dialect.name == "sqlite"

    def columns(self) -> Iterator[SearchedColumn]:
        """Yield every column of every table, those of the search index's own ones as well."""
        found = inspect(self._engine)
        for schema in (None,) if self._is_sqlite else ("public", "dbos"):
            if schema is not None and schema not in found.get_schema_names():
                continue
            for table in found.get_table_names(schema=schema):
                # A virtual table; what it holds lies in the tables beside it.
                if table != FTS_TABLE:
                    for column in found.get_columns(table, schema=schema):
                        yield SearchedColumn(schema=schema, table=table, name=column["name"])

    def count(self, column: SearchedColumn, needles: Needles) -> int:
        """Return in how many rows a column holds one of them."""
        name = f'"{column.name}"'
        cell = f"CAST({name} AS BLOB)" if self._is_sqlite else f"{name}::text"
        arms, given = [], {}
        for at, needle in enumerate(needles.texts):
            arms.append(self._holds(cell, f"n{at}"))
            given[f"n{at}"] = needle
        for at, ref in enumerate(sorted(needles.refs)):
            as_text = f"CAST({name} AS TEXT)" if self._is_sqlite else cell
            arms.append(f"{as_text} = :r{at}")
            given[f"r{at}"] = ref
        if not arms:
            return 0
        table = f'"{column.table}"'
        if column.schema:
            table = f'"{column.schema}".{table}'
        query = text(f"SELECT count(*) FROM {table} WHERE {' OR '.join(arms)}")
        with reading(self._engine) as connection:
            return int(connection.execute(query, given).scalar_one())

    def ids(self) -> Iterator[tuple[str, str]]:
        """Yield the ids of calls, and of what is to become one, that rows and jobs belong to."""
        there = set(inspect(self._engine).get_table_names())
        with reading(self._engine) as connection:
            for table, column in _OWNED.items():
                query = text(f"SELECT DISTINCT {column} FROM {table}")
                yield from ((table, found) for found in connection.execute(query).scalars())
            if self._is_sqlite and _JOBS not in there:
                return
            jobs = _JOBS if self._is_sqlite else f"dbos.{_JOBS}"
            if not self._is_sqlite:
                exists = text("SELECT to_regclass(:name)")
                if connection.execute(exists, {"name": jobs}).scalar() is None:
                    return
            for job in connection.execute(text(f"SELECT workflow_uuid FROM {jobs}")).scalars():
                yield _JOBS, str(job).partition(".")[0]

    def deleted_words(self) -> int:
        """Return how many deleted lines SQLite's index still has words of."""
        if not self._is_sqlite:
            return 0
        with reading(self._engine) as connection:
            return int(connection.execute(select(INDEX_STATE.c.deletions)).scalar() or 0)

    def files(self) -> list[Path]:
        """Return the files that SQLite keeps the database in; a server's are its own."""
        file = self._engine.url.database if self._is_sqlite else None
        if not file:
            return []
        return [path for path in (Path(file), Path(f"{file}-wal")) if path.exists()]

    def file_holds(self, file: Path, needles: Needles, is_kept: Callable[[str], bool]) -> bool:
        """Say whether one of the files holds one of them, but where a table is that is kept."""
        if not needles.texts:
            return False
        with reading(self._engine) as connection:
            page_size = int(connection.execute(text("PRAGMA page_size")).scalar_one())
        # Whose pages they are is asked last: what is written down meanwhile may add some.
        pages = set(pages_with(file, needles.texts, page_size))
        return bool(pages and pages - self._pages_of(is_kept))

    def _pages_of(self, is_kept: Callable[[str], bool]) -> set[int]:
        """Return the pages of tables and of their indexes; none where SQLite can't tell."""
        parts = text("SELECT name, tbl_name FROM sqlite_schema WHERE type IN ('table', 'index')")
        pages = text("SELECT pageno FROM dbstat WHERE name = :name")
        with reading(self._engine) as connection:
            names = [name for name, table in connection.execute(parts) if is_kept(table)]
            try:
                return {
                    int(page)
                    for name in names
                    for page in connection.execute(pages, {"name": name}).scalars()
                }
            except OperationalError:
                return set()

    def _holds(self, cell: str, parameter: str) -> str:
        if self._is_sqlite:
            return f"instr({cell}, CAST(:{parameter} AS BLOB)) > 0"
        return f"position(:{parameter} in {cell}) > 0"
