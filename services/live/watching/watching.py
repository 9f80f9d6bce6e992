"""Watches a call while it is held, and says what people are to be warned of."""

from collections.abc import Callable

from services.domain.live_warnings import LiveWarning
from services.domain.metrics import CallAnalysis
from services.domain.speech import Transcript
from services.live.known.so_far import Scene
from services.live.watching.options import WatchOptions
from services.live.watching.rule_watching import RulesSoFar
from services.live.watching.watches import (
    MonologueWatch,
    MoodWatch,
    OverlapWatch,
    SilenceWatch,
    Watch,
)


class Watcher:
    """Watches one call for everything there is a warning for. Used by one thread."""

    def __init__(self, options: WatchOptions) -> None:
        """Watch as these options want it. Raises BadRule."""
        self._watches: tuple[Watch, ...] = (
            SilenceWatch(options),
            MonologueWatch(options),
            OverlapWatch(options),
            MoodWatch(options),
        )
        self._rules = RulesSoFar(options.rules)

    def look(
        self, scene: Scene, whole: Callable[[int], Transcript], *, anew: bool
    ) -> tuple[LiveWarning, ...]:
        """Return what is to be told at this moment; a warning that was told is not told again.

        ``anew``: lines have changed since the last look. ``whole`` gives all of the call up to a
        moment and is asked only where that is needed.
        """
        found = [warning for watch in self._watches for warning in watch.look(scene)]
        heard_ms = scene.at_ms - scene.slack_ms
        return (*found, *self._rules.look(scene.at_ms, heard_ms, whole, anew=anew))

    def ended(self, transcript: Transcript, analysis: CallAnalysis) -> tuple[LiveWarning, ...]:
        """Return what only the end of the call shows: rules on what was never said."""
        return self._rules.ended(transcript, analysis)
