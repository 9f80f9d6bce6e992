"""The AssemblyAI provider."""

from dataclasses import replace

from services.audio.recording import Recording
from services.domain.calls import ProcessingOptions
from services.domain.errors import ProviderUnavailable
from services.domain.running import RunContext
from services.domain.speech import Transcript
from services.providers.assemblyai.access import AssemblyAIAccess
from services.providers.assemblyai.streaming import LIVE_CHANNELS, LIVE_OPTIONS, open_streaming
from services.providers.base import SpeechProvider
from services.providers.capabilities import Capabilities, OptionValues, Readiness
from services.providers.live import LiveFormat, LiveListener, LiveSession

CAPABILITIES = Capabilities(
    name="assemblyai",
    title="AssemblyAI",
    live=True,
    live_channels=LIVE_CHANNELS,
    options=(*LIVE_OPTIONS,),
)


class AssemblyAIProvider(SpeechProvider):
    """AssemblyAI."""

    def __init__(self, access: AssemblyAIAccess, *, cost_per_hour: float | None = None) -> None:
        """Remember the access; nothing is connected."""
        self._access = access
        self.capabilities = replace(CAPABILITIES, cost_per_hour=cost_per_hour)

    def readiness(self) -> Readiness:
        """Say which settings are missing."""
        missing = self._access.missing
        return Readiness(ready=not missing, missing=missing)

    def open_live(
        self, sound: LiveFormat, options: ProcessingOptions, listener: LiveListener
    ) -> LiveSession:
        """Open a live call over streaming; two channels are two sessions there."""
        values = OptionValues(self.capabilities, options)
        return open_streaming(self._access, sound, options, values, listener)

    def _transcribe_impl(
        self, recording: Recording, options: ProcessingOptions, context: RunContext
    ) -> Transcript:
        raise ProviderUnavailable
