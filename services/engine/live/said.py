"""What one voice says in one go in a live call, and how it sounds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from services.audio.recording import FRAMES_PER_MS, Samples
from services.engine.live.exchange import RecentSound, Run
from services.engine.speakers.models import Array, SpeakerModels
from services.engine.speakers.voices import Mask, VoiceTrack, row_of, rows_over

# The embedding network is dear: of a long run two pieces are heard, of a shorter one its middle.
HEARD_MS = 1_000
LONG_MS = 3_000


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


def prints_of(
    models: SpeakerModels, recent: RecentSound, start_ms: int, samples: Samples, runs: Sequence[Run]
) -> list[Array | None]:
    """Return a voiceprint for each run of the last stretch of ``recent``.

    The stretch begins at ``start_ms``; what was said before it is there for the channel's colour,
    the mean that is taken off.
    """
    speech = recent.speech()
    lead_ms = (len(speech) - len(samples)) // FRAMES_PER_MS
    count = rows_over(len(speech)) + 1
    heard = [_rows(run, lead_ms - start_ms, count) for run in runs]
    track = VoiceTrack(models, speech, np.logical_or.reduce(heard))
    return [track.voiceprint(rows) for rows in heard]


def _rows(run: Run, offset_ms: int, count: int) -> Mask:
    rows = np.zeros(count, bool)
    for start, end in _pieces(run):
        rows[row_of(start + offset_ms) : row_of(end + offset_ms)] = True
    return rows


def _pieces(run: Run) -> list[tuple[int, int]]:
    if run.duration_ms <= HEARD_MS:
        return [(run.start_ms, run.end_ms)]
    number = 2 if run.duration_ms >= LONG_MS else 1
    step = run.duration_ms / number
    starts = [round(run.start_ms + step * (at + 0.5) - HEARD_MS / 2) for at in range(number)]
    return [(start, start + HEARD_MS) for start in starts]
