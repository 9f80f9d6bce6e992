"""Finished lines of a live call that wait, by channel, until a window of them is worth it."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from services.audio.recording import FRAMES_PER_MS, Samples
from services.domain.intervals import Interval, overlap_ms

# A window may end so much earlier than it must where a longer pause lies there.
SEEK_PAUSE_MS = 5_000


@dataclass(frozen=True, kw_only=True)
class WaitingLine:
    """A line with its sound at 16 kHz, which begins at ``sound_ms``, maybe in the air before it.

    ``language`` is the one it was said in, None when that has to be found out.
    """

    id: str
    channel: int | None
    start_ms: int
    end_ms: int
    sound_ms: int
    samples: Samples
    language: str | None

    @property
    def duration_ms(self) -> int:
        """Its length in milliseconds."""
        return self.end_ms - self.start_ms

    @property
    def place(self) -> Interval:
        """Where it lies in the call."""
        return (self.start_ms, self.end_ms)

    def without_air_before(self, at_ms: int) -> "WaitingLine":
        """Return it with no sound from before ``at_ms``, as far as that is air."""
        skipped_ms = min(at_ms, self.start_ms) - self.sound_ms
        if skipped_ms <= 0:
            return self
        samples = self.samples[skipped_ms * FRAMES_PER_MS :]
        return replace(self, sound_ms=self.sound_ms + skipped_ms, samples=samples)

    def without_air_after(self, at_ms: int) -> "WaitingLine":
        """Return it with no sound from ``at_ms`` on, as far as that is air."""
        kept_ms = max(at_ms, self.end_ms) - self.sound_ms
        return replace(self, samples=self.samples[: kept_ms * FRAMES_PER_MS])


class WaitingLines:
    """The lines of one channel, oldest first."""

    def __init__(self) -> None:
        """Begin with none."""
        self._lines: deque[WaitingLine] = deque()
        self._ended_ms = 0
        self.duration_ms = 0

    def add(self, line: WaitingLine, most_ms: int) -> int:
        """Append a line; let the oldest go while all are longer than ``most_ms``.

        Returns how many were let go. The air between two lines is parted, so that a word at the
        edge of one isn't heard with both.
        """
        middle_ms = (self._ended_ms + line.start_ms) // 2
        if self._lines:
            self._lines[-1] = self._lines[-1].without_air_after(middle_ms)
        self._lines.append(line.without_air_before(middle_ms))
        self._ended_ms = line.end_ms
        self.duration_ms += line.duration_ms
        gone = 0
        while self.duration_ms > most_ms and len(self._lines) > 1:
            self._take(1)
            gone += 1
        return gone

    @property
    def oldest(self) -> WaitingLine | None:
        """The line that has waited longest."""
        return self._lines[0] if self._lines else None

    def take_window(self, longest_ms: int) -> tuple[WaitingLine, ...]:
        """Take the lines of one window: of one language, ``longest_ms`` at most.

        Where not all fit, it ends at the longest pause of its last 5 s. A line that is longer by
        itself is taken alone.
        """
        lines = list(self._lines)
        count, length_ms = 0, 0
        for line in lines:
            length_ms += line.duration_ms
            if count and (length_ms > longest_ms or line.language != lines[0].language):
                break
            count += 1
        is_full = count < len(lines) and lines[count].language == lines[0].language
        return self._take(_before_a_pause(lines, count, longest_ms) if is_full else count)

    def _take(self, count: int) -> tuple[WaitingLine, ...]:
        taken = tuple(self._lines.popleft() for _ in range(count))
        self.duration_ms -= sum(line.duration_ms for line in taken)
        return taken


@dataclass(frozen=True, kw_only=True)
class LinesPcm:
    """The sound of some lines of one channel, silent elsewhere: what a recogniser reads."""

    lines: Sequence[WaitingLine]

    @property
    def frames(self) -> int:
        """Number of sample frames from the start of the call to where the sound ends."""
        return max(line.sound_ms * FRAMES_PER_MS + len(line.samples) for line in self.lines)

    @property
    def channels(self) -> int:
        """Always one."""
        return 1

    def read(self, start: int, stop: int, channel: int | None = None) -> Samples:
        """Return frames [start, stop) clipped to what exists, shape [n]."""
        start, stop = max(0, start), min(stop, self.frames)
        samples = np.zeros(max(0, stop - start), np.float32)
        for line in self.lines:
            begin = line.sound_ms * FRAMES_PER_MS
            first = max(start, begin)
            part = line.samples[first - begin : max(first, stop) - begin]
            samples[first - start : first - start + len(part)] = part
        return samples


def line_at(lines: Sequence[WaitingLine], place: Interval) -> int:
    """Return the index of the line that has most of ``place``, of none the nearest one.

    Recognition, which hears a pause cut short, tends to place the first word after it too early:
    what lies mostly in the air after a line is the next one's.
    """
    middle_ms = (place[0] + place[1]) / 2
    found = max(
        range(len(lines)),
        key=lambda at: (
            overlap_ms(place, lines[at].place),
            -max(lines[at].start_ms - middle_ms, middle_ms - lines[at].end_ms),
        ),
    )
    is_after = middle_ms >= lines[found].end_ms and found + 1 < len(lines)
    return found + 1 if is_after else found


def _before_a_pause(lines: Sequence[WaitingLine], count: int, longest_ms: int) -> int:
    """Return how many of the first ``count`` lines to take."""
    best, best_pause, length_ms = count, -1, 0
    for number in range(1, count + 1):
        length_ms += lines[number - 1].duration_ms
        pause = lines[number].start_ms - lines[number - 1].end_ms
        if length_ms >= longest_ms - SEEK_PAUSE_MS and pause >= best_pause:
            best, best_pause = number, pause
    return best
