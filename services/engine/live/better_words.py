"""Has finished lines of a live call refined while it goes on, when there is time for it."""

import threading
from collections.abc import Callable

from services.domain.speech import Utterance
from services.engine.live.budget import Share
from services.engine.live.crew import Crew, Done, Rank
from services.engine.live.line import LineSound
from services.engine.live.lines import Post
from services.engine.live.refining import RefinedLine, Refining

# What a second of refined sound costs on one core, measured; its threads can't be asked.
CORE_S_PER_SOUND_S = 0.11


class BetterWords:
    """Hands one call's windows to the threads that refine, one at a time.

    Used by one thread, to which ``post`` brings the answers.
    """

    def __init__(
        self,
        refining: Refining,
        crew: Crew,
        post: Post,
        share: Share,
        refined: Callable[[tuple[RefinedLine, ...]], None],
    ) -> None:
        """Refine in this crew; ``refined`` takes the better words of a window's lines."""
        self._refining = refining
        self._crew = crew
        self._post = post
        self._share = share
        self._refined = refined
        self._is_busy = False
        self._is_over = threading.Event()

    def speak(self, language: str | None) -> None:
        """Take what is added from now on to be in this language, None: to be detected."""
        self._refining.speak(language)

    def add(self, line: Utterance, sound: LineSound) -> None:
        """Have a line refined; its sound may have air around it."""
        self._refining.add(
            line.id,
            line.channel,
            line.start_ms,
            line.end_ms,
            sound.samples,
            lead_ms=line.start_ms - sound.begins_ms,
        )

    def consider(self, now_ms: int) -> None:
        """Refine what is worth it at this moment of the call, unless something is under way."""
        if self._is_busy or (job := self._refining.due(now_ms)) is None:
            return
        self._is_busy = True
        self._share.spent(job.duration_ms / 1000 * CORE_S_PER_SOUND_S)

        def work() -> tuple[RefinedLine, ...]:
            return self._refining.run(job, self._is_over.is_set)

        def then(done: Done[tuple[RefinedLine, ...]]) -> None:
            self._post(lambda: self._answered(done))

        self._crew.ask(Rank.FINAL, work, then)

    def end(self) -> None:
        """Refine nothing more; what is under way is given up."""
        self._is_over.set()
        self._refining.drop()

    def _answered(self, done: Done[tuple[RefinedLine, ...]]) -> None:
        self._is_busy = False
        if done.value:
            self._refined(done.value)
