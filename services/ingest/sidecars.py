"""What lies beside recordings to tell of them: a JSON file for each, or a table for a folder."""

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path, PurePosixPath

from services.domain.calls import CallDetails
from services.domain.errors import BadSidecar, FileMissing, FileUnreadable, SourceMissing
from services.ingest.sources import Found, Source
from services.ingest.told import details_from_words, over

MOST_JSON_BYTES = 64 * 1024
MOST_TABLE_BYTES = 64 * 1024 * 1024
TABLE_NAME = "metadata.csv"
FILE_COLUMNS = ("file", "filename", "file_name", "recording")
NOTHING = CallDetails()

Rows = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, kw_only=True)
class Beside:
    """The files that may tell of one recording, as they lie there now."""

    json: Found | None = None
    table: Found | None = None

    @property
    def files(self) -> tuple[Found, ...]:
        """Those that are there."""
        return tuple(one for one in (self.json, self.table) if one is not None)

    @property
    def mark(self) -> str:
        """Changes whenever one of them does."""
        return "|".join(f"{one.path}:{one.mark}" for one in self.files)


class Sidecars:
    """Reads what lies beside the recordings of one place. A table is read anew when it changes."""

    def __init__(self, source: Source, zone: tzinfo, table: Path | None = None) -> None:
        """Read moments without a zone as being in ``zone``; ``table`` holds for every folder.

        Raises BadSidecar when ``table`` can't be used.
        """
        self._source = source
        self._zone = zone
        self._own_rows = _read_table_file(table) if table is not None else None
        self._tables: dict[str, tuple[str, Rows | BadSidecar]] = {}

    def beside(self, found: Found, others: Mapping[str, Found]) -> Beside:
        """Return what lies beside a recording; ``others`` are all files of the place by path."""
        whole = f"{found.path}.json"
        bare = str(PurePosixPath(found.path).with_suffix(".json"))
        table = f"{found.folder}/{TABLE_NAME}" if found.folder else TABLE_NAME
        return Beside(
            json=others.get(whole) or (others.get(bare) if bare != found.path else None),
            table=None if self._own_rows is not None else others.get(table),
        )

    def may_come(self, found: Found, beside: Beside) -> bool:
        """Say whether nothing tells of a recording yet, so that it may still come."""
        try:
            rows = self._rows(beside.table)
        except (BadSidecar, FileUnreadable):
            return False
        return beside.json is None and found.path not in rows and found.name not in rows

    def told(self, found: Found, beside: Beside) -> CallDetails | None:
        """Return what is told beside a recording; None when nothing is.

        Raises BadSidecar, FileUnreadable, StorageError.
        """
        from_json = self._from_json(beside.json) if beside.json is not None else None
        from_table = self._from_rows(found, self._rows(beside.table))
        if from_json is None or from_table is None:
            return from_json or from_table
        return over(from_json, from_table)

    def _from_json(self, sidecar: Found) -> CallDetails | None:
        content = _read(self._source, sidecar, MOST_JSON_BYTES)
        try:
            form = json.loads(content)
        except (ValueError, RecursionError):
            raise BadSidecar("It is no JSON.") from None
        if not isinstance(form, dict):
            raise BadSidecar("It is no JSON object.")
        return details_from_words(form, self._zone)

    def _rows(self, table: Found | None) -> Rows:
        if table is None:
            return self._own_rows or {}
        kept = self._tables.get(table.path)
        if kept is None or kept[0] != table.mark:
            rows: Rows | BadSidecar
            try:
                rows = read_table(_read(self._source, table, MOST_TABLE_BYTES))
            except BadSidecar as error:
                rows = error
            kept = self._tables[table.path] = (table.mark, rows)
        if isinstance(kept[1], BadSidecar):
            raise BadSidecar(kept[1].detail)
        return kept[1]

    def _from_rows(self, found: Found, rows: Rows) -> CallDetails | None:
        row = rows.get(found.path) or rows.get(found.name)
        return details_from_words(row, self._zone) if row is not None else None


def read_table(content: bytes) -> Rows:
    """Return the rows of a CSV table by the file each is about.

    Columns are divided by commas, semicolons or tabs. Raises BadSidecar.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadSidecar("The table is not written in UTF-8.") from None
    first = text.partition("\n")[0]
    divider = max(",;\t", key=first.count)
    try:
        table = csv.DictReader(io.StringIO(text, newline=""), delimiter=divider, strict=True)
        columns = {name.strip().casefold(): name for name in table.fieldnames or () if name}
        named = next((columns[name] for name in FILE_COLUMNS if name in columns), None)
        if named is None:
            raise BadSidecar("The table has no column named file.")
        return {
            name: {k: v for k, v in row.items() if isinstance(k, str) and isinstance(v, str)}
            for row in table
            if (name := (row[named] or "").strip())
        }
    except csv.Error:
        raise BadSidecar("The table is no CSV that can be read.") from None


def _read_table_file(path: Path) -> Rows:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_TABLE_BYTES + 1)
    except OSError as error:
        raise SourceMissing("It is the table of --sidecar.") from error
    if len(content) > MOST_TABLE_BYTES:
        raise BadSidecar("The table is too large.")
    return read_table(content)


def _read(source: Source, sidecar: Found, most_bytes: int) -> bytes:
    try:
        with source.open(sidecar) as file:
            content = file.read(most_bytes + 1)
    except FileMissing:
        raise BadSidecar("It can't be read.") from None
    except OSError as error:
        raise FileUnreadable from error
    if len(content) > most_bytes:
        raise BadSidecar("It is too large.")
    return content
