"""One live call as this machine hears it: sound in, events out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from services.audio.recording import Samples
from services.domain.errors import PartylineError
from services.domain.live import LanguageTold, LiveEvent, Partial
from services.domain.speech import Utterance, Word
from services.engine.live.better_words import BetterWords
from services.engine.live.budget import Share
from services.engine.live.endpoints import FRAME, Ears
from services.engine.live.engine import LiveEngine
from services.engine.live.line import Line, LineSound
from services.engine.live.line_speakers import LineSpeakers
from services.engine.live.lines import ChannelLines
from services.engine.live.placing import placed
from services.engine.live.spoken_language import SpokenLanguage
from services.engine.live.told import ToldLines
from services.engine.live.voices import LiveVoices, VoicePiece
from services.engine.live.wording import CaptionWord
from services.engine.speakers.clustering import VoiceCount
from services.engine.voice_activity import VOICE_FRAME_MS

# How often the call is asked for lines to refine: about once a second.
REFINING_FRAMES = 32


@dataclass(frozen=True, kw_only=True)
class CallWishes:
    """How a call is to be heard; ``language`` None: it is detected."""

    channels: int
    language: str | None = None
    vocabulary: tuple[str, ...] = ()
    voices: VoiceCount = field(default_factory=VoiceCount)


class Surroundings(Protocol):
    """What a call's events go to; all but ``post`` is called in the thread that hears."""

    @property
    def behind_s(self) -> float:
        """How much sound has come and waits longer than it should, in seconds of it."""

    def post(self, work: Callable[[], None]) -> None:
        """Have something done in the thread that hears; called in any thread."""

    def tell(self, event: LiveEvent) -> None:
        """Take an event."""

    def told_line(self, end_ms: int) -> None:
        """Take that a line which ended there was told for the first time."""

    def fail(self, error: PartylineError) -> None:
        """Take that the call can't be heard any more."""


