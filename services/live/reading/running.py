"""One live call: sound goes to a provider's session, events come out as people may see them."""

import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace

from services import telemetry
from services.domain.calls import CallDetails, ProcessingOptions
from services.domain.errors import InternalFault, PartylineError
from services.domain.live import (
    Ended,
    Final,
    Gap,
    LanguageTold,
    LineStage,
    LiveEvent,
    Partial,
    Revised,
    SpeakerTold,
)
from services.domain.metrics import AnalysedTranscript
from services.domain.speech import Speaker, Transcript, Utterance
from services.live.known.captions import Captions
from services.live.reading.arrivals import Arrivals
from services.live.reading.beside_lines import Heard, Reading
from services.live.reading.models import AsHeard, LineByLine, LiveModels
from services.live.reading.turns import Turns
from services.live.reading.voiced_sound import Ear, VoicedSound
from services.live.telling.events import Kind, Teller, ToldListener
from services.live.watching.options import WatchOptions
from services.providers.base import SpeechProvider
from services.providers.live import LAST_WORDS_S, LiveFormat, LiveSession
from services.understanding.redaction import base_language

LOOK_EVERY_MS = 1_000
SLACK_MS = 1_500
"""So long after a word was spoken it has been heard, as a rule, where sound comes in real time."""


