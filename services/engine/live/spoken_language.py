"""The language of a live call: chosen, or found out from its first seconds of speech."""

from collections.abc import Callable, Sequence

from services.engine.heard import LanguageGuess
from services.engine.live.accurate import language_spoken
from services.engine.live.crew import Done, Rank
from services.engine.live.engine import QUICK_LANGUAGE, LiveEngine
from services.engine.live.line import Line
from services.engine.live.lines import ChannelLines, Post
from services.engine.live.wording import Captioner
from services.engine.voice_activity import VOICE_FRAME_MS

# So much of a line is listened to; a line that is over before is taken as it is.
LISTENED_FRAMES = 2_000 // VOICE_FRAME_MS
# A guess holds for the rest of the call when it is as likely as this, or after so many lines.
CERTAIN = 0.8
MOST_LINES = 4


class SpokenLanguage:
    """Knows by whom lines are heard; while it doesn't, nothing is told. Used by one thread.

    ``told`` takes the language once it holds for what follows.
    """

    def __init__(
        self,
        engine: LiveEngine,
        channels: Sequence[ChannelLines],
        post: Post,
        *,
        vocabulary: tuple[str, ...],
        told: Callable[[str], None],
    ) -> None:
        """Detect the language of what is said on these channels."""
        self._engine = engine
        self._channels = channels
        self._post = post
        self._vocabulary = vocabulary
        self._told = told
        self._code = QUICK_LANGUAGE
        self._is_certain = True
        self._is_asked = False
        self._listened: set[str] = set()
        self._asked_at = 0

    @property
    def captioner(self) -> Captioner:
        """What hears the next line."""
        return self._engine.captioner(self._code, self._vocabulary)

    @property
    def code(self) -> str | None:
        """The language, None while it is being detected."""
        return self._code if self._is_certain else None

    @property
    def is_waiting(self) -> bool:
        """Whether the answer to a question is still to come."""
        return self._is_asked

    def choose(self, code: str) -> None:
        """Hear this language from now on."""
        self._code, self._is_certain = code, True
        self._asked_at += 1
        self._is_asked = False
        self._release()

    def detect(self) -> None:
        """Find the language out from what is said next."""
        if not self._engine.whisper.multilingual:
            return
        self._is_certain = False
        self._asked_at += 1
        self._is_asked = False
        self._listened.clear()
        for channel in self._channels:
            channel.hold()

    def consider(self) -> None:
        """Listen to the line that is being said, as soon as there is enough of one."""
        if self._is_certain or self._is_asked:
            return
        for channel in self._channels:
            line = channel.longest
            if line is not None and line.id not in self._listened and _has_enough(line):
                self._ask(line)
                return

    def _ask(self, line: Line) -> None:
        self._is_asked = True
        self._listened.add(line.id)
        samples = line.samples(line.last)
        asked_at = self._asked_at

        def then(done: Done[LanguageGuess]) -> None:
            self._post(lambda: self._answered(done, asked_at))

        whisper = self._engine.whisper
        self._engine.crew.ask(Rank.LANGUAGE, lambda: language_spoken(whisper, samples), then)

    def _answered(self, done: Done[LanguageGuess], asked_at: int) -> None:
        if asked_at != self._asked_at:
            return
        self._is_asked = False
        guess = done.value
        if guess is not None:
            self._code = guess.code
        is_clear = guess is not None and (guess.confidence or 0.0) >= CERTAIN
        if is_clear or guess is None or len(self._listened) >= MOST_LINES:
            self._is_certain = True
            self._told(self._code)
        self._release()

    def _release(self) -> None:
        for channel in self._channels:
            channel.release(self.captioner)


def _has_enough(line: Line) -> bool:
    return line.is_over or line.last - line.first >= LISTENED_FRAMES
