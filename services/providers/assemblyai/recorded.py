"""One recorded call at AssemblyAI: upload, ask, wait, and never pay twice for the same.

The checkpoints remember the address of the upload, that a transcript was asked for, and the
transcript's reference. Whoever goes on after a kill, or after a failure on the way, begins at the
furthest of them.
"""

import io
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any

from services.audio.recording import Recording
from services.domain.calls import Stage
from services.domain.errors import (
    Cancelled,
    CopyGone,
    PartylineError,
    ProviderBusy,
    ProviderTimeout,
    ProviderUnavailable,
)
from services.domain.running import RunContext
from services.providers.assemblyai.errors import failed_job
from services.providers.assemblyai.request import Fields
from services.providers.assemblyai.service import HTTP_TIMEOUT_S, AssemblyAIService
from services.providers.assemblyai.sound_to_send import WatchedFile, sound_of
from services.providers.assemblyai.unanswered import Unanswered
from services.providers.notices import Expected, ProviderNotices

if TYPE_CHECKING:
    from assemblyai.types import TranscriptResponse

UPLOAD = "assemblyai.upload"
ASKED = "assemblyai.asked"
TRANSCRIPT = "assemblyai.transcript"
NOTICE = "assemblyai.notice"
# When the run first waited for a transcript, by the clock on the wall: a worker may die meanwhile.
SINCE = "assemblyai.since"

UPLOADED = 0.4
BEGUN = 0.5
NEARLY = 0.95
USUAL_SHARE = 0.1
LEAST_USUAL_S = 10.0
MOST_WAIT_S = 3600.0

