"""What one voice says in one go in a live call, and how it sounds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from services.audio.recording import FRAMES_PER_MS
from services.domain.intervals import Interval
from services.engine.live.exchange import RecentSound, Run
from services.engine.speakers.models import Array, SpeakerModels
from services.engine.speakers.voices import Mask, VoiceTrack, row_of, rows_over

# The embedding network is dear: of a long run two pieces are heard, of a shorter one its middle.
HEARD_MS = 1_000
LONG_MS = 3_000
# So much nearer the pieces of a run must be to two voices for the change to be believed.
CLEAR_LEAD = 0.2


@dataclass(kw_only=True)
class Said:
    """A run of a stretch with its voiceprint, None when it is too short for one.

    ``speaker`` is the number it is shown under, which second thoughts may change.
    """

    stretch: str
    run: Run
    voiceprint: Array | None
    speaker: int

    @property
    def weight(self) -> np.float32:
        """How much its voiceprint says: its length in seconds."""
        return np.float32(self.run.duration_ms / 1000)


class RecentVoices:
    """How the runs of the last stretch of ``recent`` sound.

    What was said before the stretch is there for the channel's colour, the mean that is taken off.
    """

    def __init__(self, models: SpeakerModels, recent: RecentSound, stretch: Interval) -> None:
        """Hear nothing yet."""
        self._models = models
        self._speech = recent.speech()
        # From call time to the time of speech without its pauses.
        self._offset_ms = len(self._speech) // FRAMES_PER_MS - stretch[1]

    def hear(
        self, runs: Sequence[Run], voices: Mapping[int, Array]
    ) -> list[tuple[Run, Array | None]]:
        """Return runs and their voiceprints; one that begins and ends as two ``voices`` is cut."""
        pieces = [_pieces(run) for run in runs]
        track = self._track([piece for some in pieces for piece in some])
        heard: list[tuple[Run, Array | None]] = []
        for run, own in zip(runs, pieces, strict=True):
            prints = [self._print(track, [piece]) for piece in own]
            if len(own) > 1 and _differ(prints, voices):
                heard += self._cut(run, own, voices)
            else:
                heard.append((run, self._print(track, own)))
        return heard

    def _cut(
        self, run: Run, pieces: Sequence[Interval], voices: Mapping[int, Array]
    ) -> list[tuple[Run, Array | None]]:
        """Cut a run between its two pieces, on the side to which the sound between them belongs."""
        first, last = pieces
        between = _around((first[0] + last[1]) / 2)
        track = self._track([first, between, last])
        prints = [self._print(track, [piece]) for piece in (first, between, last)]
        names = [_nearest(found, voices) for found in prints]
        with_first = names[1] == names[0]
        at_ms = ((between[0] + last[1]) if with_first else (first[0] + between[1])) // 2
        parts = ([first, between], [last]) if with_first else ([first], [between, last])
        return [
            (replace(run, end_ms=at_ms), self._print(track, parts[0])),
            (replace(run, start_ms=at_ms), self._print(track, parts[1])),
        ]

    def _track(self, pieces: Sequence[Interval]) -> VoiceTrack:
        wanted = np.zeros(rows_over(len(self._speech)) + 1, bool)
        for piece in pieces:
            wanted |= self._rows(piece, len(wanted))
        return VoiceTrack(self._models, self._speech, wanted)

    def _print(self, track: VoiceTrack, pieces: Sequence[Interval]) -> Array | None:
        rows = [self._rows(piece, track.rows) for piece in pieces]
        return track.voiceprint(np.logical_or.reduce(rows))

    def _rows(self, piece: Interval, count: int) -> Mask:
        rows = np.zeros(count, bool)
        rows[row_of(piece[0] + self._offset_ms) : row_of(piece[1] + self._offset_ms)] = True
        return rows


def _pieces(run: Run) -> list[Interval]:
    """Return what of a run is listened to."""
    if run.duration_ms <= HEARD_MS:
        return [(run.start_ms, run.end_ms)]
    number = 2 if run.duration_ms >= LONG_MS else 1
    step = run.duration_ms / number
    return [_around(run.start_ms + step * (at + 0.5)) for at in range(number)]


def _around(middle_ms: float) -> Interval:
    start_ms = round(middle_ms - HEARD_MS / 2)
    return (start_ms, start_ms + HEARD_MS)


def _differ(prints: Sequence[Array | None], voices: Mapping[int, Array]) -> bool:
    """Say whether the prints are clearly those of different voices."""
    if len(voices) < 2 or any(found is None for found in prints):
        return False
    names = {_nearest(found, voices) for found in prints}
    return len(names) > 1 and all(_lead(found, voices) >= CLEAR_LEAD for found in prints)


def _nearest(found: Array | None, voices: Mapping[int, Array]) -> int | None:
    if found is None:
        return None
    return max(voices, key=lambda number: float(voices[number] @ found))


def _lead(found: Array | None, voices: Mapping[int, Array]) -> float:
    """Return how much nearer the nearest voice is than the next."""
    if found is None:
        return 0.0
    second, first = sorted(float(voice @ found) for voice in voices.values())[-2:]
    return first - second
