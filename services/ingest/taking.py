"""Taking in one file of a place: what is known of it, its sound, and what became of it."""

from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from hashlib import sha256
from pathlib import PurePosixPath
from typing import BinaryIO, Protocol

from sqlalchemy import Connection

from services import telemetry
from services.analysis.file_names import details_from_name
from services.audio.opening import look
from services.domain.calls import CallDetails, Priority, ProcessingOptions
from services.domain.errors import (
    BadAudio,
    BadSidecar,
    DecoderLost,
    FileUnreadable,
    NameUnfit,
    PartylineError,
    TooLarge,
)
from services.domain.people import User
from services.ingest.patterns import NamePattern
from services.ingest.sidecars import NOTHING, Beside, Sidecars
from services.ingest.sources import Found, Source
from services.ingest.told import over
from services.jobs.intake import BLOCK_BYTES, Incoming, Intake, Received
from services.storage.ingested_files import Fate, IngestedFile, IngestedFileStore, file_identity


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is asked for with all files of a place.

    ``details`` hold where neither what lies beside a file nor its name tells. ``only_fitting``:
    files whose names don't fit the pattern are refused. ``zone`` is that of moments that don't say
    theirs.
    """

    options: ProcessingOptions = field(default_factory=ProcessingOptions)
    details: CallDetails = NOTHING
    pattern: NamePattern | None = None
    only_fitting: bool = False
    zone: tzinfo = UTC

    @property
    def mark(self) -> str:
        """Changes with what may have a file refused now and taken another time."""
        written = self.pattern.written if self.pattern else ""
        return f"{written}|{self.only_fitting}|{self.zone}"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a file: a call, the call with the same content, a refusal, or nothing yet.

    ``fits`` is false for a name that doesn't fit the pattern.
    """

    file: str
    fate: Fate
    call_id: str | None = None
    error: PartylineError | None = None
    fits: bool = True


class Look(Protocol):
    """Looks at the head of a file."""

    def __call__(self, source: BinaryIO, *, suffix: str | None = None) -> None:
        """Raise a BadAudio unless it can be a recording."""


class ChangedMeanwhile(Exception):
    """The file was changed or taken away while it was being read."""


class Taker:
    """Makes calls of files, each together with the note that it was dealt with."""

    def __init__(
        self,
        intake: Intake,
        files: IngestedFileStore,
        user: User,
        wish: Wish,
        *,
        most_bytes: int,
        look: Look = look,
    ) -> None:
        """Take in for this person what is not larger than ``most_bytes``.

        ``look`` says of a file whether it can be a recording, wherever it does that.
        """
        self._look = look
        self._intake = intake
        self._files = files
        self._user = user
        self._wish = wish
        self._most_bytes = most_bytes

    def known(self, identities: list[str]) -> dict[str, IngestedFile]:
        """Return which of these files have been dealt with."""
        return self._files.known(self._user.org_id, identities)

    def beside_mark(self, beside: Beside) -> str:
        """Return what stands for all that decides over a refusal besides the file."""
        return sha256(f"{self._wish.mark}\n{beside.mark}".encode()).hexdigest()

    def take(
        self, source: Source, found: Found, beside: Beside, sidecars: Sidecars | None
    ) -> Outcome:
        """Make a call of a file, or say why not. One that can't be read for now is not noted.

        Raises StorageError, DiskFull, and ChangedMeanwhile; then nothing of it is kept or noted.
        """
        try:
            received, fits = self._received(source, found, beside, sidecars)
        except (FileUnreadable, DecoderLost) as error:
            # Its rights may come later, or its disk come back, without the file being changed.
            telemetry.event("ingest.unread")
            return Outcome(file=source.where(found), fate=Fate.UNREAD, error=error)
        except (BadAudio, BadSidecar, NameUnfit) as error:
            if source.mark_now(found) != found.mark:
                raise ChangedMeanwhile from error
            self._note(source, found, beside, Fate.REFUSED, error=error)
            telemetry.event("ingest.refused", error=error.code)
            return Outcome(file=source.where(found), fate=Fate.REFUSED, error=error)
        fate = Fate.DUPLICATE if received.duplicate else Fate.TAKEN
        if received.duplicate:
            self._note(source, found, beside, fate)
        return Outcome(file=source.where(found), fate=fate, call_id=received.call_id, fits=fits)

    def _received(
        self, source: Source, found: Found, beside: Beside, sidecars: Sidecars | None
    ) -> tuple[Received, bool]:
        """Make a call of a file; return it, and whether the file's name fits the pattern."""
        told = sidecars.told(found, beside) if sidecars else None
        details, fits = self._details(found, told)
        if self._wish.only_fitting and not fits:
            raise NameUnfit

        def note(connection: Connection, _call_id: str) -> None:
            self._note(source, found, beside, Fate.TAKEN, connection=connection)

        with (
            self._opened(source, found) as file,
            self._intake.begin(self._user, found.name) as incoming,
        ):
            self._receive(source, found, file, incoming)
            received = incoming.commit(
                self._wish.options, details, also=note, priority=Priority.BULK
            )
            return received, fits

    def _note(
        self,
        source: Source,
        found: Found,
        beside: Beside,
        fate: Fate,
        *,
        error: PartylineError | None = None,
        connection: Connection | None = None,
    ) -> None:
        done = IngestedFile(
            file=file_identity(source.place, found.path),
            mark=found.mark,
            beside=self.beside_mark(beside),
            fate=fate,
            error_code=error.code if error else None,
        )
        self._files.note(self._user.org_id, done, connection=connection)

    def _details(self, found: Found, told: CallDetails | None) -> tuple[CallDetails, bool]:
        pattern = self._wish.pattern
        if pattern is None:
            by_name, fits = details_from_name(found.name, zone=self._wish.zone), True
        else:
            read = pattern.details(found.path, self._wish.zone)
            by_name, fits = read or NOTHING, read is not None
        return over(over(told or NOTHING, by_name), self._wish.details), fits

    def _opened(self, source: Source, found: Found) -> BinaryIO:
        """Open a file that can be a recording.

        Raises BadAudio for one that can't, FileUnreadable.
        """
        if found.size > self._most_bytes:
            raise TooLarge
        try:
            file = source.open(found)
        except OSError as error:
            raise FileUnreadable from error
        try:
            self._look(file, suffix=PurePosixPath(found.name).suffix)
            file.seek(0)
        except OSError as error:
            file.close()
            raise FileUnreadable from error
        except BaseException:
            file.close()
            raise
        return file

    def _receive(self, source: Source, found: Found, file: BinaryIO, incoming: Incoming) -> None:
        """Pass the sound on.

        Raises ChangedMeanwhile unless it is what was found, to its end, and FileUnreadable.
        """
        taken = 0
        try:
            while block := file.read(BLOCK_BYTES):
                taken += len(block)
                if taken > found.size:
                    raise ChangedMeanwhile
                incoming.write(block)
        except OSError as error:
            raise FileUnreadable from error
        if taken != found.size or source.mark_now(found) != found.mark:
            raise ChangedMeanwhile
