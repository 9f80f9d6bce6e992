"""What a live call is watched for besides rules: one small watch for each kind of warning.

Each looks at the call once a second of call time, tells while something lasts, and tells it once:
it has to be over before it can be told again. All follow from what is known of the call alone.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import ClassVar, Protocol

from services.analysis.floor import (
    LATCH_MS,
    MONOLOGUE_PAUSE_MS,
    current_monologue,
    floor_sequence,
    runs_of,
    spans_by_speaker,
    without_backchannels,
)
from services.analysis.metrics import simultaneous
from services.domain.intervals import Interval, complement, cut, length_ms, union
from services.domain.live_warnings import LiveWarning, WarningKind
from services.domain.speech import SpeakerRole, Transcript
from services.engine.announced import is_announced
from services.live.known.so_far import Scene
from services.live.watching.options import WatchOptions


class Watch(Protocol):
    """Watches a call for one thing."""

    def look(self, scene: Scene) -> Sequence[LiveWarning]:
        """Return what is to be told now."""


class SilenceWatch:
    """Tells that nobody has spoken for long, though nobody had asked to wait.

    Dead air as docs/metrics.md defines it, told before it is known whether a voice follows. What
    was not recorded doesn't count, and a voice in the sound does before its words have come. Words
    may be on their way for ``slack_ms``: a silence that is over before that is sure is told once it
    is. One is taken back when it turns out that somebody spoke, or had asked to wait.
    """

    SAME_WITHIN_MS: ClassVar[int] = 1_000
    """So far the beginning of a silence may move when the line before it is revised."""
    BACK_MS: ClassVar[int] = 60_000
    """Words that come later than this change no warning."""

    def __init__(self, options: WatchOptions) -> None:
        """Take from when on silence is long."""
        self._over_ms = options.silence_ms
        self._told_from_ms: int | None = None
        self._judged_ms = 0
        self._told: list[LiveWarning] = []

    def look(self, scene: Scene) -> Sequence[LiveWarning]:
        """Return the silences that are long: those that have ended, then the one that lasts.

        Those that turned out to be none come first.
        """
        if scene.last_voice_ms is None:
            return ()
        taken_back = self._take_back(scene)
        lasting = (scene.last_voice_ms, scene.known_ms)
        found = [gap for gap in [*self._passed(scene), lasting] if self._is_told(gap, scene)]
        new = [self._warning(gap, scene, lasts=gap is lasting) for gap in found]
        self._told += new
        return [*taken_back, *new]

    def _take_back(self, scene: Scene) -> list[LiveWarning]:
        """Return the warnings of late that would not be given any more."""
        since_ms = scene.at_ms - self.BACK_MS
        self._told = [one for one in self._told if one.end_ms > since_ms]
        wrong = [one for one in self._told if self._is_wrong(one, scene)]
        self._told = [one for one in self._told if one not in wrong]
        return [replace(one, at_ms=scene.at_ms, taken_back=True) for one in wrong]

    def _is_wrong(self, told: LiveWarning, scene: Scene) -> bool:
        gap = (told.start_ms, told.end_ms)
        quiet = complement(scene.speech, within=gap)
        longest = max(quiet, key=lambda one: one[1] - one[0], default=(gap[0], gap[0]))
        if longest[1] - longest[0] <= self._over_ms - self.SAME_WITHIN_MS:
            return True
        return is_announced(longest[0], scene.recent.utterances)

    def _passed(self, scene: Scene) -> list[Interval]:
        """Return the gaps that have ended since the last look, so long ago that it is sure."""
        gaps = [
            (before[1], after[0])
            for before, after in pairwise(scene.speech)
            if self._judged_ms < after[0] <= scene.known_ms
        ]
        self._judged_ms = max([self._judged_ms, *(end for _, end in gaps)])
        return gaps

    def _is_told(self, gap: Interval, scene: Scene) -> bool:
        """Say whether a silence is to be told now, and take that it is."""
        missing = union(cut(one, gap) for one in scene.unrecorded)
        if gap[1] - gap[0] - length_ms(missing) <= self._over_ms:
            return False
        told_ms = self._told_from_ms
        if told_ms is not None and gap[0] <= told_ms + self.SAME_WITHIN_MS:
            return False
        if is_announced(gap[0], scene.recent.utterances):
            return False
        self._told_from_ms = gap[0]
        return True

    def _warning(self, gap: Interval, scene: Scene, *, lasts: bool) -> LiveWarning:
        return LiveWarning(
            kind=WarningKind.SILENCE,
            start_ms=gap[0],
            end_ms=scene.at_ms if lasts else gap[1],
            at_ms=scene.at_ms,
        )


class MonologueWatch:
    """Tells that somebody has talked for long without the floor passing to anybody else."""

    def __init__(self, options: WatchOptions) -> None:
        """Take from when on a monologue is long."""
        self._over_ms = options.monologue_ms
        self._told: Interval | None = None
        self._by: str | None = None

    def look(self, scene: Scene) -> Sequence[LiveWarning]:
        """Return the monologue once it is long."""
        floor = floor_sequence(runs_of(_without_hums(scene.recent)))
        holds = [(hold.start_ms, hold.end_ms) for hold in scene.recent.holds]
        run = current_monologue(floor, holds)
        if run is None or run.end_ms - run.start_ms <= self._over_ms:
            return ()
        # The beginning moves a little when lines are revised; it is the same monologue.
        same = self._told is not None and run.start_ms < self._told[1] and run.speaker == self._by
        is_over = scene.at_ms - run.end_ms > MONOLOGUE_PAUSE_MS + scene.slack_ms
        if same:
            self._told = run.interval
        if same or is_over:
            return ()
        self._told, self._by = run.interval, run.speaker
        return (
            LiveWarning(
                kind=WarningKind.MONOLOGUE,
                start_ms=run.start_ms,
                end_ms=run.end_ms,
                at_ms=scene.at_ms,
                speaker=run.speaker,
            ),
        )


class OverlapWatch:
    """Tells that two talk over each other: for long at once, or much of the last minute."""

    WITHIN_MS: ClassVar[int] = 60_000
    LEAST_TIMES: ClassVar[int] = 3
    OVER_BELOW: ClassVar[float] = 0.5
    """It is over once the share has fallen below half of what it is told from."""

    def __init__(self, options: WatchOptions) -> None:
        """Take from when on it is too much."""
        self._long_ms = options.overlap_ms
        self._share = options.overlap_share
        self._lasts = False

    def look(self, scene: Scene) -> Sequence[LiveWarning]:
        """Return the stretch, or the first one of the last minute, once it is too much."""
        window = (max(0, scene.at_ms - self.WITHIN_MS), scene.at_ms)
        voiced = {
            speaker: [cut(one, window) for one in intervals]
            for speaker, intervals in _without_hums(scene.recent).items()
        }
        speech_ms = length_ms(one for intervals in voiced.values() for one in intervals)
        found = [o for o in simultaneous(_kept(voiced)) if o.duration_ms >= LATCH_MS]
        share = sum(o.duration_ms for o in found) / speech_ms if speech_ms else 0.0
        long = [o for o in found if o.duration_ms > self._long_ms]
        often = len(found) >= self.LEAST_TIMES and share > self._share
        if not (long or often):
            self._lasts = self._lasts and share >= self._share * self.OVER_BELOW
            return ()
        if self._lasts:
            return ()
        self._lasts = True
        first = long[-1] if long else found[0]
        return (
            LiveWarning(
                kind=WarningKind.OVERLAP,
                start_ms=first.start_ms,
                end_ms=found[-1].end_ms,
                at_ms=scene.at_ms,
            ),
        )


class MoodWatch:
    """Tells that a customer turns negative: the running score of what they say has fallen.

    The running score starts at 0; each line moves it by two fifths of the way to the line's own
    score. Who is not known to be the agent may be the customer.
    """

    STEP: ClassVar[float] = 0.4

    def __init__(self, options: WatchOptions) -> None:
        """Take where it turns."""
        self._from = options.negative_from
        self._until = options.negative_until
        self._negative: set[str] = set()

    def look(self, scene: Scene) -> Sequence[LiveWarning]:
        """Return whoever has turned negative."""
        told = []
        for speaker in scene.recent.speakers:
            if speaker.role is SpeakerRole.AGENT:
                self._negative.discard(speaker.id)
                continue
            course = self._course(scene.recent, speaker.id)
            if not course:
                continue
            place, score = course[-1]
            if score > self._until:
                self._negative.discard(speaker.id)
            elif score <= self._from and speaker.id not in self._negative:
                self._negative.add(speaker.id)
                told.append(
                    LiveWarning(
                        kind=WarningKind.NEGATIVE,
                        start_ms=place[0],
                        end_ms=place[1],
                        at_ms=scene.at_ms,
                        speaker=speaker.id,
                    )
                )
        return told

    def _course(self, transcript: Transcript, speaker: str) -> list[tuple[Interval, float]]:
        course, running = [], 0.0
        for line in transcript.utterances:
            if line.speaker == speaker and line.sentiment is not None and not line.is_backchannel:
                running += self.STEP * (line.sentiment.score - running)
                course.append(((line.start_ms, line.end_ms), running))
        return course


def _without_hums(transcript: Transcript) -> dict[str, list[Interval]]:
    """Return when each speaker was heard, but for what a listener hums."""
    voiced = spans_by_speaker(transcript.spans, within=transcript.covered)
    return without_backchannels(voiced, transcript.utterances)


def _kept(voiced: dict[str, list[Interval]]) -> dict[str, list[Interval]]:
    return {s: [one for one in intervals if one[1] > one[0]] for s, intervals in voiced.items()}
