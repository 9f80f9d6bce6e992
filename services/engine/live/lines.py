"""The lines of one channel of a live call: begun, heard so far, over."""

from collections import deque
from collections.abc import Callable
from typing import Protocol

from services.audio.recording import Samples
from services.domain.errors import InternalFault, PartylineError
from services.domain.ids import new_id
from services.engine.live.crew import Crew, Done, Rank
from services.engine.live.endpoints import (
    AFTER_FRAMES,
    BEFORE_FRAMES,
    OFFSET,
    ONSET_FRAMES,
    Change,
    Endpoints,
    Stretch,
)
from services.engine.live.line import Line
from services.engine.live.pace import Pace
from services.engine.live.wording import (
    NOTHING,
    Captioner,
    SoFar,
    Whole,
    agreed,
    plain,
)
from services.engine.utterances import SENTENCE_ENDS

# In a pause nothing new is said that a partial could show.
NO_PARTIAL_FROM_FRAMES = 4
LONGEST_TITLE = len("Mrs")


class LineListener(Protocol):
    """Is told of the lines of a channel, in the thread that feeds them."""

    @property
    def behind_s(self) -> float:
        """How much sound has come and waits longer than it should, in seconds of it."""

    def heard_so_far(self, line: Line, until: int) -> None:
        """Take what is heard of a line up to a frame; its shown words have become more."""

    def heard_whole(self, line: Line) -> None:
        """Take a line that is over; without words, nobody said anything."""

    def spent(self, cpu_s: float) -> None:
        """Take the work that hearing was, as far as it has to be done."""

    def failed(self, error: PartylineError) -> None:
        """Take that the channel can't be heard any more."""


Post = Callable[[Callable[[], None]], None]