class LiveCall:
    """A call that is being held.

    ``open``, ``send``, ``finish`` and ``abort`` are called by one thread; what happens is told to
    ``listener`` one event at a time from others, the last one always of type ``ended``. When
    redaction is on, no line leaves before personal data was taken out of it.
    """

    def __init__(
        self,
        provider: SpeechProvider,
        options: ProcessingOptions,
        models: LiveModels,
        listener: ToldListener,
        *,
        details: CallDetails | None = None,
        watch: WatchOptions | None = None,
        ear: Callable[[], Ear] | None = None,
        turns: Turns | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Tell ``listener``, which must not raise; nothing is opened yet. Raises BadRule.

        ``ear`` makes what tells voice from silence on a channel. Without one silence is where no
        words are. ``turns`` are those of calls that share this process.
        """
        self._provider = provider
        self._options = options
        self._models = models
        self._teller = Teller(listener, clock=clock)
        self._reading = Reading(
            provider.capabilities.name,
            models,
            options,
            details or CallDetails(),
            self._teller,
            watch or WatchOptions(),
            turns,
        )
        self._turns = turns
        self._looked_ms = 0
        self._from_ms: int | None = None
        self._ear = ear
        self._voiced: VoicedSound | None = None
        self._arrivals = Arrivals()
        self._captions = Captions()
        self._lines: LineByLine = AsHeard()
        self._shown: dict[str, Utterance] = {}
        self._stages: dict[str, LineStage] = {}
        self._told: dict[str, Speaker] = {}
        self._language = options.language
        self._switched = False
        self._failed = False
        self._session: LiveSession | None = None
        self._thread = threading.Thread(target=self._listen, name="live-captions", daemon=True)

    @property
    def sent_ms(self) -> int:
        """How much sound was sent, in milliseconds."""
        return self._session.sent_ms if self._session else 0

    @property
    def ended(self) -> Ended | None:
        """How the session ended, None while it runs."""
        return self._captions.ended

    @property
    def analysed(self) -> AnalysedTranscript | None:
        """The call as it was understood at its end, None before that or when it was aborted."""
        return self._reading.analysed

    def remember(self, known: Transcript) -> None:
        """Take what was told of the call before, as it was told; ``open`` follows.

        It is not told again, and counts for whatever is found in the whole call.
        """
        for speaker in known.speakers:
            event = SpeakerTold(speaker=speaker, at_ms=0)
            self._captions.take(event)
            self._told[speaker.id] = speaker
            self._reading.remember(event)
        for line in known.utterances:
            self._captions.take(Final(line=line))
            self._shown[line.id] = line
            self._reading.remember(Final(line=line))

    def open(self, sound: LiveFormat) -> None:
        """Open the call at the provider. Raises a PartylineError when it can't begin."""
        if self._options.redact:
            self._lines = self._models.running_redaction(self._options.language)
        self._session = self._provider.open_live(sound, self._options, self._arrivals.put)
        self._voiced = VoicedSound(sound, self._ear) if self._ear else None
        self._reading.start(then=self._tell_ended)
        self._thread.start()

    def begin(self) -> None:
        """Start the clock of the events now, when the first sample is being spoken."""
        self._teller.begin()

    def send(self, pcm: bytes) -> None:
        """Send whole frames of sound. Raises the error that ended the call, or LiveOver."""
        if self._from_ms is None:
            self._from_ms = self.sent_ms
        self._teller.begin()
        self._opened.send(pcm)
        if self._voiced is not None:
            self._voiced.take(pcm)
        if self.sent_ms - self._looked_ms >= LOOK_EVERY_MS:
            self._looked_ms = self.sent_ms - self.sent_ms % LOOK_EVERY_MS
            if self._voiced is not None:
                self._reading.voiced(self._voiced.voiced(), self._voiced.judged_ms)
            self._reading.look(self._looked_ms, round(SLACK_MS * self._haste()))

    def summed_up(self, text: str, by: str, *, so_far: bool) -> None:
        """Tell a summary that somebody else has written, without personal data."""
        self._reading.summed_up(text, by, self.sent_ms, so_far=so_far)

    def summarise(self) -> None:
        """Have the call so far summarised; it is told when it is done. May be called always."""
        self._reading.summarise(self.sent_ms)

    def speak(self, language: str | None) -> None:
        """Hear what follows in another language, None: in the one that is detected.

        Redaction follows with the first line in it. Raises NotLive when the provider can't.
        """
        self._opened.speak(language)

    def not_recorded(self, start_ms: int, end_ms: int) -> None:
        """Take a stretch of the call for which there is no sound; silence is sent in its place."""
        self._reading.not_recorded(start_ms, end_ms)

    def finish(self, timeout_s: float = LAST_WORDS_S) -> None:
        """End the call: wait for the last words so long, then until all of it has been read.

        Does not raise what ended the call; ``ended`` says it. Safe to call twice.
        """
        try:
            self._opened.finish(timeout_s)
        except PartylineError as error:
            telemetry.event("live.not_finished", error=error.code)
        self._wait()

    def abort(self) -> None:
        """End the call at once; what is under way is lost and nothing is read any more."""
        self._reading.cancel()
        self._opened.abort()
        self._wait()

    @property
    def _opened(self) -> LiveSession:
        if self._session is None:
            raise InternalFault
        return self._session

    def _haste(self) -> float:
        """How many times faster than it was spoken the sound comes, at least 1."""
        came_ms = self.sent_ms - (self._from_ms or 0)
        return max(1.0, came_ms / max(1, self._teller.elapsed_ms))

    def _wait(self) -> None:
        self._thread.join()
        self._reading.wait()

    # --- the thread that tells ----------------------------------------------------------------

    def _listen(self) -> None:
        """Take events in their order until the last one."""
        heard: Heard | None = None
        try:
            while not isinstance(event := self._arrivals.next(), Ended):
                with self._turns.line() if self._turns else nullcontext():
                    self._take(event)
            heard = self._end(event)
        except Exception as error:
            telemetry.fault("live.captions", error)
        finally:
            self._reading.conclude(heard)

    def _take(self, event: LiveEvent) -> None:
        """Take one event; whatever goes wrong with it costs this event alone."""
        if not self._captions.take(event):
            return
        try:
            match event:
                case Partial(line=line):
                    self._tell_partial(line)
                case Final(line=line, stage=stage) | Revised(line=line, stage=stage):
                    self._tell_line(line, stage)
                case SpeakerTold(speaker=speaker, at_ms=at_ms):
                    self._told[speaker.id] = speaker = self._reading.as_guessed(speaker)
                    self._teller.speaker(speaker, at_ms)
                case LanguageTold():
                    self._switch(event)
                case Gap():
                    self._teller.gap(event)
            self._reading.heard(event)
        except Exception as error:
            telemetry.fault("live.captions", error)
            self._warn(event.at_ms)

    def _warn(self, at_ms: int) -> None:
        """Tell once that lines are missing: what can't be redacted is not shown."""
        if not self._failed:
            self._failed = True
            self._teller.error(InternalFault(), at_ms)

    def _tell_partial(self, line: Utterance) -> None:
        shown = self._lines.partial(line)
        if shown is not None:
            self._teller.line(Kind.PARTIAL, shown)

    def _tell_line(self, line: Utterance, stage: LineStage) -> None:
        self._stages[line.id] = stage
        for shown in self._lines.final(line):
            kind = Kind.REVISED if shown.id in self._shown else Kind.FINAL
            self._shown[shown.id] = shown
            self._teller.line(kind, shown, self._stages.get(shown.id, LineStage.CAPTION))
            self._reading.shown(shown)

    def _switch(self, told: LanguageTold) -> None:
        """Follow the provider into another language, before the first line in it is told."""
        another = base_language(told.language) != base_language(self._language)
        self._switched = self._switched or another
        self._language = told.language
        self._lines.speak(told.language, told.at_ms)
        self._reading.speak(told.language)
        self._teller.language(told)

    def _end(self, ended: Ended) -> Heard:
        """Take the end; lines that were never finished are final as they were heard last."""
        for line in self._captions.partials:
            self._take(Final(line=line))
        self._captions.take(ended)
        if ended.error_code is not None:
            self._teller.warning_of(ended.error_code, ended.error_message or "", ended.at_ms)
        transcript = self._captions.transcript(
            self._provider.capabilities.name, duration_ms=self.sent_ms, language=self._language
        )
        if self._switched and self._options.redact:
            transcript = self._as_shown(transcript)
        return Heard(
            transcript=transcript,
            shown=self._shown,
            told=self._told,
        )

    def _as_shown(self, transcript: Transcript) -> Transcript:
        """Return the lines as they were redacted in the language in which each was said.

        Read once more in the call's last language, others would show what had been taken out. One
        that could not be redacted then is in none of them.
        """
        lines = tuple(
            replace(line, text=shown.text, words=shown.words, pii=shown.pii)
            for line in transcript.utterances
            if (shown := self._shown.get(line.id))
        )
        return replace(transcript, utterances=lines)

    def _tell_ended(self) -> None:
        self._teller.ended(self._captions.ended or Ended(at_ms=self.sent_ms))
