"""A live call at Azure: the same stream as a recorded one, told as it is understood."""

import threading
from collections.abc import Sequence

from services import telemetry
from services.domain.errors import (
    InternalFault,
    PartylineError,
    ProviderTimeout,
    ProviderUnavailable,
)
from services.domain.live import Final, Gap, GapKind, LiveEvent, Partial, Revised, SpeakerTold
from services.domain.speech import Speaker
from services.domain.voices import VoiceSignature
from services.providers.azure_speech.access import AzureAccess
from services.providers.azure_speech.lines import line_of
from services.providers.azure_speech.live_speakers import LiveSpeakers
from services.providers.azure_speech.recognisers import Wishes
from services.providers.azure_speech.session import (
    Failed,
    Heard,
    SpeechSession,
    Stopped,
    wait_connected,
)
from services.providers.azure_speech.streamed import Party, party_of, utterance_of
from services.providers.azure_speech.watching import Watch
from services.providers.live import LiveFormat, LiveListener, LiveSession

LOOK_EVERY_S = 0.2
# Sound of a live call comes at its own pace; nothing holds it back but after a reconnection.
UNBOUND_SPEED = 100.0
# The SDK connects anew by itself and sends again what wasn't understood yet: nothing is lost.
RETRIES = 4
# So long may the SDK take to connect anew, and so much speech go out without any answer to it.
LOST_S = 20.0
SILENT_S = 30.0


class AzureLiveSession(LiveSession):
    """One live call. Separate channels are told apart by the service."""

    def __init__(
        self,
        access: AzureAccess,
        wishes: Wishes,
        sound: LiveFormat,
        listener: LiveListener,
        participants: Sequence[VoiceSignature] = (),
    ) -> None:
        """Connect. Raises from the error tree when the service doesn't take the call."""
        self._understood = _Understood(listener)
        super().__init__("azure", sound, self._understood)
        self._watch = Watch(sound, silent_s=SILENT_S, lost_s=LOST_S)
        self._is_finishing = threading.Event()
        self._is_separate = sound.channels > 1
        self._speakers = LiveSpeakers(is_separate=self._is_separate, participants=participants)
        self._told_speakers: dict[str, Speaker] = {}
        self._open_lines: dict[Party | None, str] = {}
        self._lines = 0
        self._read_all = threading.Event()
        self._session = SpeechSession(
            access, wishes, channels=sound.channels, participants=participants
        )
        try:
            self._session.start()
            wait_connected(self._session)
        except BaseException:
            self._session.close()
            raise
        self._reader = threading.Thread(target=self._read, name="azure-live", daemon=True)
        self._reader.start()

    def _send_impl(self, pcm: bytes) -> None:
        self._session.write(pcm)
        self._watch.sent(pcm)

    def _gap_impl(self) -> Gap | None:
        start_ms = self._understood.until_ms
        if start_ms >= self.sent_ms:
            return None
        return Gap(kind=GapKind.CONNECTION_LOST, start_ms=start_ms, end_ms=self.sent_ms)

    def _finish_impl(self, timeout_s: float) -> None:
        self._is_finishing.set()
        self._session.end_of_sound()
        if not self._read_all.wait(timeout_s):
            raise ProviderTimeout

    def _close_impl(self) -> None:
        self._session.close()
        if threading.current_thread() is not self._reader:
            self._reader.join()

    def _read(self) -> None:
        """Tell what comes until the session is over, well or not."""
        try:
            while not self._over.is_set():
                event = self._session.next(LOOK_EVERY_S)
                if event is None:
                    self._watch.check()
                    continue
                self._watch.came(event)
                if isinstance(event, Heard):
                    self._tell_heard(event)
                elif isinstance(event, Failed):
                    raise event.error
                elif isinstance(event, Stopped):
                    if not self._is_finishing.is_set():
                        raise ProviderUnavailable
                    self._watch.ended()
                    return
        except PartylineError as error:
            self.fail(error)
        except Exception as error:
            telemetry.fault("provider.live", error, provider=self._provider)
            self.fail(InternalFault())
        finally:
            self._read_all.set()

    def _tell_heard(self, heard: Heard) -> None:
        line = line_of(heard, base_ms=0, until_ms=self.sent_ms)
        if line is None:
            return
        # A line that is under way may be another's in the end, but a channel has one at a time.
        place = party_of(line, is_separate=True) if self._is_separate else None
        if place not in self._open_lines:
            self._lines += 1
            self._open_lines[place] = f"u{self._lines}"
        line_id = self._open_lines[place]
        if heard.is_final:
            del self._open_lines[place]
        for revised, other in self._speakers.settle(line_id, line, is_final=heard.is_final):
            self._tell_speaker(other, line.start_ms)
            self.tell(Revised(line=revised))
        speaker = self._speakers.of(line)
        self._tell_speaker(speaker, line.start_ms)
        utterance = utterance_of(line, line_id, speaker)
        self.tell(Final(line=utterance) if heard.is_final else Partial(line=utterance))

    def _tell_speaker(self, speaker: Speaker | None, at_ms: int) -> None:
        if speaker is not None and self._told_speakers.get(speaker.id) != speaker:
            self._told_speakers[speaker.id] = speaker
            self.tell(SpeakerTold(speaker=speaker, at_ms=at_ms))


class _Understood:
    """Passes events on and knows up to where the call was understood: a session's listener."""

    def __init__(self, listener: LiveListener) -> None:
        self._listener = listener
        self._final_ms = 0
        self._open: dict[str, int] = {}

    @property
    def until_ms(self) -> int:
        """End of the last final line, or where a line began that is still under way."""
        return min((self._final_ms, *self._open.values()))

    def __call__(self, event: LiveEvent) -> None:
        """Take one event."""
        if isinstance(event, Partial):
            self._open[event.line.id] = event.line.start_ms
        elif isinstance(event, Final):
            self._open.pop(event.line.id, None)
            self._final_ms = max(self._final_ms, event.line.end_ms)
        self._listener(event)
