"""Rows in a dump as PostgreSQL writes it in SQL: what names a call, and the dump without it."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from services.upkeep.snapshots import CALL_TABLES, COPIES, IsErased, is_for_good

_COPY = re.compile(rb'COPY (?:"?(\w+)"?\.)?"?(\w+)"? \(([^)]*)\) FROM stdin;')
_END = b"\\."
# By which columns rows name a call, or a transcript of one: the id stands before a dot or a colon.
_NAMING = frozenset(
    {"call_id", "transcript_id", "upload_id", "workflow_uuid", "workflow_id", "run_key"}
)
_WITH_IDS = frozenset({*CALL_TABLES, "transcripts"})
_ID = re.compile(rb"[^.:]*")


@dataclass(frozen=True, kw_only=True)
class DumpRow:
    """A line of a dump: a row of a table, or anything else when ``table`` is None."""

    line: bytes
    table: str | None = None
    columns: tuple[str, ...] = ()

    def cells(self) -> Iterator[tuple[str, bytes]]:
        """Yield what stands in each column."""
        yield from zip(self.columns, self.line.rstrip(b"\n").split(b"\t"), strict=False)


def rows_of(blocks: Iterable[bytes]) -> Iterator[DumpRow]:
    """Yield all lines of a dump, those of tables with their columns."""
    table: str | None = None
    columns: tuple[str, ...] = ()
    for line in _lines(blocks):
        if table is not None:
            if line.rstrip(b"\n") == _END:
                table = None
                yield DumpRow(line=line)
            else:
                yield DumpRow(line=line, table=table, columns=columns)
            continue
        found = _COPY.match(line)
        if found is not None:
            table = found[2].decode()
            names = found[3].decode().split(",")
            columns = tuple(name.strip().strip('"') for name in names)
        yield DumpRow(line=line)


def erased_ids(rows: Iterable[DumpRow], is_erased: IsErased) -> tuple[frozenset[str], set[bytes]]:
    """Return the erased calls in a dump; and their ids with those of transcripts and uploads.

    Those come before or behind their call, so they are asked by the call's id itself.
    """
    calls: set[str] = set()
    naming: set[bytes] = set()
    for row in rows:
        if row.table not in _WITH_IDS:
            continue
        cells = dict(row.cells())
        if row.table in CALL_TABLES and is_erased(cells["id"].decode()):
            calls.add(cells["id"].decode())
            naming.add(cells["id"])
        if is_erased(cells.get("call_id", b"").decode()):
            naming.add(cells["id"])
    return frozenset(calls), naming


def without(rows: Iterable[DumpRow], naming: set[bytes]) -> Iterator[bytes]:
    """Yield a dump's lines without rows that name one of these."""
    for row in rows:
        if row.table is None or is_for_good(row.table) or not _names(row, naming):
            yield row.line
        elif row.table == COPIES:
            yield _of_nobody(row)


def _of_nobody(row: DumpRow) -> bytes:
    """Return a copy's row without its call: it is still to be deleted at its provider."""
    cells = [b"\\N" if column in {"call_id", "run"} else cell for column, cell in row.cells()]
    return b"\t".join(cells) + b"\n"


def _names(row: DumpRow, naming: set[bytes]) -> bool:
    for column, cell in row.cells():
        if column in _NAMING or (column == "id" and row.table in _WITH_IDS):
            found = _ID.match(cell)
            if found is not None and found[0] in naming:
                return True
    return False


def _lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    kept = b""
    for block in blocks:
        whole, newline, rest = (kept + block).rpartition(b"\n")
        kept = rest
        if newline:
            for line in whole.split(b"\n"):
                yield line + b"\n"
    if kept:
        yield kept