class ChannelLines:
    """Makes lines of one channel's sound.

    All but the hearing itself happens in one thread: the crew's answers are brought there by
    ``post``. Lines are told in their order.
    """

    def __init__(
        self,
        channel: int,
        crew: Crew,
        listener: LineListener,
        post: Post,
        *,
        is_shared: bool = False,
    ) -> None:
        """Begin in silence; ``is_shared``: more than one party is on the channel."""
        self._channel = channel
        self._crew = crew
        self._listener = listener
        self._post = post
        self._endpoints = Endpoints(is_shared=is_shared)
        self._pace = Pace()
        self._at = 0
        self._air: deque[Samples] = deque(maxlen=BEFORE_FRAMES + ONSET_FRAMES)
        self._line: Line | None = None
        self._closing: deque[Line] = deque()
        self._is_held = False

    @property
    def is_waiting(self) -> bool:
        """Whether the crew still has something to answer."""
        line = self._line
        return any(closing.words is None for closing in self._closing) or (
            line is not None and (line.partial is not None or line.whole is not None)
        )

    @property
    def longest(self) -> Line | None:
        """The longest line that was not told yet, None when there is none."""
        lines = [*self._closing, *([self._line] if self._line else [])]
        return max(lines, key=lambda line: line.last - line.first, default=None)

    def take(self, frame: Samples, probability: float, captioner: Captioner) -> None:
        """Take the next frame; a line that begins with it is heard by ``captioner``."""
        self._at += 1
        before = self._line
        stretch = self._endpoints.take(probability)
        if before is not None:
            before.frames.append(frame)
            before.voiced.append(probability >= OFFSET)
        else:
            self._air.append(frame)
        if stretch is not None:
            self._change(stretch, captioner)

    def end(self) -> None:
        """Take that no more sound comes: what is being said is over."""
        stretch = self._endpoints.end()
        if stretch is not None and self._line is not None:
            self._close(self._line, stretch)

    def hold(self) -> None:
        """Tell nothing for now."""
        self._is_held = True

    def release(self, captioner: Captioner) -> None:
        """Tell what was held back, heard anew where it was heard by another captioner."""
        self._is_held = False
        for line in [*self._closing, *([self._line] if self._line else [])]:
            if line.captioner is not captioner:
                self._take_back(line)
                line.captioner, line.heard = captioner, NOTHING
                if line.is_over:
                    self._hear_whole(line)
        self._tell_closed()

    def _change(self, stretch: Stretch, captioner: Captioner) -> None:
        if stretch.change is Change.BEGUN:
            self._line = self._begun(stretch, captioner)
            return
        line = self._line
        assert line is not None
        if stretch.change is Change.OVER:
            goes_on = self._endpoints.going_on
            following = None if goes_on is None else self._cut_off(line, goes_on, captioner)
            self._close(line, stretch)
            self._line = following
            return
        line.last = stretch.last
        if stretch.change is Change.SETTLING:
            self._hear_whole(line)
        elif stretch.change is Change.RESUMED:
            self._take_back(line)
        self._maybe_partial(line)

    def _begun(self, stretch: Stretch, captioner: Captioner) -> Line:
        frames = list(self._air)
        line = Line(
            id=new_id(),
            channel=self._channel,
            first=stretch.first,
            last=stretch.last,
            captioner=captioner,
            begins=self._at - len(frames),
            frames=frames,
            voiced=[True] * ONSET_FRAMES,
            next_partial=stretch.first + self._pace.first_frames,
        )
        self._air.clear()
        return line

    def _cut_off(self, line: Line, first: int, captioner: Captioner) -> Line:
        """Return the line that goes on where one without a pause was cut."""
        begins = max(line.begins, first - 1)
        return Line(
            id=new_id(),
            channel=self._channel,
            first=first,
            last=self._at,
            captioner=captioner,
            begins=begins,
            frames=line.frames[begins - line.begins :],
            voiced=line.voiced[first - line.first :],
            next_partial=self._at + self._pace.first_frames,
        )

    # --- hearing what is said ------------------------------------------------------------------

    def _maybe_partial(self, line: Line) -> None:
        silence = self._at - line.last
        if (
            line.partial is not None
            or self._at < line.next_partial
            or silence >= NO_PARTIAL_FROM_FRAMES
        ):
            return
        until, samples, before = self._at, line.samples(self._at), line.heard
        hear = line.captioner

        def then(done: Done[SoFar]) -> None:
            self._post(lambda: self._heard_so_far(line, until, hear, done))

        line.partial = self._crew.ask(Rank.PARTIAL, lambda: hear.so_far(samples, before), then)

    def _heard_so_far(self, line: Line, until: int, heard_by: Captioner, done: Done[SoFar]) -> None:
        line.partial = None
        if done.error is not None:
            self._fail(done.error)
        if done.value is None:
            return
        self._pace.took(max(done.waited_s, self._listener.behind_s), done.cpu_s)
        self._listener.spent(done.cpu_s * self._pace.must)
        line.next_partial = until + self._pace.frames
        if (line.words is not None and line.is_over) or heard_by is not line.captioner:
            return
        is_more = done.value.shown > line.heard.shown
        line.heard = done.value
        if is_more and not self._is_held:
            self._listener.heard_so_far(line, until)

    def _hear_whole(self, line: Line, air_frames: int = AFTER_FRAMES) -> None:
        """Have the line heard to its end, before it is certain that this is its end."""
        last = line.last
        if line.whole_last == last:
            return
        self._take_back(line)
        line.whole_last = last
        samples, before = line.samples(last + air_frames), line.heard
        hear = line.captioner

        def then(done: Done[Whole]) -> None:
            self._post(lambda: self._heard_whole(line, last, done))

        line.whole = self._crew.ask(Rank.FINAL, lambda: hear.whole(samples, before), then)

    def _heard_whole(self, line: Line, last: int, done: Done[Whole]) -> None:
        if line.whole_last != last:
            return
        line.whole = None
        self._listener.spent(done.cpu_s)
        if done.error is not None:
            self._fail(done.error)
            return
        assert done.value is not None
        line.words = done.value.words
        if line.is_over:
            self._tell_closed()
            return
        self._show_all(line, done.value.heard)
        if line.words and _ends_sentence(line.words[-1].text):
            self._endpoints.sentence_ended()

    def _show_all(self, line: Line, heard: SoFar) -> None:
        """Show all that was said before a pause: its last word is as complete as the others."""
        shown = line.heard.shown
        if heard.shown > shown and agreed(heard.words, line.heard.words[:shown]) == shown:
            line.heard = heard
            if not self._is_held:
                self._listener.heard_so_far(line, line.last)

    def _take_back(self, line: Line) -> None:
        """Forget that the line was heard to its end: it goes on."""
        if line.whole is not None:
            line.whole.cancel()
        line.whole, line.whole_last, line.words = None, -1, None

    def _close(self, line: Line, stretch: Stretch) -> None:
        line.last = stretch.last
        line.is_over = True
        if line.partial is not None and line.heard is not NOTHING:
            line.partial.cancel()
            line.partial = None
        self._line = None
        self._air.clear()
        self._air.extend(line.frames[line.last - line.begins :])
        if self._endpoints.going_on is None:
            self._hear_whole(line)
        else:
            # There was no pause: what follows belongs to the next line.
            line.cut_after(line.last)
            self._hear_whole(line, air_frames=0)
        self._closing.append(line)
        self._tell_closed()

    def _tell_closed(self) -> None:
        while not self._is_held and self._closing and self._closing[0].words is not None:
            self._listener.heard_whole(self._closing.popleft())

    def _fail(self, error: Exception) -> None:
        self._listener.failed(error if isinstance(error, PartylineError) else InternalFault())


def _ends_sentence(word: str) -> bool:
    """Say whether a sentence ends with a word; a short one with a dot may be a title's."""
    return word.endswith(SENTENCE_ENDS) and (len(plain(word)) > LONGEST_TITLE or word[-1] != ".")
