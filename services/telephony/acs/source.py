"""A phone call where a speech provider is expected: a live call consumes it as any other."""

from dataclasses import replace

from services.audio.recording import Recording
from services.domain.calls import ProcessingOptions
from services.domain.errors import InternalFault, NotLive
from services.domain.running import RunContext
from services.domain.speech import Transcript
from services.providers.base import SpeechProvider
from services.providers.capabilities import Capabilities, Readiness
from services.providers.live import LiveFormat, LiveListener
from services.telephony.acs.participants import Participant
from services.telephony.acs.session import PhoneSession, Switch

CAPABILITIES = Capabilities(
    name="acs",
    title="Azure Communication Services",
    recorded=False,
    live=True,
    diarization=True,
    language_detection=True,
    sentiment=True,
    live_language_switch=True,
)


class PhoneSource(SpeechProvider):
    """Opens the one session of a phone call, which the service's frames are then given to."""

    capabilities = CAPABILITIES

    def __init__(
        self, participants: tuple[Participant, ...] = (), *, switch: Switch | None = None
    ) -> None:
        """Take who is known to take part, and how the language is changed in mid-call."""
        self._participants = participants
        self._switch = switch
        self._session: PhoneSession | None = None
        if switch is None:
            self.capabilities = replace(CAPABILITIES, live_language_switch=False)

    @property
    def session(self) -> PhoneSession:
        """The call's session, which ``open_live`` has opened."""
        if self._session is None:
            raise InternalFault
        return self._session

    def readiness(self) -> Readiness:
        """Say yes: the service calls us."""
        return Readiness(ready=True)

    def open_live(
        self, sound: LiveFormat, options: ProcessingOptions, listener: LiveListener
    ) -> PhoneSession:
        """Open the session; ``sound`` is that of no sound at all."""
        if self._session is not None:
            raise InternalFault
        self._session = PhoneSession(
            self.capabilities.name,
            listener,
            language=options.language,
            participants=self._participants,
            switch=self._switch,
        )
        return self._session

    def _transcribe_impl(
        self, recording: Recording, options: ProcessingOptions, context: RunContext
    ) -> Transcript:
        raise NotLive("A phone call's words come while it is held; recordings go elsewhere.")
