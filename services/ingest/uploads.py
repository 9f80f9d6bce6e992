"""Recordings that programs send piece by piece, with pauses, breaks and restarts between.

Each piece is an encrypted object of its own, and counts once it is durable; so whoever was
interrupted asks how far the upload has come and goes on from there. When all has arrived the
pieces are read once through, in order, and become a call.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from services import telemetry
from services.access.authority import Authority
from services.analysis.file_names import details_from_name, without_numbers
from services.domain.acts import Act
from services.domain.calls import CallDetails, ProcessingOptions
from services.domain.errors import (
    ContentDiffers,
    DiskFull,
    EmptyFile,
    InvalidRequest,
    NotFound,
    RequestTooLarge,
    TooLarge,
    UploadNotFound,
    UploadOffset,
)
from services.domain.ids import new_id
from services.domain.people import User
from services.ingest.told import over
from services.jobs.intake import BLOCK_BYTES, Intake, Received, clean_name
from services.storage.calls import CallStore
from services.storage.encryption import EncryptedReader, EncryptedWriter
from services.storage.keys import DataKey, MasterKey
from services.storage.objects import ObjectStore
from services.storage.uploads import Upload, UploadPart, UploadStore

# What is lost at most when the process is killed; and small enough to be one request to a bucket.
PART_BYTES = 4 * 1024 * 1024
MOST_PARTS = 20_000
STRAY_AFTER = timedelta(hours=1)
_ROOT = "uploads"


class Uploads:
    """Uploads of an installation, for people. Raises UploadNotFound for those of others."""

    def __init__(
        self,
        store: UploadStore,
        objects: ObjectStore,
        master_key: MasterKey,
        intake: Intake,
        calls: CallStore,
        *,
        authority: Authority,
        most_open: int,
        most_bytes: int,
        kept_for: timedelta,
    ) -> None:
        """Keep pieces in ``objects``; uploads that nobody goes on with for ``kept_for`` go."""
        self._store = store
        self._objects = objects
        self._master_key = master_key
        self._intake = intake
        self._calls = calls
        self._authority = authority
        self._most_open = most_open
        self._most_bytes = most_bytes
        self._kept_for = kept_for

    def begin(
        self,
        user: User,
        name: str,
        size_bytes: int,
        options: ProcessingOptions,
        details: CallDetails,
        content_hash: str | None = None,
    ) -> Upload:
        """Begin an upload of this many bytes.

        Raises EmptyFile, TooLarge, UploadsFull, and what options are refused with.
        """
        self._authority.check(user, Act.CALL_ADDED)
        if size_bytes <= 0:
            raise EmptyFile
        if size_bytes > self._most_bytes:
            raise TooLarge
        self._intake.check_options(options)
        upload_id, now, named = new_id(), datetime.now(UTC), clean_name(name)
        upload = Upload(
            id=upload_id,
            org_id=user.org_id,
            # Numbers in it are read now, because none are stored where personal data is taken out.
            name=without_numbers(named) if options.redact else named,
            options=options,
            details=over(details, details_from_name(named)),
            size_bytes=size_bytes,
            key=self._master_key.new_data_key(upload_id),
            created_at=now,
            changed_at=now,
            content_hash=content_hash.lower() if content_hash else None,
            added_by=user.id,
        )
        self._store.add(upload, most_open=self._most_open)
        telemetry.event("upload.begun", bytes=size_bytes)
        return upload

    def get(self, user: User, upload_id: str) -> Upload:
        """Return how an upload stands. Raises AccessDenied."""
        self._authority.check(user, Act.CALL_ADDED)
        upload = self._store.get(user.org_id, upload_id)
        if not _may_go_on(user, upload):
            raise UploadNotFound
        return upload

    def expires_at(self, upload: Upload) -> datetime:
        """Return when an upload is given up unless somebody goes on with it."""
        return upload.changed_at + self._kept_for

    def receive(self, user: User, upload_id: str, offset: int) -> "Receiving":
        """Go on with an upload where it stands. Raises UploadOffset when that is elsewhere."""
        upload = self.get(user, upload_id)
        if upload.offset_bytes != offset or upload.call_id is not None:
            raise UploadOffset
        if len(self._store.parts(upload)) >= MOST_PARTS:
            raise InvalidRequest("The upload has come in too many pieces; begin it anew.")
        key = self._master_key.unwrap(upload.key, upload.id)
        return Receiving(self._store, self._objects, upload, key)

    def complete(self, user: User, upload_id: str) -> Received:
        """Make a call of an upload, or find the call with this very content.

        Asked again it says the same. Raises UploadOffset while something is lacking, and
        ContentDiffers, after which the upload is gone.
        """
        upload = self.get(user, upload_id)
        if upload.call_id is not None:
            return self._become(upload, upload.call_id)
        if upload.offset_bytes != upload.size_bytes:
            raise UploadOffset("Not all of it has arrived.")
        try:
            received = self._handed_in(user, upload)
        except (NotFound, UploadNotFound):
            # Whoever completed it at the same time has taken the pieces away.
            now = self._store.get(user.org_id, upload_id)
            if now.call_id is None:
                raise
            return self._become(now, now.call_id)
        except ContentDiffers:
            self._forget(upload)
            raise
        self._remove_pieces(upload)
        return received

    def give_up(self, user: User, upload_id: str) -> None:
        """Forget an upload and what has arrived of it; a call it has become stays.

        Raises OnHold while all of its customer is on hold.
        """
        self._forget(self.get(user, upload_id), unless_held=True)

    def of_customer(self, user: User, customer_ref: str) -> list[Upload]:
        """Return the open uploads that are to become calls of a customer. Raises AccessDenied."""
        self._authority.check(user, Act.CALL_ADDED)
        found = [one for one in self._store.open_of(user.org_id) if _may_go_on(user, one)]
        return [upload for upload in found if upload.details.customer_ref == customer_ref]

    def open_count(self) -> int:
        """Return how many uploads of all organisations are open."""
        return self._store.open_count()

    def expire(self) -> int:
        """Forget uploads that nobody goes on with, and pieces of none; return how many."""
        now = datetime.now(UTC)
        old = self._store.unchanged_since(now - self._kept_for)
        for upload in old:
            self._forget(upload)
        pieces = [
            (found.key.split("/")[1], found.key)
            for found in self._objects.list(_ROOT)
            if found.changed_at < now - STRAY_AFTER
        ]
        known = self._store.existing(upload_id for upload_id, _ in pieces)
        strays = [key for upload_id, key in pieces if upload_id not in known]
        for key in strays:
            self._objects.delete(key)
        return len(old) + len(strays)

    def _handed_in(self, user: User, upload: Upload) -> Received:
        """Hand all pieces in as one recording. Raises NotFound when some have been taken away."""
        parts = self._store.parts(upload)
        if sum(part.size_bytes for part in parts) != upload.size_bytes:
            raise NotFound
        with self._intake.begin(user, upload.name) as incoming:
            for block in self._blocks(upload, parts):
                incoming.write(block)
            if upload.content_hash not in (None, incoming.content_hash):
                raise ContentDiffers
            received = incoming.commit(
                upload.options,
                upload.details,
                also=lambda connection, call_id: self._store.finish(
                    upload, call_id, duplicate=False, connection=connection
                ),
            )
        if received.duplicate:
            self._store.finish(upload, received.call_id, duplicate=True)
        return received

    def _blocks(self, upload: Upload, parts: Sequence[UploadPart]) -> Iterator[bytes]:
        key = self._master_key.unwrap(upload.key, upload.id)
        for part in parts:
            name = _object_key(upload, part.name)

            def read_range(start: int, stop: int, name: str = name) -> bytes:
                return self._objects.read_range(name, start, stop)

            size = self._objects.size(name)
            with EncryptedReader(read_range, size, key, purpose=part.name) as piece:
                while block := piece.read(BLOCK_BYTES):
                    yield block

    def _become(self, done: Upload, call_id: str) -> Received:
        call = self._calls.get(done.org_id, call_id)
        return Received(call_id=call.id, duplicate=done.duplicate, state=call.state)

    def _forget(self, upload: Upload, *, unless_held: bool = False) -> None:
        # The row goes first: with it goes the key.
        self._store.delete(upload, unless_held=unless_held)
        self._remove_pieces(upload)

    def _remove_pieces(self, upload: Upload) -> None:
        for found in list(self._objects.list(f"{_ROOT}/{upload.id}")):
            self._objects.delete(found.key)


class Receiving(AbstractContextManager["Receiving"]):
    """Bytes of an upload on their way in; a whole piece is kept whatever happens after it.

    Leaving the block without ``keep()`` forgets the piece that was begun, and no other.
    """

    def __init__(
        self, store: UploadStore, objects: ObjectStore, upload: Upload, key: DataKey
    ) -> None:
        """Begin where the upload stands."""
        self._store = store
        self._objects = objects
        self._key = key
        self._writer: EncryptedWriter | None = None
        self._name = ""
        self.upload = upload

    def write(self, block: bytes) -> None:
        """Take the next bytes. Raises RequestTooLarge beyond the size that was announced."""
        if self.offset + len(block) > self.upload.size_bytes:
            raise RequestTooLarge("More came than was announced.")
        if self._writer is None:
            self._name = new_id()
            sink = self._objects.write(_object_key(self.upload, self._name))
            self._writer = EncryptedWriter(sink, self._key, purpose=self._name)
        self._writer.write(block)
        if self._writer.tell() >= PART_BYTES:
            self.keep()

    @property
    def offset(self) -> int:
        """How many bytes have come, those of the piece that was begun included."""
        return self.upload.offset_bytes + (self._writer.tell() if self._writer else 0)

    def keep(self) -> None:
        """Make what has arrived count. Raises UploadOffset when others went on meanwhile."""
        writer, self._writer = self._writer, None
        if writer is None:
            return
        size = writer.tell()
        writer.close()
        part = UploadPart(start=self.upload.offset_bytes, size_bytes=size, name=self._name)
        try:
            self._store.advance(self.upload, part)
        except (UploadOffset, DiskFull):
            # The database has said that it didn't. After any other error the piece may count all
            # the same, when only the answer was lost; if it doesn't, it goes with the upload.
            self._objects.delete(_object_key(self.upload, self._name))
            raise
        self.upload = replace(self.upload, offset_bytes=part.start + size)

    def abort(self) -> None:
        """Forget the piece that was begun."""
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.abort()

    def __exit__(self, *_exception: object) -> None:
        """Forget what was not kept."""
        self.abort()


def _may_go_on(user: User, upload: Upload) -> bool:
    """Let whoever began an upload go on with it, and those who have to do with all calls."""
    return upload.added_by == user.id or user.reach.all_calls


def _object_key(upload: Upload, part: str) -> str:
    return f"{_ROOT}/{upload.id}/{part}"
