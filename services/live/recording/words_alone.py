"""Calls of which a telephone service sent words alone: made calls, given their recording later.

Such a call has no tape, no sound in the vault and no run that hears it. Its captions are its first
run's transcript from the beginning; the run then has a worker read them, as the words of any other
call are read after they were recognised.
"""

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from services import telemetry
from services.domain.calls import FINISHED_STATES, Call, Priority, ProcessingOptions
from services.domain.errors import EmptyFile, FileMissing, NotFound, PartylineError
from services.domain.findings import Finding
from services.domain.live_calls import RunningCall
from services.domain.metrics import AnalysedTranscript
from services.jobs.intake import BLOCK_BYTES
from services.jobs.queue import JobQueue
from services.live.recording.landed import (
    TakenOver,
    call_of,
    first_run,
    fit_to_keep,
    has_words,
    misses_words,
    unrecorded_facts,
    without_words,
)
from services.storage.audio_vault import AudioVault, Rendition
from services.storage.calls import CallStore
from services.storage.keys import WrappedKey
from services.storage.live_calls import LiveCallStore
from services.storage.phone_words import PhoneWordStore
from services.storage.runs import RunStore
from services.storage.transcripts import TranscriptStore


class WordsAlone:
    """Stores calls without a recording, and recordings that come after their calls."""

    def __init__(
        self,
        process: str,
        *,
        live: LiveCallStore,
        words: PhoneWordStore,
        vault: AudioVault,
        calls: CallStore,
        runs: RunStore,
        transcripts: TranscriptStore,
        queue: JobQueue,
        defaults: ProcessingOptions,
    ) -> None:
        """Store calls that ``process`` holds, of these stores.

        Recordings that come later are processed as ``defaults`` say.
        """
        self._process = process
        self._live = live
        self._words = words
        self._vault = vault
        self._calls = calls
        self._runs = runs
        self._transcripts = transcripts
        self._queue = queue
        self._defaults = defaults

    def store(
        self,
        running: RunningCall,
        captions: AnalysedTranscript | None,
        findings: Sequence[Finding] = (),
    ) -> bool:
        """Have a call with its captions appear, and row and kept words go; all of it or nothing.

        Returns whether there is such a call: not when there are no words that may be kept, and
        none are missing; then nothing is left of it. One of which words are missing is there
        without a line, and says so. Raises TakenOver, DiskFull, StorageError.
        """
        if not self._live.touch(running.id, self._process):
            raise TakenOver
        kept = fit_to_keep(captions, running.options)
        if kept is None or not has_words(kept):
            if not misses_words(running):
                self._live.remove(running.id)
                return False
            kept = without_words(running)
        call = call_of(
            running,
            content_hash=hashlib.sha256(f"phone:{running.id}".encode()).hexdigest(),
            size_bytes=0,
            audio=unrecorded_facts(running, kept, findings),
        )
        key = self._words.key(call.id) or self._vault.new_key(call.id)
        run = first_run(call, running.options, queue=self._queue.queue_for(running.options))
        # This takes time in which nobody else could write.
        read = self._transcripts.read_by_rules(call.org_id, kept)
        with self._calls.transaction() as connection:
            self._words.delete(call.id, connection=connection)
            if not self._live.remove(running.id, connection=connection):
                raise TakenOver
            self._calls.add(call, run, key, connection=connection)
            self._transcripts.save(
                call.org_id, call.id, run.number, kept, read=read, connection=connection
            )
            self._queue.enqueue(connection, run)
        return True

    def attach(self, call_id: str, file: Path) -> None:
        """Make a file the recording of a call that has none, and queue a run that hears it.

        Does nothing for a call that has one. Raises NotFound, FileMissing, EmptyFile, DiskFull,
        StorageError; then the call is as it was.
        """
        call = self._calls.load(call_id)
        if call.has_recording:
            telemetry.event("phone.recording_known")
            return
        key = self._calls.key(call.org_id, call_id)
        try:
            content_hash, size_bytes = self._write(call_id, key, file)
            self._end_reading(call)
            is_new = self._take(call, content_hash, size_bytes)
        except BaseException:
            self._forget_sound(call_id)
            raise
        telemetry.event("phone.recording_attached", bytes=size_bytes, first=is_new)

    def _write(self, call_id: str, key: WrappedKey, file: Path) -> tuple[str, int]:
        """Write the file into the vault; return its hash and size."""
        digest, size = hashlib.sha256(), 0
        try:
            source = file.open("rb")
        except OSError as error:
            raise FileMissing from error
        with source, self._vault.write(call_id, Rendition.ORIGINAL, key) as writer:
            while block := source.read(BLOCK_BYTES):
                digest.update(block)
                size += len(block)
                writer.write(block)
            if not size:
                raise EmptyFile
        return digest.hexdigest(), size

    def _end_reading(self, call: Call) -> None:
        """End a run that reads the words: what is heard will be read anew."""
        run = self._runs.get(call.org_id, call.id, call.run)
        if run.state in FINISHED_STATES:
            return
        self._runs.request_cancel(call.org_id, call.id, run.number)
        self._runs.cancelled(call.id, run.number)
        self._queue.withdraw(run.workflow_ids)

    def _take(self, call: Call, content_hash: str, size_bytes: int) -> bool:
        """Have the call know its recording and wait for a run; return whether it didn't before."""
        asked = self._runs.get(call.org_id, call.id, 1).options
        options = replace(
            asked,
            provider=self._defaults.provider,
            fallback=self._defaults.fallback,
            provider_options=(),
        )
        queue = self._queue.queue_for(options)
        with self._calls.transaction() as connection:
            is_new = self._calls.take_recording(
                call.id, content_hash=content_hash, size_bytes=size_bytes, connection=connection
            )
            if is_new:
                run = self._runs.start(
                    call.org_id,
                    call.id,
                    options,
                    queue=queue,
                    priority=Priority.LIVE,
                    connection=connection,
                )
                self._queue.enqueue(connection, run)
        return is_new

    def _forget_sound(self, call_id: str) -> None:
        """Take away what was written, unless it has become the call's recording meanwhile."""
        with suppress(PartylineError):
            try:
                keeps = self._calls.load(call_id).has_recording
            except NotFound:
                keeps = False
            if not keeps:
                self._vault.remove(call_id, Rendition.ORIGINAL)
