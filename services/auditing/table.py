"""The audit as CSV, safe to open in a spreadsheet."""

import csv
import io
import json
from collections.abc import Iterable, Iterator

from services.domain.audit_trail import KeptEntry
from services.exports.table import BYTE_ORDER_MARK, Cell, defused

COLUMNS = (
    "sequence",
    "at",
    "user_id",
    "name",
    "role",
    "act",
    "outcome",
    "subject",
    "address",
    "details",
)


def csv_lines(entries: Iterable[KeptEntry]) -> Iterator[str]:
    """Return CSV line by line: a byte order mark (for Excel), CRLF line ends, times in UTC."""
    yield BYTE_ORDER_MARK + _line(COLUMNS)
    for entry in entries:
        yield _line([defused(cell) for cell in _cells(entry)])


def _cells(entry: KeptEntry) -> list[Cell]:
    return [
        entry.sequence,
        entry.at.isoformat(timespec="milliseconds"),
        entry.user_id,
        entry.name,
        entry.role,
        entry.act,
        entry.outcome,
        entry.subject,
        entry.address,
        json.dumps(dict(entry.details)) if entry.details else None,
    ]


def _line(cells: Iterable[Cell]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerow(cells)
    return written.getvalue()
