"""One live call as this machine hears it: sound in, events out."""

from collections.abc import Callable, Sequence

import numpy as np

from services.audio.recording import Samples
from services.domain.errors import InternalFault, PartylineError
from services.domain.live import LanguageTold, LiveEvent, Partial
from services.domain.speech import Utterance, Word
from services.engine.live.budget import Share
from services.engine.live.crew import Done, Rank
from services.engine.live.endpoints import FRAME, Ears
from services.engine.live.engine import LiveEngine
from services.engine.live.lines import ChannelLines, Line, Post
from services.engine.live.placing import placed
from services.engine.live.spoken_language import SpokenLanguage
from services.engine.live.told import ToldLines
from services.engine.live.wording import CaptionWord


class Hearing:
    """Hears one call. All of it happens in one thread, to which ``post`` brings work.

    With two channels each is a speaker; with one, voices tell who speaks.
    """

    def __init__(
        self,
        engine: LiveEngine,
        channels: int,
        *,
        language: str | None,
        vocabulary: tuple[str, ...],
        share: Share,
        post: Post,
        tell: Callable[[LiveEvent], None],
        fail: Callable[[PartylineError], None],
    ) -> None:
        """Begin in silence; ``language`` None: it is detected."""
        self._engine = engine
        self._tell = tell
        self._fail = fail
        self._post = post
        self._share = share
        self._ears = Ears(channels)
        self._lines = [ChannelLines(c, engine.crew, self, post) for c in range(channels)]
        self._left = np.zeros((0, channels), np.float32)
        self._told = ToldLines(tell)
        self._frames = 0
        self._language = SpokenLanguage(
            engine, self._lines, post, vocabulary=vocabulary, told=self._language_known
        )
        if language is None:
            self._language.detect()
        else:
            self._language.choose(language)

    @property
    def at_ms(self) -> int:
        """Up to where the call was listened to."""
        return self._frames * FRAME * 1000 // 16_000

    @property
    def is_waiting(self) -> bool:
        """Whether something that was asked of the crew is not answered yet."""
        return self._language.is_waiting or any(lines.is_waiting for lines in self._lines)

    def take(self, samples: Samples) -> None:
        """Take the next samples [n, channels]."""
        sound = np.concatenate([self._left, samples])
        whole = len(sound) // FRAME * FRAME
        for first in range(0, whole, FRAME):
            self._take_frame(sound[first : first + FRAME])
        self._left = sound[whole:]

    def end(self) -> None:
        """Take that no more sound comes."""
        for lines in self._lines:
            lines.end()
        self._language.consider()

    def speak(self, language: str | None) -> None:
        """Hear another language from the next line on, None: the one that is detected."""
        if language is None:
            self._language.detect()
        else:
            self._language.choose(language)
        self._tell(LanguageTold(language=language, chosen=True, at_ms=self.at_ms))

    def _take_frame(self, frame: Samples) -> None:
        self._frames += 1
        likely = self._ears.hear(frame)
        for channel, (lines, probability) in enumerate(zip(self._lines, likely, strict=True)):
            lines.take(frame[:, channel], probability, self._language.captioner)
        self._language.consider()

    def _language_known(self, code: str) -> None:
        self._tell(LanguageTold(language=code, chosen=False, at_ms=self.at_ms))

    # --- what the channels tell -----------------------------------------------------------------

    def heard_so_far(self, line: Line, until: int) -> None:
        """Tell a line that is being said."""
        words = line.heard.words
        frames = line.voice_frames(until - line.first)
        places = placed(words, frames)
        shown = [
            Word(text=text, start_ms=start, end_ms=end)
            for text, (start, end) in zip(line.heard.text, places, strict=False)
        ]
        end_ms = shown[-1].end_ms
        self._tell(Partial(line=self._utterance(line, end_ms, shown)))

    def heard_whole(self, line: Line) -> None:
        """Tell a line that is over."""
        words = self._words(line)
        if words:
            self._told.tell(self._utterance(line, line.end_ms, words), ())

    def failed(self, error: PartylineError) -> None:
        """End the call: a channel can't be heard any more."""
        self._fail(error)

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
        channel = line.channel if len(self._lines) > 1 else None
        return Utterance(
            id=line.id,
            speaker=self._told.speaker(line.channel, channel, end_ms),
            channel=channel,
            start_ms=line.start_ms,
            end_ms=end_ms,
            text=" ".join(word.text for word in words),
            confidence=round(sum(known) / len(known), 3) if known else None,
            words=tuple(words),
        )
