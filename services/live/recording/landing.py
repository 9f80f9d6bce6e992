"""Landing: what is kept of a live call becomes an ordinary call, once, whatever happens.

The sound goes from the tape, where there is one, into the vault; then call, captions and the run
that finishes it appear in the transaction in which the live call's row goes. So the row says
whether a call has landed. After a crash before that all is done again: the tape's key is the
call's, so that the sound written anew is the same to everybody. After a crash behind it only the
tape is left, which goes then.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from sqlalchemy import Engine

from services import telemetry
from services.domain.calls import ProcessingOptions
from services.domain.errors import NotFound, PartylineError
from services.domain.findings import Finding
from services.domain.live_calls import FROM_BROWSER, RunningCall
from services.domain.metrics import AnalysedTranscript
from services.jobs.queue import JobQueue
from services.live.recording.from_tape import FromTape
from services.live.recording.landed import TakenOver
from services.live.recording.left_over import remove_left_over_tapes
from services.live.recording.words_alone import WordsAlone
from services.providers.registry import ProviderRegistry
from services.storage.audio_vault import AudioVault
from services.storage.calls import CallStore
from services.storage.database import forget_log
from services.storage.live_calls import LiveCallStore
from services.storage.phone_words import PhoneWordStore
from services.storage.runs import RunStore
from services.storage.tapes import TapeStore
from services.storage.transcripts import TranscriptStore

SILENT_FOR = timedelta(seconds=20)
BACK_WITHIN = timedelta(seconds=45)
"""So long a call is left to its recorder, which tries every 3 s, and 8 s for an answer."""


class Landed(StrEnum):
    """What has become of a live call."""

    CALL = "call"
    TOO_SHORT = "too_short"
    """There was next to no sound, or no word of one without, nor one missing; nothing is left."""
    BEFORE = "before"
    """It had landed before."""
    ELSEWHERE = "elsewhere"
    """Another process has taken it over, and lands it."""


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
        words: PhoneWordStore,
        defaults: ProcessingOptions | None = None,
    ) -> None:
        """Land calls that ``process`` holds, of these stores.

        Recordings that come after their calls are processed as ``defaults`` say.
        """
        self._process = process
        self._engine = engine
        self._live = live
        self._tapes = tapes
        self._calls = calls
        self._from_tape = FromTape(
            process,
            live=live,
            tapes=tapes,
            vault=vault,
            calls=calls,
            runs=runs,
            transcripts=transcripts,
            queue=queue,
            providers=providers,
        )
        self._words_alone = WordsAlone(
            process,
            live=live,
            words=words,
            vault=vault,
            calls=calls,
            runs=runs,
            transcripts=transcripts,
            queue=queue,
            defaults=defaults or ProcessingOptions(),
        )

    def land(self, call_id: str, captions: AnalysedTranscript | None) -> Landed:
        """Make a live call, whose tape is not written any more, an ordinary one.

        With ``captions`` it can be read at once, and they stay as its first run's transcript. Safe
        to call again after whatever happened. Raises DiskFull, StorageError, WrongKey, DataDamaged;
        then row and tape are as they were. A phone call of which words were sent alone lands as
        by ``land_words``.
        """

        def store(running: RunningCall) -> bool:
            if running.phone is not None and running.phone.sends_words:
                return self._words_alone.store(running, captions)
            return self._from_tape.store(running, captions)

        return self._landed(call_id, captions, store)

    def land_words(
        self,
        call_id: str,
        captions: AnalysedTranscript | None,
        findings: Sequence[Finding] = (),
    ) -> Landed:
        """Make a live call of which there is no sound an ordinary one, with its captions.

        ``findings`` are told of it beside that there is no recording. Without a word nothing is
        left of it, unless words are missing. Safe to call again; raises as ``land``.
        """
        return self._landed(
            call_id, captions, lambda running: self._words_alone.store(running, captions, findings)
        )

    def attach_recording(self, call_id: str, file: Path) -> None:
        """Make a file the recording of a call that has landed without one; a run hears it.

        The captions stay as an earlier run's. Does nothing for a call that has a recording.
        Raises NotFound before the call has landed, FileMissing, EmptyFile, DiskFull, StorageError.
        """
        self._words_alone.attach(call_id, file)

    def _landed(
        self,
        call_id: str,
        captions: AnalysedTranscript | None,
        store: Callable[[RunningCall], bool],
    ) -> Landed:
        try:
            running = self._live.load(call_id)
        except NotFound:
            self._tapes.delete(call_id)
            return Landed.BEFORE
        try:
            landed = Landed.CALL if store(running) else Landed.TOO_SHORT
        except TakenOver:
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
        remove_left_over_tapes(self._tapes, self._live, self._calls)
        return landed
