"""Places the lines of a script on the clock and on one clean track per speaker."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demo.acoustics import FRAME_MS, cut_to_voice
from demo.script import CallScript, Hold, Line, SpeakerName
from demo.voices import SAMPLE_RATE_HZ, Reader, Samples

TAIL_MS = 700
_VOICE_LEVEL_DBFS: dict[SpeakerName, float] = {"agent": -23.0, "customer": -25.0}
_NOD_LEVEL_DB = -3.0


@dataclass(frozen=True, kw_only=True)
class PlacedLine:
    """A line with its samples and its true extent in the call."""

    line: Line
    samples: Samples
    start_ms: int

    @property
    def end_ms(self) -> int:
        """Where the voice ends."""
        return self.start_ms + len(self.samples) * 1000 // SAMPLE_RATE_HZ


@dataclass(frozen=True, kw_only=True)
class PlacedHold:
    """A wait with music, [start_ms, end_ms)."""

    start_ms: int
    end_ms: int


@dataclass(frozen=True, kw_only=True)
class Performance:
    """A script as performed: everything placed, nothing mixed yet."""

    script: CallScript
    lines: tuple[PlacedLine, ...]
    holds: tuple[PlacedHold, ...]

    @property
    def duration_ms(self) -> int:
        """Length of the call, a short tail included."""
        return max(placed.end_ms for placed in self.lines) + TAIL_MS

    def clean_track(self, speaker: SpeakerName) -> Samples:
        """One speaker's voice over the whole call, without noise or music."""
        track = np.zeros(samples_in(self.duration_ms), dtype=np.float32)
        for placed in self.lines:
            if placed.line.speaker == speaker:
                start = samples_in(placed.start_ms)
                track[start : start + len(placed.samples)] += placed.samples
        return track


def samples_in(duration_ms: int) -> int:
    """Samples at the voices' rate in a duration."""
    return duration_ms * SAMPLE_RATE_HZ // 1000


def perform(script: CallScript, reader: Reader) -> Performance:
    """Read every line and place it after, or over, the previous full line."""
    lines: list[PlacedLine] = []
    holds: list[PlacedHold] = []
    floor_start_ms = floor_end_ms = 0
    for scene in script.scenes:
        if isinstance(scene, Hold):
            floor_start_ms = floor_end_ms + scene.gap_ms
            floor_end_ms = floor_start_ms + scene.duration_ms
            holds.append(PlacedHold(start_ms=floor_start_ms, end_ms=floor_end_ms))
            continue
        samples = _read(scene, script, reader)
        if scene.into_ms is not None:
            start_ms = floor_start_ms + scene.into_ms
            lines.append(PlacedLine(line=scene, samples=samples, start_ms=start_ms))
            continue
        placed = PlacedLine(line=scene, samples=samples, start_ms=floor_end_ms + scene.gap_ms)
        floor_start_ms, floor_end_ms = placed.start_ms, placed.end_ms
        lines.append(placed)
    lines.sort(key=lambda placed: placed.start_ms)
    return Performance(script=script, lines=tuple(lines), holds=tuple(holds))


def _read(line: Line, script: CallScript, reader: Reader) -> Samples:
    """A line at its speaker's level, cut to a whole number of 10 ms frames."""
    level = _VOICE_LEVEL_DBFS[line.speaker] + (_NOD_LEVEL_DB if line.is_backchannel else 0.0)
    clip = cut_to_voice(reader.read(line, script.voice_of(line.speaker)), SAMPLE_RATE_HZ, level)
    frame = samples_in(FRAME_MS)
    return clip[: len(clip) // frame * frame]
