"""Calls whose sound is on a tape, made calls with a recording."""

import hashlib
import time
from collections.abc import Iterator
from dataclasses import replace

from services import telemetry
from services.audio.recording import SAMPLE_RATE
from services.audio.wav import wav_header
from services.domain.calls import Call, Priority, ProcessingOptions
from services.domain.errors import AlreadyStored, InternalFault, NotFound, ProviderUnknown
from services.domain.live_calls import RunningCall
from services.domain.metrics import AnalysedTranscript
from services.jobs.queue import JobQueue
from services.live.options import as_recorded
from services.live.recording.landed import (
    TakenOver,
    audio_facts,
    call_of,
    first_run,
    fit_to_keep,
    told_apart,
)
from services.providers.registry import ProviderRegistry
from services.storage.audio_vault import AudioVault, Rendition
from services.storage.calls import CallStore
from services.storage.live_calls import LiveCallStore
from services.storage.runs import RunStore
from services.storage.tapes import TapeReader, TapeStore
from services.storage.transcripts import TranscriptStore

LEAST_FRAMES = SAMPLE_RATE // 2
TOUCH_EVERY_S = 2.0


class FromTape:
    """Stores what is on tapes as calls."""

    def __init__(
        self,
        process: str,
        *,
        live: LiveCallStore,
        tapes: TapeStore,
        vault: AudioVault,
        calls: CallStore,
        runs: RunStore,
        transcripts: TranscriptStore,
        queue: JobQueue,
        providers: ProviderRegistry,
    ) -> None:
        """Store calls that ``process`` holds, of these stores."""
        self._process = process
        self._live = live
        self._tapes = tapes
        self._vault = vault
        self._calls = calls
        self._runs = runs
        self._transcripts = transcripts
        self._queue = queue
        self._providers = providers

    def store(self, running: RunningCall, captions: AnalysedTranscript | None) -> bool:
        """Have the sound, the call, its captions and its finishing run appear, and the row go.

        Returns whether there is such a call: not with next to no sound; then its row is gone.
        Raises TakenOver, DiskFull, StorageError, WrongKey, DataDamaged.
        """
        try:
            tape = self._tapes.open(running.id)
        except NotFound:
            telemetry.warning("live.tape_missing", received_ms=running.received_ms)
            self._live.remove(running.id)
            return False
        with tape:
            if tape.frames < LEAST_FRAMES:
                self._live.remove(running.id)
                return False
            call = self._with_sound_stored(running, tape)
            try:
                self._store(running, call, tape, captions)
            except AlreadyStored:
                # The same sound in another call: that of a recording played as live twice.
                self._store(running, told_apart(call), tape, captions)
        return True

    def _with_sound_stored(self, running: RunningCall, tape: TapeReader) -> Call:
        """Write the tape as a recording into the vault; return the call that has it."""
        digest, size = hashlib.sha256(), 0
        with self._vault.write(running.id, Rendition.ORIGINAL, tape.key) as writer:
            for block in self._watched(running, tape):
                digest.update(block)
                size += len(block)
                writer.write(block)
        return call_of(
            running,
            content_hash=digest.hexdigest(),
            size_bytes=size,
            audio=audio_facts(running, channels=tape.channels, frames=tape.frames, lost=tape.lost),
        )

    def _watched(self, running: RunningCall, tape: TapeReader) -> Iterator[bytes]:
        """Yield the recording while its row shows that this process is at it."""
        touched_s = float("-inf")
        yield wav_header(tape.channels, tape.frames)
        for block in tape.blocks():
            if time.monotonic() - touched_s > TOUCH_EVERY_S:
                if not self._live.touch(running.id, self._process):
                    raise TakenOver
                touched_s = time.monotonic()
            yield block

    def _store(
        self,
        running: RunningCall,
        call: Call,
        tape: TapeReader,
        captions: AnalysedTranscript | None,
    ) -> None:
        """Have call, captions and finishing run appear, and the row go; all of it or nothing."""
        kept = fit_to_keep(captions, running.options)
        options = self._options_afterwards(running.options)
        queue = self._queue.queue_for(options)
        # This takes time in which nobody else could write.
        read = self._transcripts.read_by_rules(call.org_id, kept) if kept else None
        with self._calls.transaction() as connection:
            if not self._live.remove(running.id, connection=connection):
                raise TakenOver
            if kept is None:
                run = first_run(call, options, queue=queue)
                self._calls.add(call, run, tape.key, connection=connection)
            else:
                first = first_run(call, running.options)
                self._calls.add(call, first, tape.key, connection=connection)
                stored = self._transcripts.save(
                    call.org_id, call.id, first.number, kept, read=read, connection=connection
                )
                if not self._runs.finish(call.id, first.number, stored, connection=connection):
                    raise InternalFault
                run = self._runs.start(
                    call.org_id,
                    call.id,
                    options,
                    queue=queue,
                    priority=Priority.LIVE,
                    connection=connection,
                )
            self._queue.enqueue(connection, run)

    def _options_afterwards(self, options: ProcessingOptions) -> ProcessingOptions:
        """Return the options of the finishing run.

        One whose provider is not here any more fails, and can be asked of another.
        """
        try:
            return as_recorded(self._providers.capabilities(options.provider), options)
        except ProviderUnknown:
            return replace(options, provider_options=())
