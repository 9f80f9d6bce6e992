"""Taking recordings in: streamed, hashed and encrypted, then made a call with its job at once."""

import hashlib
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection

from services import telemetry
from services.access.authority import Authority, may_reach
from services.analysis.file_names import details_from_name, without_numbers
from services.domain.acts import Act
from services.domain.calls import (
    Call,
    CallDetails,
    CallState,
    Priority,
    ProcessingOptions,
    Run,
    SpeakerCount,
)
from services.domain.errors import (
    AlreadyStored,
    EmptyFile,
    FileMissing,
    InvalidRequest,
    StorageError,
    StoredOutOfReach,
)
from services.domain.ids import new_id
from services.domain.part import check_bounds
from services.domain.people import User
from services.jobs.queue import JobQueue
from services.providers.registry import ProviderRegistry
from services.storage.audio_vault import AudioVault, Rendition
from services.storage.calls import CallStore

MAX_NAME_CHARS = 200
UNNAMED = "recording"
BLOCK_BYTES = 1024 * 1024
_NOT_SHOWN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


AlsoStored = Callable[[Connection, str], object]
"""Stores more in the transaction that stores a call, whose id it is given."""


@dataclass(frozen=True, kw_only=True)
class Received:
    """What became of a recording that was handed in.

    ``duplicate`` says that the same content had been there already: ``call_id`` is that call.
    """

    call_id: str
    duplicate: bool
    state: CallState


class Intake:
    """Where recordings come in, from the browser, the command line or a demo."""

    def __init__(
        self,
        calls: CallStore,
        vault: AudioVault,
        providers: ProviderRegistry,
        queue: JobQueue,
        *,
        authority: Authority,
    ) -> None:
        """Put the sound into ``vault``, the call into the stores and its job into ``queue``."""
        self._authority = authority
        self._calls = calls
        self._vault = vault
        self._providers = providers
        self._queue = queue

    def begin(self, user: User, name: str) -> "Incoming":
        """Begin to take in a recording of this name. Nothing shows until it is committed.

        Raises AccessDenied.
        """
        self._authority.check(user, Act.CALL_ADDED)
        return Incoming(self, user, clean_name(name))

    def add_file(
        self,
        user: User,
        path: Path,
        name: str,
        options: ProcessingOptions,
        details: CallDetails,
        *,
        is_demo: bool = False,
        priority: Priority = Priority.SINGLE,
    ) -> Received:
        """Take in a file of this machine. Raises FileMissing, EmptyFile, DiskFull …."""
        try:
            source = path.open("rb")
        except OSError as error:
            raise FileMissing from error
        with source, self.begin(user, name) as incoming:
            while block := source.read(BLOCK_BYTES):
                incoming.write(block)
            return incoming.commit(options, details, is_demo=is_demo, priority=priority)

    def _store(
        self, incoming: "Incoming", run: Run, call: Call, also: AlsoStored | None
    ) -> Received:
        """Make the sound durable, then the call with its job in one transaction."""
        incoming.writer.close()
        try:
            with self._calls.transaction() as connection:
                self._calls.add(call, run, incoming.key, connection=connection)
                self._queue.enqueue(connection, run)
                if also is not None:
                    also(connection, call.id)
        except AlreadyStored:
            self._vault.delete(call.id)
            known = self._calls.find_by_hash(call.org_id, call.content_hash)
            if known is None:
                raise
            return _known(incoming.user, known)
        except Exception as error:
            # Without an answer of the database, as after an interruption, the call may be there.
            # Sound that turns out to have none is taken away by the janitor.
            if type(error) is not StorageError:
                self._vault.delete(call.id)
            raise
        telemetry.event("call.received", bytes=call.size_bytes, provider=run.options.provider)
        return Received(call_id=call.id, duplicate=False, state=call.state)

    def check_options(self, options: ProcessingOptions) -> None:
        """Refuse options that can't work.

        Raises ProviderUnknown, ProviderNotConfigured (for a fallback, too), InvalidRequest for an
        impossible part or number of speakers and for options that its providers don't have.
        """
        SpeakerCount.of(options).check()
        check_bounds(options.start_ms, options.end_ms)
        self._providers.ready_in_turn(options)


