"""A reviewed call as a file to take away: JSON, subtitles, text, table, printable report."""

from services.exports.formats import Export, ExportFormat, export

__all__ = ["Export", "ExportFormat", "export"]