FieldsFor = Callable[[Expected | None], Fields]


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How often the service is asked, in seconds.

    ``pauses_s`` come one after the other, the last again and again. With notices their arrival is
    looked for every ``notice_s``, and the service is asked when one came, else every
    ``without_notice_s``. ``slice_s`` is for how long at most a cancelled run goes on waiting.
    """

    pauses_s: tuple[float, ...] = (0.25, 0.5, 1.0, 2.0, 3.0)
    notice_s: float = 0.5
    without_notice_s: float = 60.0
    slice_s: float = 0.25
    timeout_s: float = HTTP_TIMEOUT_S


class RecordedCall:
    """One attempt at one call."""

    def __init__(
        self,
        service: AssemblyAIService,
        recording: Recording,
        context: RunContext,
        notices: ProviderNotices | None,
        pace: Pace,
    ) -> None:
        """Work for this run; nothing is sent yet."""
        self._service = service
        self._recording = recording
        self._context = context
        self._kept = context.checkpoints
        self._notices = notices
        self._pace = pace
        self._token = self._kept_text(NOTICE) if notices is not None else None

    def finished(self, fields_for: FieldsFor) -> "TranscriptResponse":
        """Return the completed transcript.

        Raises NobodySpoke when there is none because nobody speaks, and whatever the service does.
        """
        try:
            return self._finished(fields_for)
        except CopyGone:
            # Deleted there, or too long ago: from the beginning, once.
            self._forget(UPLOAD, ASKED, TRANSCRIPT, NOTICE, SINCE)
        try:
            return self._finished(fields_for)
        except CopyGone:
            raise ProviderUnavailable from None

    def _finished(self, fields_for: FieldsFor) -> "TranscriptResponse":
        try:
            reference = self._known() or self._begun(fields_for)
            response = self._waited(reference)
        except ProviderBusy:
            self._rest(self._service.wanted_pause_s)
            raise
        except PartylineError as error:
            if not error.retryable:
                self._forget_notice()
            raise
        self._forget_notice()
        return response

    # --- what is remembered -------------------------------------------------------------------

    def _known(self) -> str | None:
        """Return the reference of a transcript that was asked for before."""
        if reference := self._kept_text(TRANSCRIPT):
            return reference
        url = self._kept_text(UPLOAD)
        if url is None or ASKED not in self._kept:
            return None
        # Asked for, but the answer was never seen: the service knows whether it has begun.
        self._note_unanswered(url)
        for kept in self._service.newest():
            if kept.url == url and kept.status != "error":
                return self._remembered(kept.reference)
        self._forget(ASKED)
        return None

    def _remembered(self, reference: str) -> str:
        self._context.note_copy(reference)
        self._kept[TRANSCRIPT] = reference.encode()
        return reference

    def _note_unanswered(self, url: str) -> None:
        """Note a copy that the service may have: perhaps nobody ever comes to ask it again."""
        asked_s = int(self._kept[ASKED])
        self._context.note_copy(Unanswered.of(url, asked_s).reference)

    def _forget(self, *names: str) -> None:
        for name in names:
            self._kept.pop(name, None)

    def _kept_text(self, name: str) -> str | None:
        kept = self._kept.get(name)
        return kept.decode() if kept is not None else None

    def _expected(self) -> Expected | None:
        """Return the notice that a new request is to bring, if there are any."""
        self._forget_notice()
        if self._notices is None:
            return None
        expected = self._notices.expect()
        self._token = expected.token
        self._kept[NOTICE] = expected.token.encode()
        return expected

    def _forget_notice(self) -> None:
        if self._notices is not None and self._token is not None:
            self._notices.forget(self._token)
            self._token = None
            self._forget(NOTICE)

    # --- upload and request -------------------------------------------------------------------

    def _begun(self, fields_for: FieldsFor) -> str:
        """Ask for a transcript of the recording and return its reference.

        Raises ProviderTimeout when a former one took all the time that the run has.
        """
        if self._waiting_s() > self._limit_s:
            raise ProviderTimeout
        fields = fields_for(self._expected())
        url = self._uploaded()
        self._context.report(Stage.RECOGNISE, UPLOADED)
        self._kept[ASKED] = str(int(time.time())).encode()
        try:
            reference = self._service.begin(url, fields)
        except (ProviderTimeout, ProviderUnavailable):
            self._note_unanswered(url)
            raise
        except PartylineError:
            # Refused: nothing has begun there.
            self._forget(ASKED)
            raise
        return self._remembered(reference)

    def _uploaded(self) -> str:
        if known := self._kept_text(UPLOAD):
            return known
        self._context.report(Stage.RECOGNISE, 0.0)
        with sound_of(self._recording) as sound:
            size = sound.seek(0, io.SEEK_END)
            sound.seek(0)

            def on_read(sent: int) -> None:
                self._context.report(Stage.RECOGNISE, UPLOADED * sent / max(1, size))

            # The SDK passes on whatever can be read.
            watched: Any = WatchedFile(sound, on_read)
            url = self._service.upload(watched)
        self._kept[UPLOAD] = url.encode()
        return url

    # --- waiting ------------------------------------------------------------------------------

    def _waited(self, reference: str) -> "TranscriptResponse":
        """Return the transcript once it is completed. One look that fails is no failure yet.

        All attempts of a run have one deadline together. Each looks once before it gives up: the
        transcript may have been completed while nobody looked.
        """
        if SINCE not in self._kept:
            self._kept[SINCE] = str(time.time()).encode()
        has_failed = False
        pauses = chain(self._pace.pauses_s, repeat(self._pace.pauses_s[-1]))
        while True:
            is_last = self._waiting_s() > self._limit_s
            self._report_waiting(self._waiting_s())
            if not is_last:
                self._rest(next(pauses) if self._token is None else self._pace.without_notice_s)
            try:
                response = self._service.look(reference)
            except PartylineError as error:
                if not error.retryable or has_failed or is_last:
                    raise
                has_failed = True
                self._rest(self._service.wanted_pause_s)
                continue
            has_failed = False
            if response.status == "completed":
                return response
            if response.status == "error":
                raise self._failure(response.error or "")
            if is_last:
                raise ProviderTimeout

    @property
    def _limit_s(self) -> float:
        return MOST_WAIT_S + self._recording.duration_ms / 1000

    def _waiting_s(self) -> float:
        """Return for how long the run has waited; nothing before it has begun to."""
        since = self._kept_text(SINCE)
        return max(0.0, time.time() - float(since)) if since is not None else 0.0

    def _failure(self, words: str) -> PartylineError:
        """Return what a transcript's error means; the next attempt asks for another one."""
        self._forget(TRANSCRIPT, ASKED)
        return failed_job(words)

    def _report_waiting(self, waited_s: float) -> None:
        """Tell progress by the time that it usually takes: nearer and nearer, never there."""
        usual_s = max(LEAST_USUAL_S, USUAL_SHARE * self._recording.duration_ms / 1000)
        share = 1.0 - math.exp(-waited_s / usual_s)
        self._context.report(Stage.RECOGNISE, BEGUN + (NEARLY - BEGUN) * share)

    def _rest(self, pause_s: float) -> None:
        """Wait in short slices, up to a notice if one is expected. Raises Cancelled."""
        slice_s = self._pace.slice_s if self._token is None else self._pace.notice_s
        deadline = time.monotonic() + pause_s
        while (left_s := deadline - time.monotonic()) > 0:
            if self._has_arrived():
                # It comes once; if the service isn't done after all, it is asked as without one.
                self._forget_notice()
                return
            if self._context.is_cancelled():
                raise Cancelled
            time.sleep(min(slice_s, left_s))

    def _has_arrived(self) -> bool:
        if self._notices is None or self._token is None:
            return False
        return self._notices.arrived(self._token)
