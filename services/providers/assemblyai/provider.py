"""The AssemblyAI provider."""

from dataclasses import replace

from services.audio.recording import Recording
from services.domain.calls import ProcessingOptions
from services.domain.errors import ProviderUnavailable
from services.domain.running import RunContext
from services.domain.speech import Transcript
from services.providers.assemblyai.access import AssemblyAIAccess
from services.providers.base import SpeechProvider
from services.providers.capabilities import Capabilities, Readiness
from services.providers.notices import ProviderNotices

CAPABILITIES = Capabilities(name="assemblyai", title="AssemblyAI")


class AssemblyAIProvider(SpeechProvider):
    """AssemblyAI."""

    def __init__(
        self,
        access: AssemblyAIAccess,
        *,
        cost_per_hour: float | None = None,
        notices: ProviderNotices | None = None,
    ) -> None:
        """Remember the access; nothing is connected."""
        self._access = access
        self._notices = notices
        self.capabilities = replace(CAPABILITIES, cost_per_hour=cost_per_hour)

    def readiness(self) -> Readiness:
        """Say which settings are missing."""
        missing = self._access.missing
        return Readiness(ready=not missing, missing=missing)

    def _transcribe_impl(
        self, recording: Recording, options: ProcessingOptions, context: RunContext
    ) -> Transcript:
        raise ProviderUnavailable
