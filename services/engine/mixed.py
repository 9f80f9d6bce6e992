"""A call on one channel: voices found by diarization, each word given to one of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from services.audio.levels import LEVEL_FRAME_MS
from services.audio.recording import FRAMES_PER_MS, PcmReader, Samples
from services.domain.intervals import Interval
from services.engine.heard import HeardWord
from services.engine.listening import Listened, mask_of
from services.engine.speakers.attribution import attribute
from services.engine.utterances import Attributed
from services.engine.voiced import noise_level, voiced_spans


@dataclass(frozen=True, kw_only=True)
class SilencedPcm:
    """A reader of one channel (None: the mix) in which some intervals are silent."""

    pcm: PcmReader
    silenced: tuple[Interval, ...]
    channel: int | None = None

    @property
    def frames(self) -> int:
        """Number of sample frames."""
        return self.pcm.frames

    @property
    def channels(self) -> int:
        """Always one."""
        return 1

    def read(self, start: int, stop: int, channel: int | None = None) -> Samples:
        """Return frames [start, stop), silent where told."""
        samples = self.pcm.read(start, stop, self.channel)
        for silent_start, silent_end in self.silenced:
            first = max(0, silent_start * FRAMES_PER_MS - start)
            samples[first : max(first, silent_end * FRAMES_PER_MS - start)] = 0.0
        return samples


def exact_spans(
    voices: Sequence[Sequence[Interval]], listened: Listened
) -> list[tuple[Interval, ...]]:
    """Fit each voice's spans to the levels: pauses come out, starts and ends become exact.

    A voice's span may grow a little into silence, never into another voice. Where the voice
    detector heard no speech at all, a voice that diarization heard was a tone or a noise.
    """
    frames = len(listened.levels)
    masks = [mask_of(spans, frames) for spans in voices]
    anybody = np.logical_or.reduce(masks) if masks else np.zeros(frames, bool)
    music = mask_of(listened.music, frames)
    noise = noise_level(listened.levels, anybody | music)
    fitted = [
        voiced_spans(
            mask & ~music,
            listened.levels,
            barred=(anybody & ~mask) | music,
            noise_dbfs=noise,
        )
        for mask in masks
    ]
    return [tuple(s for s in spans if _holds_speech(s, listened)) for spans in fitted]


def _holds_speech(span: Interval, listened: Listened) -> bool:
    start, end = span
    return bool(listened.speech[start // LEVEL_FRAME_MS : -(-end // LEVEL_FRAME_MS)].any())


def parties_in_mix(
    words: Sequence[HeardWord],
    voices: Sequence[Sequence[Interval]],
    names: Sequence[str],
    nobodys: Sequence[Interval] = (),
) -> list[Attributed]:
    """Give each word to the voice that says it; what nobody says has the speaker None.

    Words in ``nobodys`` stretches, which could be anybody's, are given to nobody.
    """
    given = attribute(words, voices, nobodys)
    parties: list[Attributed] = []
    for index in (*range(len(voices)), None):
        own = tuple(w for w, voice in zip(words, given, strict=True) if voice == index)
        if index is not None or own:
            parties.append(
                Attributed(
                    speaker=None if index is None else names[index],
                    channel=None,
                    words=own,
                    spans=() if index is None else tuple(voices[index]),
                )
            )
    return parties
