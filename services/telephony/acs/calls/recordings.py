"""Recordings of phone calls, which the service has ready when a call has ended.

They are named by the call's server call id, and lie at the service for a day or two.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Protocol

from services import telemetry
from services.domain.errors import NotFound, NotLandedYet, TelephonyNotConfigured
from services.domain.live_calls import RunningCall
from services.telephony.acs.wire.incoming import ReadyRecording

OPEN_FILES = Path("/proc/self/fd")


class Expected(Protocol):
    """Knows calls by their server call ids. All raise StorageError."""

    def expect(self, server_call_id: str, call_id: str, at: datetime) -> None:
        """Remember that a call may get a recording."""

    def find(self, server_call_id: str) -> str | None:
        """Return the call's id."""

    def delete_before(self, at: datetime) -> int:
        """Forget calls remembered before then; return how many."""


class Fetches(Protocol):
    """Fetches recordings from the service."""

    def fetch(self, location: str, into: IO[bytes], *, most_bytes: int) -> None:
        """Write a recording into a file. Raises a TelephonyError, InvalidRequest, TooLarge."""


class PhoneRecordings:
    """Fetches recordings and attaches them to their calls. Safe across threads."""

    def __init__(
        self,
        expected: Expected,
        control: Fetches | None,
        attach: Callable[[str, Path], None],
        *,
        folder: Path,
        most_bytes: int,
    ) -> None:
        """Attach by ``attach``, as Landing.attach_recording; files lie in ``folder`` meanwhile."""
        self._expected = expected
        self._control = control
        self._attach = attach
        self._folder = folder
        self._most_bytes = most_bytes

    def may_come(self, running: RunningCall) -> None:
        """Remember a call as far as its server call id is known. Raises StorageError."""
        server_call_id = running.phone.server_call_id if running.phone else None
        if server_call_id is not None:
            self._expected.expect(server_call_id, running.id, datetime.now(UTC))

    def take(self, ready: ReadyRecording) -> None:
        """Fetch a recording and attach it to its call; one of a call that isn't ours is left.

        Raises NotLandedYet while the call hasn't landed yet, a TelephonyError, StorageError.
        """
        call_id = self._expected.find(ready.server_call_id)
        if call_id is None:
            telemetry.event("phone.recording_of_no_call")
            return
        if len(ready.locations) != 1:
            # Parts put together are no file of their kind.
            telemetry.warning("phone.recording_in_parts", parts=len(ready.locations))
            return
        if self._control is None:
            raise TelephonyNotConfigured
        with _unnamed(self._folder) as (file, path):
            self._control.fetch(ready.locations[0], file, most_bytes=self._most_bytes)
            file.flush()
            try:
                self._attach(call_id, path)
            except NotFound:
                raise NotLandedYet from None

    def forget(self, before: datetime) -> int:
        """Forget calls remembered before then; return how many. Raises StorageError."""
        return self._expected.delete_before(before)


@contextmanager
def _unnamed(folder: Path) -> Iterator[tuple[IO[bytes], Path]]:
    """Give an empty file, and where it can be opened.

    Where the system has a way to, without a name: it is gone with this process, however that ends.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if OPEN_FILES.exists():
        with tempfile.TemporaryFile(dir=folder) as file:
            yield file, OPEN_FILES / str(file.fileno())
        return
    with tempfile.NamedTemporaryFile(dir=folder) as named:
        yield named.file, Path(named.name)
