"""The Azure provider."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from services.audio.recording import ChannelLayout, Recording
from services.domain.calls import ProcessingOptions
from services.domain.errors import NotLive, ProviderRejected
from services.domain.running import RunContext
from services.domain.speech import Transcript
from services.domain.voices import VoiceSignature
from services.providers.azure_speech.access import AzureAccess
from services.providers.azure_speech.capabilities import CONVERSATION, FAST, capabilities_of
from services.providers.azure_speech.conversation import PATIENCE_S, Conversation
from services.providers.azure_speech.fast import check_access, transcribe_fast
from services.providers.azure_speech.live import RETRIES, UNBOUND_SPEED, AzureLiveSession
from services.providers.azure_speech.recognisers import Wishes
from services.providers.azure_speech.sending import MOST_DURATION_MS
from services.providers.azure_speech.session import (
    check_stream,
)
from services.providers.azure_speech.wishing import wishes_of
from services.providers.base import SpeechProvider
from services.providers.capabilities import OptionValues, Readiness
from services.providers.live import LiveFormat, LiveListener, LiveSession


class AzureSpeechProvider(SpeechProvider):
    """Azure Speech: whole recordings by fast transcription, streams by conversation."""

    def __init__(
        self,
        access: AzureAccess,
        *,
        cost_per_hour: float | None = None,
        participants: Callable[[str], Sequence[VoiceSignature]] = lambda _org_id: (),
        patience_s: float = PATIENCE_S,
    ) -> None:
        """Remember the access; nothing is connected.

        ``participants`` tells whose voices the service may recognise in calls of an organisation,
        ``patience_s`` is how long a
        stream may bring nothing when all of it was sent.
        """
        self._access = access
        self._participants = participants
        self._patience_s = patience_s
        self.capabilities = replace(capabilities_of(access), cost_per_hour=cost_per_hour)

    def readiness(self) -> Readiness:
        """Say which settings are missing."""
        missing = self._access.missing
        return Readiness(ready=not missing, missing=missing)

    def check(self) -> None:
        """Ask for a token, or connect a stream where that is all there is.

        Raises the PartylineError that a call would meet.
        """
        super().check()
        if self._access.can_post:
            check_access(self._access)
        if not self._access.can_post or self._access.host:
            check_stream(self._access, Wishes(language="en-US"))

    def open_live(
        self, sound: LiveFormat, options: ProcessingOptions, listener: LiveListener
    ) -> LiveSession:
        """Open a live call. Raises a PartylineError when it can't begin."""
        super().check()
        if not self.capabilities.live:
            raise NotLive("AZURE_SPEECH_REGION is missing.")
        values = OptionValues(self.capabilities, options)
        known = self._known(values, sound.org_id, is_separate=sound.channels > 1)
        wishes = wishes_of(options, values, retries=RETRIES, has_participants=bool(known))
        wishes = replace(wishes, speed=UNBOUND_SPEED)
        return AzureLiveSession(self._access, wishes, sound, listener, known)

    def _transcribe_impl(
        self, recording: Recording, options: ProcessingOptions, context: RunContext
    ) -> Transcript:
        super().check()
        values = OptionValues(self.capabilities, options)
        is_separate = recording.layout is ChannelLayout.SEPARATE
        known = self._known(values, context.org_id, is_separate=is_separate)
        if self._mode(values, recording, has_participants=bool(known)) == FAST:
            return transcribe_fast(self._access, recording, options, values, context)
        conversation = Conversation(
            access=self._access,
            wishes=wishes_of(options, values, has_participants=bool(known)),
            participants=known,
            patience_s=self._patience_s,
        )
        return conversation.transcribe(recording, options, context)

    def _mode(self, values: OptionValues, recording: Recording, *, has_participants: bool) -> str:
        """Return which of the two services is asked. Raises ProviderRejected for one without."""
        wanted = values.text("mode")
        if wanted not in {FAST, CONVERSATION}:
            is_too_long = recording.duration_ms > MOST_DURATION_MS
            by_stream = self._access.can_stream and (has_participants or is_too_long)
            return FAST if self._access.can_post and not by_stream else CONVERSATION
        has_it = self._access.can_post if wanted == FAST else self._access.can_stream
        if not has_it:
            raise ProviderRejected(
                "Fast transcription needs AZURE_SPEECH_REGION or AZURE_SPEECH_ENDPOINT."
                if wanted == FAST
                else "Conversation transcription needs AZURE_SPEECH_REGION or AZURE_SPEECH_HOST."
            )
        return wanted

    def _known(
        self, values: OptionValues, org_id: str, *, is_separate: bool
    ) -> tuple[VoiceSignature, ...]:
        """Return whose voices are to be recognised: nobody's where channels tell who speaks."""
        if is_separate or not values.flag("participants"):
            return ()
        return tuple(self._participants(org_id))
