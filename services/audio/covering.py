"""Recorded sound with stretches of it covered by a tone or by silence, on every channel.

A reader over another reader: nothing is copied, so ten hours take no more memory than one
second, and whoever reads it (the encoder of the browser's file, a WAV stream, a live relay) can't
get at what is covered.
"""

from bisect import bisect_right
from collections.abc import Iterable
from enum import StrEnum

import numpy as np

from services.audio.recording import FRAMES_PER_MS, SAMPLE_RATE, PcmReader, Samples
from services.domain.intervals import Interval, union

PITCH_HZ = 1_000
RAMP_FRAMES = 10 * FRAMES_PER_MS
# The tone is as loud as what it covers, within what is neither startling nor lost.
QUIETEST_RMS, LOUDEST_RMS = 0.02, 0.08
LEVEL_FRAMES = 2 * SAMPLE_RATE
# Longer stretches, such as all that lies outside the transcribed part, are no mention: a tone of
# minutes would be torture.
LONGEST_TONE_MS = 60_000


class Cover(StrEnum):
    """What is heard instead of personal data."""

    BEEP = "beep"
    SILENCE = "silence"


class CoveredPcm:
    """What another reader holds, except for the stretches that are covered."""

    def __init__(
        self, pcm: PcmReader, stretches: Iterable[Interval], cover: Cover = Cover.BEEP
    ) -> None:
        """Cover these stretches of ``pcm``, given in ms; they may overlap and lie in any order."""
        self._pcm = pcm
        self._cover = cover
        within = ((max(0, start), end) for start, end in stretches)
        self._stretches = [(s * FRAMES_PER_MS, e * FRAMES_PER_MS) for s, e in union(within)]
        self._starts = [start for start, _ in self._stretches]
        self._peaks: dict[int, float] = {}

    @property
    def frames(self) -> int:
        """Number of sample frames."""
        return self._pcm.frames

    @property
    def channels(self) -> int:
        """Number of channels."""
        return self._pcm.channels

    def read(self, start: int, stop: int, channel: int | None = None) -> Samples:
        """Return frames [start, stop) as ``pcm`` does, covered where they are to be."""
        start = max(0, start)
        samples = self._pcm.read(start, stop, channel)
        stop = start + len(samples)
        number = max(0, bisect_right(self._starts, start) - 1)
        copied = False
        while number < len(self._stretches) and self._starts[number] < stop:
            first, last = (min(max(at, start), stop) for at in self._stretches[number])
            if first < last:
                samples = samples if copied else samples.copy()
                copied = True
                samples[first - start : last - start] = self._instead(number, first, last)
            number += 1
        return samples

    def _instead(self, number: int, first: int, last: int) -> Samples:
        begin, end = self._stretches[number]
        if self._cover is Cover.SILENCE or end - begin > LONGEST_TONE_MS * FRAMES_PER_MS:
            return np.zeros(last - first, np.float32)
        at = np.arange(first, last)
        # The phase follows the place in the recording: blocks fit together wherever they begin.
        wave = np.sin((at * PITCH_HZ % SAMPLE_RATE) * (2 * np.pi / SAMPLE_RATE))
        edge = np.minimum(at - begin, end - 1 - at)
        ramp = np.clip(edge / RAMP_FRAMES, 0.0, 1.0)
        return np.asarray(wave * ramp * self._peak(number), dtype=np.float32)

    def _peak(self, number: int) -> float:
        """Return the tone's peak over a stretch, the same for all channels and blocks."""
        if number not in self._peaks:
            begin, end = self._stretches[number]
            end = min(end, begin + LEVEL_FRAMES, self.frames)
            levels = [
                float(np.sqrt(np.mean(np.square(part, dtype=np.float64)))) if len(part) else 0.0
                for part in (self._pcm.read(begin, end, c) for c in range(self.channels))
            ]
            rms = float(np.clip(max(levels, default=0.0), QUIETEST_RMS, LOUDEST_RMS))
            self._peaks[number] = rms * float(np.sqrt(2.0))
        return self._peaks[number]
