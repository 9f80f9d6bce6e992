"""The AssemblyAI provider."""

from dataclasses import replace

from services.audio.recording import Recording
from services.domain.calls import ProcessingOptions, Stage
from services.domain.errors import CopyGone, NobodySpoke, ProviderRejected, ProviderUnavailable
from services.domain.running import RunContext
from services.domain.speech import Transcript
from services.providers.assemblyai import options as names
from services.providers.assemblyai.access import AssemblyAIAccess
from services.providers.assemblyai.lines import Wanted
from services.providers.assemblyai.mapping import silent_transcript, transcript_of
from services.providers.assemblyai.options import RECORDED_OPTIONS
from services.providers.assemblyai.recorded import Pace, RecordedCall
from services.providers.assemblyai.request import by_channel, request_fields
from services.providers.assemblyai.service import AssemblyAIService
from services.providers.assemblyai.streaming import LIVE_CHANNELS, LIVE_OPTIONS, open_streaming
from services.providers.assemblyai.unanswered import Unanswered
from services.providers.base import SpeechProvider
from services.providers.capabilities import Capabilities, OptionValues, Readiness
from services.providers.live import LiveFormat, LiveListener, LiveSession
from services.providers.notices import ProviderNotices

HOUR_MS = 3_600_000

CAPABILITIES = Capabilities(
    name="assemblyai",
    title="AssemblyAI",
    live=True,
    live_channels=LIVE_CHANNELS,
    separate_channels=True,
    diarization=True,
    expected_speakers=True,
    language_detection=True,
    vocabulary=True,
    sentiment=True,
    redaction=True,
    summary=True,
    max_duration_ms=10 * HOUR_MS,
    keeps_copies=True,
    options=(*RECORDED_OPTIONS, *LIVE_OPTIONS),
)


class AssemblyAIProvider(SpeechProvider):
    """AssemblyAI: recorded calls are uploaded, transcribed there and fetched."""

    def __init__(
        self,
        access: AssemblyAIAccess,
        *,
        cost_per_hour: float | None = None,
        notices: ProviderNotices | None = None,
        pace: Pace | None = None,
    ) -> None:
        """Remember the access; nothing is connected.

        With ``notices`` the service is asked to tell when it is done.
        """
        self._access = access
        self._notices = notices
        self._pace = pace or Pace()
        self.capabilities = replace(CAPABILITIES, cost_per_hour=cost_per_hour)

    def readiness(self) -> Readiness:
        """Say which settings are missing."""
        missing = self._access.missing
        return Readiness(ready=not missing, missing=missing)

    def check(self) -> None:
        """Ask the service for the newest of its transcripts, which costs nothing."""
        with self.service() as service:
            service.newest(1)

    def delete_copy(self, reference: str) -> None:
        """Have the transcript deleted there, and the sound with it.

        One that was asked for without an answer is looked for in the service's list.
        """
        unanswered = Unanswered.read(reference)
        with self.service() as service:
            try:
                if unanswered is not None:
                    unanswered.delete(service)
                else:
                    service.delete(reference)
            except CopyGone:
                return
            except ProviderRejected:
                # What is still being worked on can't be deleted yet.
                raise ProviderUnavailable from None

    def service(self) -> AssemblyAIService:
        """Return the service, to be closed after use. Raises ProviderNotConfigured."""
        return AssemblyAIService(self._access, timeout_s=self._pace.timeout_s)

    def open_live(
        self, sound: LiveFormat, options: ProcessingOptions, listener: LiveListener
    ) -> LiveSession:
        """Open a live call over streaming; two channels are two sessions there."""
        values = OptionValues(self.capabilities, options)
        return open_streaming(self._access, sound, options, values, listener)

    def _transcribe_impl(
        self, recording: Recording, options: ProcessingOptions, context: RunContext
    ) -> Transcript:
        values = OptionValues(self.capabilities, options)
        with self.service() as service:
            call = RecordedCall(service, recording, context, self._notices, self._pace)
            try:
                response = call.finished(
                    lambda expected: request_fields(recording, options, values, expected)
                )
            except NobodySpoke:
                transcript = silent_transcript(recording.duration_ms)
            else:
                wanted = Wanted(
                    by_channel=by_channel(recording, values),
                    detects_language=not options.language,
                    redacts=values.flag(names.REDACTION),
                    hides_by_signs=values.text(names.SUBSTITUTION) == names.HASH,
                )
                transcript = transcript_of(response, recording.duration_ms, wanted)
        context.report(Stage.RECOGNISE, 1.0)
        context.report(Stage.SPEAKERS, 1.0)
        return transcript
