"""Better words for finished lines of a live call: packed into windows and recognised once more.

Whisper needs the context of a long window; lines of a second or two wait until together they
make one, or until one of them has waited long enough.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.audio.recording import Samples
from services.domain.running import RunContext
from services.domain.speech import Word
from services.engine.heard import HeardWord, LanguageGuess
from services.engine.language import CLEAR, ENOUGH_MS
from services.engine.live.waiting_lines import LinesPcm, WaitingLine, WaitingLines, line_at
from services.engine.recogniser import Recogniser, remember_language
from services.engine.windows import WINDOW_MS

# A line gets its better words within 30 s of its end: so long it waits, the rest is for the work.
LONGEST_WAIT_MS = 20_000
# Room for the air around lines, so that one job stays one window.
ONE_WINDOW_MS = 28_000
# What waits is kept in memory; of more than this, on a machine that can't keep up, the oldest
# lines stay captions.
MOST_WAITING_MS = 180_000


@dataclass(frozen=True, kw_only=True)
class RefiningJob:
    """Lines of one channel and one language that are recognised together."""

    channel: int | None
    lines: tuple[WaitingLine, ...]

    @property
    def duration_ms(self) -> int:
        """How much sound there is to recognise, in milliseconds."""
        return sum(line.duration_ms for line in self.lines)


@dataclass(frozen=True, kw_only=True)
class RefinedLine:
    """A line's better words, in order, each inside the line; ``language`` is ISO 639-1."""

    line_id: str
    words: tuple[Word, ...]
    text: str
    language: str


class Refining:
    """What one call has to have refined.

    ``add``, ``due``, ``speak`` and ``drop`` are called by one thread at a time; ``run``, which
    takes a second or two, may be in another, one job at a time.
    """

    def __init__(
        self, recogniser: Recogniser, *, language: str | None = None, vocabulary: Sequence[str] = ()
    ) -> None:
        """Recognise in ``language`` (None: detect it), listening for the ``vocabulary``."""
        self._recogniser = recogniser
        self._language = language
        self._vocabulary = tuple(vocabulary)
        self._guess: LanguageGuess | None = None
        self._waiting: dict[int | None, WaitingLines] = {}
        self.given_up = 0

    @property
    def waiting_ms(self) -> int:
        """How much sound waits, over all channels, in milliseconds."""
        return sum(lines.duration_ms for lines in self._waiting.values())

    def speak(self, language: str | None) -> None:
        """Take what is added from now on to be in ``language`` (None: detect it anew)."""
        self._language = language
        self._guess = None

    def add(
        self,
        line_id: str,
        channel: int | None,
        start_ms: int,
        end_ms: int,
        samples: Samples,
        *,
        lead_ms: int = 0,
    ) -> None:
        """Have a line wait for its window; lines of a channel come in order of time.

        ``samples`` at 16 kHz are the line's sound, which may begin ``lead_ms`` before it and end
        after it: air of up to 0.2 s on either side helps. They are kept until the job that the
        line belongs to is let go of.
        """
        line = WaitingLine(
            id=line_id,
            channel=channel,
            start_ms=start_ms,
            end_ms=max(start_ms + 1, end_ms),
            sound_ms=start_ms - lead_ms,
            samples=samples,
            language=self._language,
        )
        waiting = self._waiting.setdefault(channel, WaitingLines())
        self.given_up += waiting.add(line, MOST_WAITING_MS)

    def due(self, now_ms: int) -> RefiningJob | None:
        """Return a job when there is one to do at ``now_ms`` of the call, else None.

        That is a channel with a window's worth of speech, or one whose oldest line has waited
        20 s since its end; the one that waits longest first.
        """
        ready = [
            (oldest.end_ms, channel)
            for channel, lines in self._waiting.items()
            if (oldest := lines.oldest)
            and (lines.duration_ms >= WINDOW_MS or now_ms - oldest.end_ms >= LONGEST_WAIT_MS)
        ]
        if not ready:
            return None
        _, channel = min(ready, key=lambda pair: pair[0])
        return RefiningJob(channel=channel, lines=self._waiting[channel].take_window(WINDOW_MS))

    def run(
        self, job: RefiningJob, is_cancelled: Callable[[], bool] = lambda: False
    ) -> tuple[RefinedLine, ...]:
        """Return the job's lines with their better words; one in which none are heard is left out.

        Raises Cancelled between attempts, InvalidRequest for a language the model doesn't know.
        """
        context = RunContext(is_cancelled=is_cancelled)
        guess = self._guess
        if guess is not None:
            remember_language(guess, context)
        heard, found = self._recogniser.recognise(
            LinesPcm(lines=job.lines),
            {job.channel: [line.place for line in job.lines]},
            context,
            language=job.lines[0].language,
            vocabulary=self._vocabulary,
            longest_ms=ONE_WINDOW_MS,
        )
        if found is None:
            return ()
        if self._guess is guess and _is_to_be_kept(found, job):
            self._guess = found
        words = [word for one in heard for word in one.words]
        return _given_to_lines(words, job.lines, found.code)

    def drop(self) -> None:
        """Forget what waits: the call is over, or its sound is recognised elsewhere."""
        self._waiting.clear()


def _is_to_be_kept(found: LanguageGuess, job: RefiningJob) -> bool:
    """Say whether a call's language is known from now on: detected on enough, or clearly."""
    if found.confidence is None:
        return False
    return job.duration_ms >= ENOUGH_MS or found.confidence >= CLEAR


def _given_to_lines(
    words: Sequence[HeardWord], lines: Sequence[WaitingLine], language: str
) -> tuple[RefinedLine, ...]:
    """Give every word to one line, by its time."""
    rows: list[list[HeardWord]] = [[] for _ in lines]
    for word in words:
        rows[line_at(lines, (word.start_ms, word.end_ms))].append(word)
    return tuple(
        RefinedLine(
            line_id=line.id,
            words=_words(row, line),
            text="".join(word.text for word in row).strip(),
            language=language,
        )
        for line, row in zip(lines, rows, strict=True)
        if row
    )


def _words(row: Sequence[HeardWord], line: WaitingLine) -> tuple[Word, ...]:
    """Return words with their times inside the line; one from before it lasts to the next."""
    words: list[Word] = []
    for word, following in zip(row, [*row[1:], None], strict=True):
        start_ms = min(max(word.start_ms, line.start_ms), line.end_ms - 1)
        end_ms = word.end_ms
        if end_ms <= line.start_ms:
            end_ms = following.start_ms if following else line.end_ms
        words.append(
            Word(
                text=word.plain,
                start_ms=start_ms,
                end_ms=max(start_ms + 1, min(end_ms, line.end_ms)),
                confidence=round(word.confidence, 3),
            )
        )
    return tuple(words)