class Hearing:
    """Hears one call. All of it happens in one thread.

    With two channels each is a speaker; with one, voices tell who speaks.
    """

    def __init__(
        self, engine: LiveEngine, wishes: CallWishes, share: Share, around: Surroundings
    ) -> None:
        """Begin in silence."""
        count = wishes.channels
        self._around = around
        self._share = share
        self._ears = Ears(count)
        self._lines = [
            ChannelLines(channel, engine.crew, self, around.post, is_shared=count == 1)
            for channel in range(count)
        ]
        self._left = np.zeros((0, count), np.float32)
        self._told = ToldLines(around.tell)
        self._frames = 0
        self._better = BetterWords(
            engine.refining(wishes.language, wishes.vocabulary),
            engine.refiners,
            around.post,
            share,
            lambda lines: self._told.refine(lines, wishes.vocabulary),
        )
        self._speakers: LineSpeakers | None = None
        if count == 1:
            voices = LiveVoices(engine.speakers, wishes.voices)
            self._speakers = LineSpeakers(
                voices,
                engine.crew,
                around.post,
                share,
                lambda changed: self._told.relabel(changed.stretch, changed.pieces),
            )
        self._language = SpokenLanguage(
            engine,
            self._lines,
            around.post,
            vocabulary=wishes.vocabulary,
            told=self._language_known,
        )
        if wishes.language is None:
            self._language.detect()
        else:
            self._language.choose(wishes.language)

    @property
    def at_ms(self) -> int:
        """Up to where the call was listened to."""
        return self._frames * VOICE_FRAME_MS

    @property
    def is_waiting(self) -> bool:
        """Whether something that was asked of the crew is not answered yet."""
        is_asked = self._speakers is not None and self._speakers.is_waiting
        return (
            is_asked or self._language.is_waiting or any(lines.is_waiting for lines in self._lines)
        )

    def take(self, samples: Samples) -> None:
        """Take the next samples [n, channels]."""
        sound = np.concatenate([self._left, samples])
        whole = len(sound) // FRAME * FRAME
        for first in range(0, whole, FRAME):
            self._take_frame(sound[first : first + FRAME])
        self._left = sound[whole:]

    def end(self) -> None:
        """Take that no more sound comes. To be called again while it is waiting."""
        for lines in self._lines:
            lines.end()
        self._language.consider()
        if self._speakers is not None and not self.is_waiting:
            self._speakers.end()

    def close(self) -> None:
        """Let go of what is still asked for."""
        self._better.end()

    def speak(self, language: str | None) -> None:
        """Hear another language from the line on that is being said, None: the one detected."""
        if language is None:
            self._language.detect()
        else:
            self._language.choose(language)
        self._better.speak(language)
        self._around.tell(LanguageTold(language=language, chosen=True, at_ms=self.at_ms))

    def _take_frame(self, frame: Samples) -> None:
        self._frames += 1
        likely = self._ears.hear(frame)
        for channel, (lines, probability) in enumerate(zip(self._lines, likely, strict=True)):
            lines.take(frame[:, channel], probability, self._language.captioner)
        self._language.consider()
        if self._speakers is not None:
            self._speakers.passed(VOICE_FRAME_MS)
        if self._frames % REFINING_FRAMES == 0:
            self._better.consider(self.at_ms)

    def _language_known(self, code: str) -> None:
        self._better.speak(code)
        self._around.tell(LanguageTold(language=code, chosen=False, at_ms=self.at_ms))

    # --- what the channels tell -----------------------------------------------------------------

    @property
    def behind_s(self) -> float:
        """How much sound has come and waits longer than it should, in seconds of it."""
        return self._around.behind_s

    def heard_so_far(self, line: Line, until: int) -> None:
        """Tell a line that is being said."""
        words = line.heard.words
        frames = line.voice_frames(until - line.first)
        places = placed(words, frames)
        shown = [
            Word(text=text, start_ms=start, end_ms=end)
            for text, (start, end) in zip(line.heard.text, places, strict=False)
        ]
        self._around.tell(Partial(line=self._utterance(line, shown[-1].end_ms, shown)))

    def heard_whole(self, line: Line) -> None:
        """Tell a line that is over."""
        words = self._words(line)
        if not words:
            return
        told, sound = self._utterance(line, line.end_ms, words), line.sound
        if self._speakers is None:
            self._tell_line(told, sound, ())
        else:
            self._speakers.ask(
                line.id, line.start_ms, line.voice, lambda who: self._tell_line(told, sound, who)
            )

    def spent(self, cpu_s: float) -> None:
        """Count work."""
        self._share.spent(cpu_s)

    def failed(self, error: PartylineError) -> None:
        """End the call: a channel can't be heard any more."""
        self._around.fail(error)

    def _tell_line(self, line: Utterance, sound: LineSound, pieces: Sequence[VoicePiece]) -> None:
        for part in self._told.tell(line, pieces):
            self._better.add(part, sound.around(part.start_ms, part.end_ms))
        self._around.told_line(line.end_ms)

    def _words(self, line: Line) -> list[Word]:
        heard: Sequence[CaptionWord] = line.words or [
            CaptionWord(text=text) for text in line.heard.text
        ]
        frames = line.voice_frames(line.last - line.first)
        places = placed([word.text for word in heard], frames)
        return [
            Word(text=word.text, start_ms=start, end_ms=end, confidence=word.confidence)
            for word, (start, end) in zip(heard, places, strict=True)
        ]

    def _utterance(self, line: Line, end_ms: int, words: Sequence[Word]) -> Utterance:
        known = [word.confidence for word in words if word.confidence is not None]
        speaker = channel = None
        if len(self._lines) > 1:
            channel = line.channel
            speaker = self._told.speaker(channel, channel, end_ms)
        return Utterance(
            id=line.id,
            speaker=speaker,
            channel=channel,
            start_ms=line.start_ms,
            end_ms=end_ms,
            text=" ".join(word.text for word in words),
            confidence=round(sum(known) / len(known), 3) if known else None,
            words=tuple(words),
        )
