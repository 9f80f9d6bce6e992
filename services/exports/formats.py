"""The formats a call can be exported in, and the one function that writes them."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath
from typing import assert_never

from services.domain.reviewed import ReviewedCall

LONGEST_STEM = 60
_UNSAFE = re.compile(r"[^\w.-]+")
_RESERVED = re.compile(r"^(?:con|prn|aux|nul|com\d|lpt\d)$", re.IGNORECASE)


class ExportFormat(StrEnum):
    """The kinds of file a call can be exported as."""

    JSON = "json"
    SRT = "srt"
    VTT = "vtt"
    TXT = "txt"
    CSV = "csv"
    HTML = "html"

    @property
    def media_type(self) -> str:
        """The media type with its character set."""
        return _MEDIA_TYPES[self]

    @property
    def display_name(self) -> str:
        """What the format is called on screens."""
        return _TITLES[self]


_MEDIA_TYPES = {
    ExportFormat.JSON: "application/json",
    ExportFormat.SRT: "application/x-subrip; charset=utf-8",
    ExportFormat.VTT: "text/vtt; charset=utf-8",
    ExportFormat.TXT: "text/plain; charset=utf-8",
    ExportFormat.CSV: "text/csv; charset=utf-8",
    ExportFormat.HTML: "text/html; charset=utf-8",
}
_TITLES = {
    ExportFormat.JSON: "JSON (everything)",
    ExportFormat.SRT: "SRT subtitles",
    ExportFormat.VTT: "WebVTT subtitles",
    ExportFormat.TXT: "Plain text",
    ExportFormat.CSV: "CSV table",
    ExportFormat.HTML: "Printable report",
}


@dataclass(frozen=True, kw_only=True)
class Export:
    """A finished file: its bytes, media type, and a name that is safe on every system."""

    content: bytes
    media_type: str
    file_name: str


def export(reviewed: ReviewedCall, fmt: ExportFormat) -> Export:
    """Write a call with its edits in the given format.

    ``reviewed.transcript`` already carries names, roles, merges and corrections; comments come
    from ``reviewed.edits``.
    """
    return Export(
        content=_writer(fmt)(reviewed).encode("utf-8"),
        media_type=fmt.media_type,
        file_name=file_name(reviewed.call.source_name, fmt),
    )


def _writer(fmt: ExportFormat) -> Callable[[ReviewedCall], str]:
    # Imported here so that a plain-text export does not load the template engine.
    match fmt:
        case ExportFormat.JSON:
            from services.exports.call_json import write_json

            return write_json
        case ExportFormat.SRT:
            from services.exports.subtitles import write_srt

            return write_srt
        case ExportFormat.VTT:
            from services.exports.subtitles import write_vtt

            return write_vtt
        case ExportFormat.TXT:
            from services.exports.plain_text import write_txt

            return write_txt
        case ExportFormat.CSV:
            from services.exports.table import write_csv

            return write_csv
        case ExportFormat.HTML:
            from services.exports.report import write_html

            return write_html
        case _:
            assert_never(fmt)


def file_name(source_name: str, ending: str) -> str:
    """Return a file name made from the recording's: letters of any script, no path, no tricks.

    ``ending`` is an export format or what else stands behind the point.
    """
    stem = PurePosixPath(source_name.replace("\\", "/")).name
    stem = stem.rsplit(".", 1)[0] if "." in stem.strip(".") else stem
    plain = _UNSAFE.sub("_", unicodedata.normalize("NFKC", stem))
    safe = plain.strip("._-")[:LONGEST_STEM].rstrip("._-")
    if not safe or _RESERVED.match(safe):
        safe = f"call_{safe}".rstrip("_")
    return f"{safe}.{ending}"
