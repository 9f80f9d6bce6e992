"""The interface of a speech provider; the base owns retry, timing and logging."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from services import telemetry
from services.audio.recording import Recording
from services.domain.calls import ProcessingOptions
from services.domain.errors import InternalFault, PartylineError
from services.domain.running import RunContext
from services.domain.speech import Transcript

ATTEMPTS = 3
FIRST_PAUSE_S = 2.0


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What a provider can do; pages and pipeline ask this record, never the provider's name.

    ``languages`` None means: any. What is False here the pipeline adds on this machine.
    """

    name: str
    title: str
    recorded: bool = True
    live: bool = False
    separate_channels: bool = False
    diarization: bool = False
    expected_speakers: bool = False
    language_detection: bool = False
    languages: tuple[str, ...] | None = None
    vocabulary: bool = False
    sentiment: bool = False
    redaction: bool = False
    summary: bool = False
    holds: bool = False
    loudness: bool = False
    max_duration_ms: int | None = None
    leaves_machine: bool = True


@dataclass(frozen=True, kw_only=True)
class Readiness:
    """Whether a provider can be used now; ``missing`` names the settings that are not set."""

    ready: bool
    missing: tuple[str, ...] = ()
    hint: str | None = None


class SpeechProvider(ABC):
    """Turns a recording into a transcript."""

    capabilities: ClassVar[Capabilities]

    @abstractmethod
    def readiness(self) -> Readiness:
        """Say whether this provider can be used, without touching network or models."""

    @abstractmethod
    def _transcribe_impl(
        self, recording: Recording, options: ProcessingOptions, context: RunContext
    ) -> Transcript:
        """Do one attempt. Raise from the error tree; anything else counts as our own fault."""

    def transcribe(
        self,
        recording: Recording,
        options: ProcessingOptions,
        context: RunContext,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> Transcript:
        """Return the provider's transcript, trying again while the error says that it can help.

        Raises a PartylineError; foreign exceptions become InternalFault without their text.
        """
        pause_s = FIRST_PAUSE_S
        for attempt in range(1, ATTEMPTS + 1):
            started = time.monotonic()
            try:
                transcript = self._transcribe_impl(recording, options, context)
            except PartylineError as error:
                self._log_failure(error, attempt)
                if not error.retryable or attempt == ATTEMPTS:
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

    def _log_failure(self, error: PartylineError, attempt: int) -> None:
        telemetry.event(
            "provider.failed",
            provider=self.capabilities.name,
            error=error.code,
            retryable=error.retryable,
            attempt=attempt,
        )
