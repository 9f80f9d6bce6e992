"""Landing: what was recorded of a live call becomes an ordinary call, once, whatever happens.

The sound goes from the tape into the vault; then call, captions and the run that finishes it appear
in the transaction in which the live call's row goes. So the row says whether a call has landed.
After a crash before that all is done again: the tape's key is the call's, so that the sound written
anew is the same to everybody. After a crash behind it only the tape is left, which goes then.
"""

import hashlib
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sqlalchemy import Engine

from services import telemetry
from services.audio.recording import SAMPLE_RATE
from services.audio.wav import wav_header
from services.domain.calls import Call, ProcessingOptions
from services.domain.errors import (
    AlreadyStored,
    InternalFault,
    NotFound,
    PartylineError,
    ProviderUnknown,
)
from services.domain.live_calls import FROM_BROWSER, RunningCall
from services.domain.metrics import AnalysedTranscript
from services.jobs.queue import JobQueue
from services.live.landed import audio_facts, call_of, first_run, fit_to_keep
from services.live.options import as_recorded
from services.providers.registry import ProviderRegistry
from services.storage.audio_vault import AudioVault, Rendition
from services.storage.calls import CallStore
from services.storage.database import forget_log
from services.storage.live_calls import LiveCallStore
from services.storage.runs import RunStore
from services.storage.tapes import TapeReader, TapeStore
from services.storage.transcripts import TranscriptStore

LEAST_FRAMES = SAMPLE_RATE // 2
SILENT_FOR = timedelta(seconds=20)
BACK_WITHIN = timedelta(seconds=45)
"""So long a call is left to its recorder, which tries every 3 s, and 8 s for an answer."""
TOUCH_EVERY_S = 2.0
# A tape that belongs to nothing known may be that of another database put here for a moment.
LEFT_OVER_AFTER_S = 600.0
STRANGE_AFTER_S = 7 * 24 * 3600.0


class Landed(StrEnum):
    """What has become of a live call."""

    CALL = "call"
    TOO_SHORT = "too_short"
    """There was next to no sound; nothing is left of it."""
    BEFORE = "before"
    """It had landed before."""
    ELSEWHERE = "elsewhere"
    """Another process has taken it over, and lands it."""


class _TakenOver(Exception):
    """The call is another process's now."""


class Landing:
    """Lands calls that have ended, and those whose process has died."""

    def __init__(
        self,
        process: str,
        *,
        engine: Engine,
        live: LiveCallStore,
        tapes: TapeStore,
        vault: AudioVault,
        calls: CallStore,
        runs: RunStore,
        transcripts: TranscriptStore,
        queue: JobQueue,
        providers: ProviderRegistry,
    ) -> None:
        """Land calls that ``process`` holds, of these stores."""
        self._process = process
        self._engine = engine
        self._live = live
        self._tapes = tapes
        self._vault = vault
        self._calls = calls
        self._runs = runs
        self._transcripts = transcripts
        self._queue = queue
        self._providers = providers

    def land(self, call_id: str, captions: AnalysedTranscript | None) -> Landed:
        """Make a live call, whose tape is not written any more, an ordinary one.

        With ``captions`` it can be read at once, and they stay as its first run's transcript. Safe
        to call again after whatever happened. Raises DiskFull, StorageError, WrongKey, DataDamaged;
        then row and tape are as they were.
        """
        try:
            running = self._live.load(call_id)
        except NotFound:
            self._tapes.delete(call_id)
            return Landed.BEFORE
        try:
            landed = self._land(running, captions)
        except _TakenOver:
            return Landed.ELSEWHERE
        self._tapes.delete(call_id)
        # Names and last lines are not to outlive the row in the database's log.
        forget_log(self._engine)
        telemetry.event(
            "live.landed",
            became=landed.value,
            captions=captions is not None,
            provider=running.options.provider,
        )
        return landed

    def recover(self, *, spare_browsers: bool = False) -> list[str]:
        """Land the calls whose process has died; return their ids.

        It finds those whose tape is on this machine, is written by nobody, and whose process has
        shown no heartbeat for 20 s. A call that a browser records is left for 45 s to whoever comes
        back to it, and longer while ``spare_browsers``. One that can't be landed now is tried again
        later.
        """
        landed = []
        free = [call_id for call_id in self._tapes.ids() if not self._tapes.is_held(call_id)]
        now = datetime.now(UTC)

        def spare(call: RunningCall) -> bool:
            may_come_back = call.goes_on and call.source in FROM_BROWSER
            return may_come_back and (spare_browsers or call.heartbeat_at > now - BACK_WITHIN)

        silent = now - SILENT_FOR
        for running in self._live.take_over(
            self._process, silent_since=silent, among=free, spare=spare
        ):
            telemetry.event("live.taken_over", received_ms=running.received_ms)
            try:
                if self.land(running.id, None) is Landed.CALL:
                    landed.append(running.id)
            except PartylineError as error:
                telemetry.warning("live.not_landed", error=error.code)
            except Exception as error:
                telemetry.fault("live.not_landed", error)
        self._remove_left_over_tapes()
        return landed

    # --- one call -----------------------------------------------------------------------------

    def _land(self, running: RunningCall, captions: AnalysedTranscript | None) -> Landed:
        try:
            tape = self._tapes.open(running.id)
        except NotFound:
            telemetry.warning("live.tape_missing", received_ms=running.received_ms)
            self._live.remove(running.id)
            return Landed.TOO_SHORT
        with tape:
            if tape.frames < LEAST_FRAMES:
                self._live.remove(running.id)
                return Landed.TOO_SHORT
            call = self._with_sound_stored(running, tape)
            try:
                self._store(running, call, tape, captions)
            except AlreadyStored:
                # The same sound in another call: that of a recording played as live twice.
                self._store(running, _told_apart(call), tape, captions)
        return Landed.CALL

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
                    raise _TakenOver
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
                raise _TakenOver
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
                    call.org_id, call.id, options, queue=queue, connection=connection
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

    # --- what is left over --------------------------------------------------------------------

    def _remove_left_over_tapes(self) -> None:
        """Remove tapes of calls that have landed, and in time those that belong to nothing."""
        old = self._tapes.ids(older_than_s=LEFT_OVER_AFTER_S)
        loose = set(old) - self._live.existing(old)
        gone = self._calls.existing(loose)
        gone |= loose & set(self._tapes.ids(older_than_s=STRANGE_AFTER_S))
        for call_id in gone:
            if not self._tapes.is_held(call_id):
                self._tapes.delete(call_id)
                telemetry.event("live.tape_removed")


def _told_apart(call: Call) -> Call:
    """Return the call with a content hash of its own."""
    own = hashlib.sha256(f"{call.id} {call.content_hash}".encode()).hexdigest()
    return replace(call, content_hash=own)
