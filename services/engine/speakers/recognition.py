"""Hears how a call's speaker sounds, to be compared with known voices."""

from collections.abc import Callable, Sequence

from services.audio.recording import PcmReader
from services.domain.intervals import Interval
from services.engine.speakers.enrolment import agreeing
from services.engine.speakers.models import Array, SpeakerModels
from services.engine.speakers.pieces import longest_spans, mean_print, pieces_of

MOST_HEARD_MS = 40_000
# Less speech than this leaves the voices of strangers too close to each other.
LEAST_HEARD_MS = 5_000


class VoiceListener:
    """Makes voiceprints of speakers in calls; its models are made when first needed."""

    def __init__(self, models: Callable[[], SpeakerModels]) -> None:
        """Take what gives the models; it raises EngineError when there are none."""
        self._models = models

    def voiceprint(
        self, pcm: PcmReader, spans: Sequence[Interval], channel: int | None
    ) -> Array | None:
        """Return the mean voiceprint [256] of a speaker heard alone in ``spans``.

        The longest spans count, 40 s of them at most. None when there are less than 5 s, or when
        no two pieces of them sound alike.
        """
        heard = longest_spans(spans, MOST_HEARD_MS)
        if sum(end - start for start, end in heard) < LEAST_HEARD_MS:
            return None
        kept = agreeing(pieces_of(self._models(), pcm, heard, channel))
        return mean_print(kept) if kept else None
