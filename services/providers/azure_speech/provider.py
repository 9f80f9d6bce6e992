"""The Azure provider."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from services.audio.recording import Recording
from services.domain.calls import ProcessingOptions
from services.domain.running import RunContext
from services.domain.speech import Transcript
from services.domain.voices import VoiceSignature
from services.providers.azure_speech.access import AzureAccess
from services.providers.azure_speech.fast import check_access, transcribe_fast
from services.providers.azure_speech.sending import MOST_DURATION_MS
from services.providers.base import SpeechProvider
from services.providers.capabilities import (
    Capabilities,
    OptionKind,
    OptionValues,
    ProviderOption,
    Readiness,
)

CAPABILITIES = Capabilities(
    name="azure",
    title="Azure Speech",
    separate_channels=True,
    diarization=True,
    expected_speakers=True,
    language_detection=True,
    vocabulary=True,
    max_duration_ms=MOST_DURATION_MS,
    options=(
        ProviderOption(
            name="profanity",
            title="Swear words",
            help="What stands in the text where somebody swears.",
            choices=(("masked", "Masked: s***"), ("removed", "Left out"), ("raw", "As spoken")),
            default="masked",
        ),
        ProviderOption(
            name="languages",
            title="Languages to choose from",
            help="Language codes with commas between them, such as en, es.",
            kind=OptionKind.TEXT,
        ),
    ),
)


class AzureSpeechProvider(SpeechProvider):
    """Azure Speech."""

    def __init__(
        self,
        access: AzureAccess,
        *,
        cost_per_hour: float | None = None,
        participants: Callable[[], Sequence[VoiceSignature]] = tuple,
    ) -> None:
        """Remember the access; nothing is connected."""
        self._access = access
        self._participants = participants
        self.capabilities = replace(CAPABILITIES, cost_per_hour=cost_per_hour)

    def readiness(self) -> Readiness:
        """Say which settings are missing."""
        missing = self._access.missing
        return Readiness(ready=not missing, missing=missing)

    def check(self) -> None:
        """Ask for a token. Raises the PartylineError that a call would meet."""
        super().check()
        check_access(self._access)

    def _transcribe_impl(
        self, recording: Recording, options: ProcessingOptions, context: RunContext
    ) -> Transcript:
        values = OptionValues(self.capabilities, options)
        return transcribe_fast(self._access, recording, options, values, context)
