"""Recorded calls by conversation transcription: the sound is streamed, lines come back.

Every final line is a checkpoint. After a broken connection, or in another process, a new session
goes on behind the last one (a little before it, to know the voices again).
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from services import telemetry
from services.audio.recording import ChannelLayout, Recording
from services.domain.calls import ProcessingOptions, Stage
from services.domain.errors import ProviderTimeout, ProviderUnavailable
from services.domain.running import RunContext
from services.domain.speech import Transcript
from services.domain.voices import VoiceSignature
from services.providers.azure_speech.access import AzureAccess
from services.providers.azure_speech.line_voices import Voices, place_to_go_on
from services.providers.azure_speech.lines import TICKS_PER_MS, Line, after, line_of
from services.providers.azure_speech.locales import language_of
from services.providers.azure_speech.recognisers import Wishes
from services.providers.azure_speech.session import (
    Disconnected,
    Event,
    Failed,
    Heard,
    SpeechSession,
    Stopped,
)
from services.providers.azure_speech.streamed import transcript_of
from services.providers.azure_speech.streaming import Streamed, channels_of

LINE = "azure.line."
DONE = "azure.done"
PATIENCE_S = 15.0
LOOK_EVERY_S = 0.1
LOST_S = 2.0
LONGEST_LINE_MS = 60_000


@dataclass(frozen=True, kw_only=True)
class Conversation:
    """Transcribes a recording by streaming it.

    ``patience_s`` is how long nothing may come after all sound was sent.
    """

    access: AzureAccess
    wishes: Wishes
    participants: Sequence[VoiceSignature] = ()
    patience_s: float = PATIENCE_S

    def transcribe(
        self, recording: Recording, options: ProcessingOptions, context: RunContext
    ) -> Transcript:
        """Return the transcript. Raises from the error tree.

        A connection that breaks after something new was heard is made anew at once; one that
        brings nothing is a failure.
        """
        context.report(Stage.RECOGNISE, 0.0)
        lines = _kept_lines(context)
        while DONE not in context.checkpoints:
            before = len(lines)
            try:
                self._listen(recording, lines, context)
            except ProviderUnavailable:
                if len(lines) == before:
                    raise
                telemetry.event("azure.goes_on", lines=len(lines))
            else:
                context.checkpoints[DONE] = b"1"
        context.report(Stage.RECOGNISE, 1.0)
        language = language_of(self.wishes.language) if self.wishes.language else None
        transcript = transcript_of(lines, recording, language, self.participants)
        context.report(Stage.SPEAKERS, 1.0)
        return transcript

    def _listen(self, recording: Recording, lines: list[Line], context: RunContext) -> None:
        """Stream what is left in one session, adding to ``lines`` and checkpoints."""
        # The participants of a meeting share one channel.
        hearer = _Hearer(recording, lines, context, {one.voice_id for one in self.participants})
        session = SpeechSession(
            self.access,
            self.wishes,
            channels=channels_of(recording),
            participants=self.participants,
        )
        try:
            session.start()
            sound = Streamed(recording, session, start_ms=hearer.start_ms, speed=self.wishes.speed)
            self._until_stopped(session, sound, hearer)
        finally:
            session.close()

    def _until_stopped(self, session: SpeechSession, sound: Streamed, hearer: "_Hearer") -> None:
        waiting = _Waiting(self.patience_s)
        while True:
            hearer.report()
            sound.feed()
            event = session.next(LOOK_EVERY_S)
            waiting.see(event)
            if isinstance(event, Heard):
                hearer.hear(event)
            elif isinstance(event, Failed):
                raise event.error
            elif isinstance(event, Stopped):
                if not sound.is_over:
                    raise ProviderUnavailable
                return
            elif event is None:
                waiting.check(sound)


class _Waiting:
    """How long nothing has come, and whether it still can."""

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._last = time.monotonic()
        self._is_lost = False

    def see(self, event: Event | None) -> None:
        """Note what came."""
        if event is not None:
            self._last = time.monotonic()
            self._is_lost = isinstance(event, Disconnected)

    def check(self, sound: Streamed) -> None:
        """Raise when waiting on makes no sense.

        A service that hangs up politely in the middle of a call isn't told as a failure.
        """
        now = time.monotonic()
        if self._is_lost and now > self._last + LOST_S:
            raise ProviderUnavailable
        if sound.is_over and now > max(self._last, sound.taken_by) + self._patience_s:
            raise ProviderTimeout


class _Hearer:
    """Takes what one session hears: what is new becomes lines of the call and checkpoints."""

    def __init__(
        self,
        recording: Recording,
        lines: list[Line],
        context: RunContext,
        participants: set[str],
    ) -> None:
        self._duration_ms = recording.duration_ms
        self._lines = lines
        self._context = context
        self._is_separate = recording.layout is ChannelLayout.SEPARATE
        self._done_ms = max((line.end_ms for line in lines), default=0)
        # Lines of two channels overlap: what is done is told for each.
        self._done_by_channel = _done_by_channel(lines) if self._is_separate else {}
        self._voices = Voices(tuple(lines), participants)
        self._heard_ms = self._done_ms
        self.start_ms = self._place()

    def _place(self) -> int:
        if not self._is_separate:
            return place_to_go_on(self._lines)
        # A channel that was quiet is done up to where a line may have been under way.
        quiet_ms = max(0, self._done_ms - LONGEST_LINE_MS)
        return min(max(self._done_by_channel.get(n, 0), quiet_ms) for n in (0, 1))

    def report(self) -> None:
        """Tell how far it is. Raises Cancelled."""
        whole = max(1, self._duration_ms)
        self._context.report(Stage.RECOGNISE, min(self._heard_ms, whole) / whole)

    def hear(self, heard: Heard) -> None:
        """Take one thing that was understood."""
        end_ms = self.start_ms + (heard.offset + heard.duration) // TICKS_PER_MS
        self._heard_ms = max(self._heard_ms, end_ms)
        if not heard.is_final:
            return
        line = line_of(heard, base_ms=self.start_ms, until_ms=self._duration_ms)
        if line is None:
            return
        done_ms = self._done_ms
        if self._is_separate and line.channel is not None:
            done_ms = self._done_by_channel.get(line.channel, 0)
        if line.start_ms < done_ms:
            self._voices.hear_again(line)
        new = after(line, done_ms)
        if new is not None:
            new = self._voices.named(new)
            self._context.checkpoints[f"{LINE}{len(self._lines)}"] = new.to_bytes()
            self._lines.append(new)


def _done_by_channel(lines: Sequence[Line]) -> dict[int, int]:
    done: dict[int, int] = {}
    for line in lines:
        if line.channel is not None:
            done[line.channel] = max(done.get(line.channel, 0), line.end_ms)
    return done


def _kept_lines(context: RunContext) -> list[Line]:
    lines: list[Line] = []
    while (kept := context.checkpoints.get(f"{LINE}{len(lines)}")) is not None:
        lines.append(Line.from_bytes(kept))
    return lines
