"""Which files of folders and buckets have been dealt with, so that none is read again.

A file is known by a hash of where it lies, never by its name. Its mark changes with its content
(size and time of its last change, or what the bucket calls this version).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256

from sqlalchemy import Connection, Engine, select

from services.storage.database import joining, reading
from services.storage.ingest_tables import INGESTED_FILES
from services.storage.rows import upsert

_F = INGESTED_FILES.c
FILES_AT_ONCE = 500


class Fate(StrEnum):
    """What became of a file; that it could not be read for now is never noted."""

    TAKEN = "taken"
    DUPLICATE = "duplicate"
    REFUSED = "refused"
    UNREAD = "unread"


@dataclass(frozen=True, kw_only=True)
class IngestedFile:
    """A file that has been dealt with.

    ``beside`` stands for all else that decided over a refusal: what lay beside the file, and what
    was asked for. Which call it became is not kept: that may be deleted, and the file stays known.
    """

    file: str
    mark: str
    fate: Fate
    beside: str = ""
    error_code: str | None = None

    def settles(self, mark: str, beside: str) -> bool:
        """Say whether a file with these marks needs no further look."""
        if self.mark != mark:
            return False
        return self.fate is not Fate.REFUSED or self.beside == beside


class IngestedFileStore:
    """Remembers files. Every method raises StorageError, or DiskFull, when the database can't."""

    def __init__(self, engine: Engine) -> None:
        """Use this database."""
        self._engine = engine

    def known(self, org_id: str, files: Iterable[str]) -> dict[str, IngestedFile]:
        """Return what is known of these files; those nobody has dealt with are missing."""
        asked = sorted(set(files))
        found: dict[str, IngestedFile] = {}
        with reading(self._engine) as connection:
            for start in range(0, len(asked), FILES_AT_ONCE):
                some = asked[start : start + FILES_AT_ONCE]
                query = select(INGESTED_FILES).where(_F.org_id == org_id, _F.file.in_(some))
                for row in connection.execute(query):
                    found[row.file] = IngestedFile(
                        file=row.file,
                        mark=row.mark,
                        beside=row.beside,
                        fate=Fate(row.fate),
                        error_code=row.error_code,
                    )
        return found

    def note(
        self, org_id: str, done: IngestedFile, *, connection: Connection | None = None
    ) -> None:
        """Remember what became of a file; the newest counts."""
        row = {"org_id": org_id, **vars(done), "noted_at": datetime.now(UTC)}
        with joining(self._engine, connection) as inside:
            upsert(inside, INGESTED_FILES, row, key=("org_id", "file"))


def file_identity(place: str, path: str) -> str:
    """Return what a file is known by: a hash of the place it lies in and its path there."""
    where = f"{place}\0{path}".encode("utf-8", "surrogateescape")
    return sha256(where).hexdigest()
