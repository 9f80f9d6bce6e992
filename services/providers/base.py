"""The interface of a speech provider; the base owns retry, timing and logging."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial

from services import telemetry
from services.audio.recording import Recording
from services.domain.calls import ProcessingOptions
from services.domain.errors import (
    InternalFault,
    NotLive,
    PartylineError,
    ProviderNotConfigured,
    TooLongForProvider,
)
from services.domain.running import RunContext
from services.domain.speech import Transcript
from services.providers.capabilities import Capabilities, Readiness
from services.providers.live import LiveFormat, LiveListener, LiveSession
from services.providers.waiting import wait

ATTEMPTS = 3
FIRST_PAUSE_S = 2.0


class SpeechProvider(ABC):
    """Turns a recording, or a call while it is held, into words of speakers."""

    capabilities: Capabilities

    @abstractmethod
    def readiness(self) -> Readiness:
        """Say whether this provider can be used, without touching network or models."""

    @abstractmethod
    def _transcribe_impl(
        self, recording: Recording, options: ProcessingOptions, context: RunContext
    ) -> Transcript:
        """Do one attempt. Raise from the error tree; anything else counts as our own fault."""

    def check(self) -> None:
        """Make the cheapest real request that shows whether the service would work.

        Raises the PartylineError that a call would meet. Here nothing is asked of anybody.
        """
        if not self.readiness().ready:
            raise ProviderNotConfigured

    def delete_copy(self, reference: str) -> None:
        """Have the service delete what it keeps under a reference that ``note_copy`` was told.

        Asked only of providers that keep copies. What is gone already counts as deleted. Raises a
        PartylineError.
        """
        raise InternalFault

    def open_live(
        self, sound: LiveFormat, options: ProcessingOptions, listener: LiveListener
    ) -> LiveSession:
        """Open a live call. Raises a PartylineError when it can't begin, NotLive where none can."""
        raise NotLive

    def transcribe(
        self,
        recording: Recording,
        options: ProcessingOptions,
        context: RunContext,
        *,
        sleep: Callable[[float], None] | None = None,
    ) -> Transcript:
        """Return the provider's transcript, trying again while the error says that it can help.

        What may be paid for already is not asked for again. ``sleep`` stands in for the pauses
        between attempts, which end when the run is cancelled. Raises a PartylineError,
        TooLongForProvider before anything is sent; foreign exceptions become InternalFault without
        their text.
        """
        self._check_length(recording)
        sleep = sleep or partial(wait, context=context)
        pause_s = FIRST_PAUSE_S
        for attempt in range(1, ATTEMPTS + 1):
            started = time.monotonic()
            try:
                with self._place(context):
                    transcript = self._transcribe_impl(recording, options, context)
            except PartylineError as error:
                self._log_failure(error, attempt)
                if not error.retryable or error.may_be_charged or attempt == ATTEMPTS:
                    raise
            except Exception as error:
                telemetry.fault("provider.transcribe", error, provider=self.capabilities.name)
                raise InternalFault from error
            else:
                telemetry.event(
                    "provider.transcribed",
                    provider=self.capabilities.name,
                    attempt=attempt,
                    took_ms=round((time.monotonic() - started) * 1000),
                    audio_ms=recording.duration_ms,
                )
                return transcript
            sleep(pause_s)
            pause_s *= 2
        raise InternalFault

    def _check_length(self, recording: Recording) -> None:
        most_ms = self.capabilities.max_duration_ms
        if most_ms is not None and recording.duration_ms > most_ms:
            title, longest = self.capabilities.title, self.capabilities.longest
            raise TooLongForProvider(f"{title} takes up to {longest}.")

    def _place(self, context: RunContext) -> AbstractContextManager[object]:
        """Return what is held during an attempt: this machine's engine, where it does the work."""
        return nullcontext() if self.capabilities.leaves_machine else context.local_slot()

    def _log_failure(self, error: PartylineError, attempt: int) -> None:
        telemetry.event(
            "provider.failed",
            provider=self.capabilities.name,
            error=error.code,
            retryable=error.retryable,
            attempt=attempt,
        )
