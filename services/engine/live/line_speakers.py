"""Whose lines are in a live call on one channel: asked of the voices line by line, in order."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from services.audio.recording import Samples
from services.engine.live.budget import Share
from services.engine.live.crew import Crew, Done, Rank
from services.engine.live.lines import Post
from services.engine.live.voices import LiveVoices, Relabelled, VoicePiece

Then = Callable[[tuple[VoicePiece, ...]], None]


# A line waits so long for its speaker, then it is told without, and of whom it is later.
PATIENCE_MS = 350


@dataclass(kw_only=True)
class _Asked:
    stretch: str
    start_ms: int
    samples: Samples
    then: Then
    waited_ms: int = 0
    is_told: bool = False

    def tell(self, pieces: tuple[VoicePiece, ...]) -> None:
        self.is_told = True
        self.then(pieces)


class LineSpeakers:
    """Asks one call's voices in the crew's threads, one thing at a time.

    A line for which they take too long, or fail, is told without a speaker. Used by one thread,
    to which ``post`` brings the answers.
    """

    def __init__(
        self,
        voices: LiveVoices,
        crew: Crew,
        post: Post,
        share: Share,
        relabelled: Callable[[Relabelled], None],
    ) -> None:
        """Ask these voices; ``relabelled`` takes what they think better of later."""
        self._voices = voices
        self._crew = crew
        self._post = post
        self._share = share
        self._relabelled = relabelled
        self._asked: deque[_Asked] = deque()
        self._untold: deque[_Asked] = deque()
        self._is_busy = False
        self._is_new = False

    @property
    def is_waiting(self) -> bool:
        """Whether a line still waits for its speaker."""
        return self._is_busy or bool(self._asked)

    def ask(self, stretch: str, start_ms: int, samples: Samples, then: Then) -> None:
        """Ask who speaks in a stretch; ``then`` is told in the order of asking."""
        asked = _Asked(stretch=stretch, start_ms=start_ms, samples=samples, then=then)
        self._asked.append(asked)
        self._untold.append(asked)
        self._next()

    def passed(self, time_ms: int) -> None:
        """Take that so much time of the call has passed: what has waited too long is told."""
        for asked in self._untold:
            asked.waited_ms += time_ms
        while self._untold and self._untold[0].waited_ms > PATIENCE_MS:
            self._untold.popleft().tell(())

    def end(self) -> None:
        """Think it all over once more: the call is over."""
        if self._is_new and not self.is_waiting:
            self._regroup()

    def _next(self) -> None:
        if self._is_busy:
            return
        if self._asked:
            self._hear(self._asked.popleft())
        elif self._voices.is_due:
            self._regroup()

    def _hear(self, asked: _Asked) -> None:
        self._is_busy = self._is_new = True

        def work() -> tuple[VoicePiece, ...]:
            return self._voices.hear(asked.stretch, asked.start_ms, asked.samples)

        def then(done: Done[tuple[VoicePiece, ...]]) -> None:
            self._post(lambda: self._heard(asked, done))

        self._crew.ask(Rank.SPEAKER, work, then)

    def _heard(self, asked: _Asked, done: Done[tuple[VoicePiece, ...]]) -> None:
        self._is_busy = False
        self._share.spent(done.cpu_s)
        pieces = done.value or ()
        if not asked.is_told:
            self._untold.remove(asked)
            asked.tell(pieces)
        elif pieces:
            self._relabelled(Relabelled(stretch=asked.stretch, pieces=pieces))
        self._next()

    def _regroup(self) -> None:
        self._is_busy, self._is_new = True, False

        def then(done: Done[tuple[Relabelled, ...]]) -> None:
            self._post(lambda: self._regrouped(done))

        self._crew.ask(Rank.GROUPING, self._voices.regroup, then)

    def _regrouped(self, done: Done[tuple[Relabelled, ...]]) -> None:
        self._is_busy = False
        self._share.spent(done.cpu_s)
        for relabelled in done.value or ():
            self._relabelled(relabelled)
        self._next()