class Incoming(AbstractContextManager["Incoming"]):
    """A recording on its way in; leaving the block without ``commit`` leaves nothing behind."""

    def __init__(self, intake: Intake, user: User, name: str) -> None:
        """Begin; ``name`` has been cleaned."""
        self._intake = intake
        self.user = user
        self._name = name
        self._hash = hashlib.sha256()
        self._size = 0
        self._call_id = new_id()
        self.key = intake._vault.new_key(self._call_id)
        self.writer = intake._vault.write(self._call_id, Rendition.ORIGINAL, self.key)

    def rename(self, name: str) -> None:
        """Give it the name that has come after its sound. Raises InvalidRequest."""
        self._name = clean_name(name)

    def write(self, block: bytes) -> None:
        """Take the next bytes. Raises DiskFull, StorageError."""
        self._hash.update(block)
        self._size += len(block)
        self.writer.write(block)

    @property
    def content_hash(self) -> str:
        """The SHA-256 of what has arrived, as hexadecimal digits."""
        return self._hash.hexdigest()

    def commit(
        self,
        options: ProcessingOptions,
        details: CallDetails,
        *,
        is_demo: bool = False,
        also: AlsoStored | None = None,
        priority: Priority = Priority.SINGLE,
    ) -> Received:
        """Make it a call with a waiting job, or find the call that has this very content.

        Details that are absent are read from the file name. What ``also`` stores is there with a
        new call or not at all. Raises EmptyFile, ProviderUnknown, ProviderNotConfigured,
        InvalidRequest, DiskFull, StoredOutOfReach; then nothing is left of it. After a
        StorageError it may be there.
        """
        if self._size == 0:
            raise EmptyFile
        intake = self._intake
        intake.check_options(options)
        known = intake._calls.find_by_hash(self.user.org_id, self.content_hash)
        if known is not None:
            self.abort()
            return _known(self.user, known)
        intake._authority.allow(self.user, Act.CALL_ADDED, self._call_id)
        call = self._call(options, details, is_demo=is_demo)
        run = Run(
            call_id=call.id,
            number=call.run,
            options=options,
            state=CallState.WAITING,
            queue=intake._queue.queue_for(options),
            priority=priority,
        )
        return intake._store(self, run, call, also)

    def _call(self, options: ProcessingOptions, details: CallDetails, *, is_demo: bool) -> Call:
        """Return the call that what has arrived becomes."""
        now = datetime.now(UTC)
        return Call(
            id=self._call_id,
            org_id=self.user.org_id,
            source_name=without_numbers(self._name) if options.redact else self._name,
            content_hash=self.content_hash,
            size_bytes=self._size,
            state=CallState.WAITING,
            created_at=now,
            details=_completed(details, details_from_name(self._name)).noted(self.user.name, now),
            is_demo=is_demo,
            added_by=self.user.id,
        )

    def abort(self) -> None:
        """Forget what has arrived, unless it was committed."""
        self.writer.abort()

    def __exit__(self, *_exception: object) -> None:
        """Forget what was not committed."""
        self.abort()


def clean_name(name: str) -> str:
    """Return a file name fit for showing: no folders, no control or direction characters.

    Raises InvalidRequest when the name is absurdly long.
    """
    if len(name) > 10_000:
        raise InvalidRequest
    last = re.split(r"[/\\]", name)[-1]
    shown = " ".join(_NOT_SHOWN.sub("", last).split())
    if len(shown) > MAX_NAME_CHARS:
        stem, dot, ending = shown.rpartition(".")
        kept = dot + ending if stem and len(ending) <= 10 else ""
        shown = shown[: MAX_NAME_CHARS - len(kept)] + kept
    return shown if shown.strip(".") else UNNAMED


def _completed(given: CallDetails, read: CallDetails) -> CallDetails:
    return replace(
        given,
        agent_name=given.agent_name or read.agent_name,
        queue=given.queue or read.queue,
        customer_ref=given.customer_ref or read.customer_ref,
        direction=given.direction or read.direction,
        started_at=given.started_at or read.started_at,
    )


def _known(user: User, call: Call) -> Received:
    if not may_reach(user, call):
        raise StoredOutOfReach
    return Received(call_id=call.id, duplicate=True, state=call.state)
