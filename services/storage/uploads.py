"""Uploads that arrive piece by piece: how far they have come, and which pieces there are."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, RowMapping, delete, func, insert, select, text, update

from services.domain.calls import CallDetails, ProcessingOptions
from services.domain.errors import UploadNotFound, UploadOffset, UploadsFull
from services.storage.database import joining, reading, writing
from services.storage.forms import pack_options, unpack_options
from services.storage.holds import check_customer_free
from services.storage.ingest_tables import UPLOAD_PARTS, UPLOADS
from services.storage.keys import WrappedKey
from services.storage.live_forms import pack_details, unpack_details

_U = UPLOADS.c
_P = UPLOAD_PARTS.c
IDS_AT_ONCE = 500

# Any number serves, as long as every Partyline process takes the same one. Locks of two numbers
# are others than those of one.
ADD_LOCK = 0x5550
_ADDING = text("SELECT pg_advisory_xact_lock(:of_adding, hashtext(:org_id))")


@dataclass(frozen=True, kw_only=True)
class Upload:
    """An upload: what it is to become, and how much has arrived of it, in bytes.

    ``content_hash`` is what was announced, as hexadecimal digits. ``call_id`` is set once it has
    become a call, or, as a ``duplicate``, was found to be one; its name is forgotten then.
    ``added_by`` is the id of whoever began it, and goes on with it.
    """

    id: str
    org_id: str
    name: str
    options: ProcessingOptions
    details: CallDetails
    size_bytes: int
    key: WrappedKey
    created_at: datetime
    changed_at: datetime
    offset_bytes: int = 0
    content_hash: str | None = None
    call_id: str | None = None
    duplicate: bool = False
    added_by: str | None = None


@dataclass(frozen=True, kw_only=True)
class UploadPart:
    """A piece that has arrived: where it begins, how long it is, and by what name it lies."""

    start: int
    size_bytes: int
    name: str


class UploadStore:
    """Keeps uploads. Every method raises StorageError, or DiskFull, when the database can't."""

    def __init__(self, engine: Engine) -> None:
        """Use this database."""
        self._engine = engine

    def add(self, upload: Upload, *, most_open: int) -> None:
        """Add an upload. Raises UploadsFull when so many of its organisation are open."""
        is_open = select(func.count()).where(_U.org_id == upload.org_id, _U.call_id.is_(None))
        with writing(self._engine) as connection:
            if connection.dialect.name != "sqlite":
                # Others that add one wait here, because rows that aren't there can't be locked.
                connection.execute(_ADDING, {"of_adding": ADD_LOCK, "org_id": upload.org_id})
            if connection.execute(is_open).scalar_one() >= most_open:
                raise UploadsFull
            connection.execute(insert(UPLOADS).values(_to_row(upload)))

    def get(self, org_id: str, upload_id: str) -> Upload:
        """Return an upload. Raises UploadNotFound."""
        query = select(UPLOADS).where(_U.org_id == org_id, _U.id == upload_id)
        with reading(self._engine) as connection:
            row = connection.execute(query).mappings().first()
        if row is None:
            raise UploadNotFound
        return _from_row(row)

    def advance(self, upload: Upload, part: UploadPart) -> None:
        """Note that a piece has arrived where the upload stands.

        Raises UploadOffset when it stands elsewhere, or is gone.
        """
        change = (
            update(UPLOADS)
            .where(_U.id == upload.id, _U.offset_bytes == part.start, _U.call_id.is_(None))
            .values(offset_bytes=part.start + part.size_bytes, changed_at=datetime.now(UTC))
        )
        row = {
            "upload_id": upload.id,
            "start": part.start,
            "org_id": upload.org_id,
            "size_bytes": part.size_bytes,
            "part": part.name,
        }
        with writing(self._engine) as connection:
            if not connection.execute(change).rowcount:
                raise UploadOffset
            connection.execute(insert(UPLOAD_PARTS).values(row))

    def parts(self, upload: Upload) -> list[UploadPart]:
        """Return the pieces of an upload in their order."""
        query = select(UPLOAD_PARTS).where(_P.upload_id == upload.id).order_by(_P.start)
        with reading(self._engine) as connection:
            return [
                UploadPart(start=row.start, size_bytes=row.size_bytes, name=row.part)
                for row in connection.execute(query)
            ]

    def finish(
        self,
        upload: Upload,
        call_id: str,
        *,
        duplicate: bool,
        connection: Connection | None = None,
    ) -> None:
        """Note which call an upload has become; all else that it told is forgotten.

        What was noted first counts: raises UploadNotFound when the upload is no longer open, or
        gone: whoever gave it up doesn't want the call either.
        """
        empty = {
            "name": "",
            "options": pack_options(ProcessingOptions()),
            "details": pack_details(CallDetails()),
        }
        now = datetime.now(UTC)
        done = {"call_id": call_id, "duplicate": duplicate, "changed_at": now, **empty}
        is_open = (_U.id == upload.id, _U.call_id.is_(None))
        with joining(self._engine, connection) as inside:
            if not inside.execute(update(UPLOADS).where(*is_open).values(done)).rowcount:
                raise UploadNotFound
            inside.execute(delete(UPLOAD_PARTS).where(_P.upload_id == upload.id))

    def delete(self, upload: Upload, *, unless_held: bool = False) -> None:
        """Delete an upload and its key; one that isn't there is as good as deleted.

        Raises OnHold for one of a customer on hold, if that is asked for.
        """
        with writing(self._engine) as connection:
            if unless_held:
                check_customer_free(connection, upload.org_id, upload.details.customer_ref)
            connection.execute(delete(UPLOADS).where(_U.id == upload.id))

    def open_of(self, org_id: str) -> list[Upload]:
        """Return the uploads of an organisation that have not become calls."""
        query = select(UPLOADS).where(_U.org_id == org_id, _U.call_id.is_(None)).order_by(_U.id)
        with reading(self._engine) as connection:
            return [_from_row(row) for row in connection.execute(query).mappings()]

    def unchanged_since(self, at: datetime) -> list[Upload]:
        """Return the uploads of all organisations that nobody has gone on with since."""
        query = select(UPLOADS).where(_U.changed_at < at).order_by(_U.changed_at)
        with reading(self._engine) as connection:
            return [_from_row(row) for row in connection.execute(query).mappings()]

    def open_count(self) -> int:
        """Return how many uploads of all organisations are open."""
        query = select(func.count()).select_from(UPLOADS).where(_U.call_id.is_(None))
        with reading(self._engine) as connection:
            return connection.execute(query).scalar_one()

    def existing(self, upload_ids: Iterable[str]) -> set[str]:
        """Return which of these ids belong to an open upload of any organisation."""
        asked = sorted(set(upload_ids))
        found: set[str] = set()
        with reading(self._engine) as connection:
            for start in range(0, len(asked), IDS_AT_ONCE):
                some = asked[start : start + IDS_AT_ONCE]
                query = select(_U.id).where(_U.id.in_(some), _U.call_id.is_(None))
                found.update(connection.execute(query).scalars())
        return found


def _to_row(upload: Upload) -> dict[str, object]:
    return {
        **{name: value for name, value in vars(upload).items() if name != "key"},
        "options": pack_options(upload.options),
        "details": pack_details(upload.details),
        "key_id": upload.key.key_id,
        "wrapped_key": upload.key.sealed,
    }


def _from_row(row: RowMapping) -> Upload:
    form = dict(row)
    key = WrappedKey(key_id=form.pop("key_id"), sealed=form.pop("wrapped_key"))
    options, details = unpack_options(form.pop("options")), unpack_details(form.pop("details"))
    return Upload(**form, key=key, options=options, details=details)
