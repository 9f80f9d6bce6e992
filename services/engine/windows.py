"""Packing of speech into recognition windows: cut at pauses, the silence between left out."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from services.audio.recording import FRAMES_PER_MS, PcmReader, Samples
from services.domain.intervals import Interval, union

# Whisper hears at most 30 s. In windows that long it often leaves out a stretch, and the work per
# second grows with the length; much shorter ones lose the context that words need.
MOST_MS = 30_000
WINDOW_MS = 20_000
# Recognition needs some air around speech; more costs time without giving words.
PADDING_MS = 200
# A window may end this much earlier than it must when a longer pause lies there.
SEEK_PAUSE_MS = 5_000
FADE_MS = 3


@dataclass(frozen=True, kw_only=True)
class Window:
    """Pieces of one channel that are recognised as one stretch of at most MOST_MS.

    ``pieces`` are disjoint, sorted source intervals; in the window they follow one another.
    ``attempt`` counts from 0 how often they were listened to before.
    """

    channel: int | None
    pieces: tuple[Interval, ...]
    attempt: int = 0

    @property
    def duration_ms(self) -> int:
        """Length of the window's sound in milliseconds."""
        return sum(end - start for start, end in self.pieces)

    @property
    def key(self) -> str:
        """A stable name made of channel, place and attempt, for what was recognised."""
        again = f".{self.attempt}" if self.attempt else ""
        return f"{self.channel}.{self.pieces[0][0]}-{self.pieces[-1][1]}{again}"

    def read(self, pcm: PcmReader, muted: Sequence[Interval] = ()) -> Samples:
        """Return the window's samples, with the ``muted`` source intervals silenced."""
        return np.concatenate(
            [_read_piece(pcm, self.channel, piece, muted) for piece in self.pieces]
        )

    def source_ms(self, at_ms: float, *, is_end: bool = False) -> int:
        """Translate a time inside the window to the recording.

        A time on a seam belongs to the piece that ends there when ``is_end``, else to the next.
        """
        left = at_ms
        for start, end in self.pieces:
            length = end - start
            if left < length or (is_end and left <= length):
                return start + max(0, round(left))
            left -= length
        return self.pieces[-1][1]


def pack(
    speech: Sequence[Interval],
    *,
    channel: int | None,
    duration_ms: int,
    longest_ms: int = WINDOW_MS,
) -> tuple[Window, ...]:
    """Pack the voiced intervals of one channel into windows of at most ``longest_ms``, in order.

    All get about the same length, so that none is left with a word or two. Windows end at the
    longest pause that comes late enough; only speech that has no pause at all is cut elsewhere.
    """
    padded = _padded(union(speech), duration_ms)
    limit_ms = _even_length(_length(padded), longest_ms)
    windows: list[Window] = []
    pending: list[Interval] = []
    for piece in (p for speech_run in padded for p in _cut(speech_run, longest_ms)):
        pending.append(piece)
        while _length(pending) > max(limit_ms, _length(pending[:1])):
            cut = _best_cut(pending, limit_ms)
            windows.append(_window(channel, pending[:cut]))
            pending = pending[cut:]
    if pending:
        windows.append(_window(channel, pending))
    return tuple(windows)


def _window(channel: int | None, pieces: Sequence[Interval]) -> Window:
    return Window(channel=channel, pieces=tuple(union(pieces)))


def _padded(speech: Sequence[Interval], duration_ms: int) -> list[Interval]:
    """Give each interval its share of the silence around it, at most PADDING_MS a side."""
    edges = [0, *(edge for interval in speech for edge in interval), duration_ms]
    padded: list[Interval] = []
    for at in range(1, len(edges) - 1, 2):
        start, end = edges[at], edges[at + 1]
        before = start - edges[at - 1] if at == 1 else (start - edges[at - 1]) // 2
        after = edges[at + 2] - end
        after = after if at + 2 == len(edges) - 1 else after - after // 2
        padded.append((start - min(PADDING_MS, before), end + min(PADDING_MS, after)))
    return padded


def _even_length(total_ms: int, longest_ms: int) -> int:
    """Return the length at which windows over ``total_ms`` come out alike.

    A window ends up to SEEK_PAUSE_MS before it must, half of that on average.
    """
    usual = longest_ms - SEEK_PAUSE_MS // 2
    count = max(1, -(-total_ms // usual))
    return min(longest_ms, -(-total_ms // count) + SEEK_PAUSE_MS // 2)


def _cut(piece: Interval, longest_ms: int) -> list[Interval]:
    """Cut speech without any pause into equal parts that fit a window."""
    start, end = piece
    parts = max(1, -(-(end - start) // longest_ms))
    edges = [start + (end - start) * i // parts for i in range(parts + 1)]
    return list(pairwise(edges))


def _best_cut(pieces: Sequence[Interval], longest_ms: int) -> int:
    """Return how many pieces to take: the longest pause among the cuts late enough.

    Among pieces that touch, whose pauses are short, the latest is taken.
    """
    best, best_pause, length = 1, -1, 0
    for count in range(1, len(pieces)):
        start, end = pieces[count - 1]
        length += end - start
        if length > longest_ms:
            break
        pause = pieces[count][0] - end
        if length >= longest_ms - SEEK_PAUSE_MS and pause >= best_pause:
            best, best_pause = count, pause
        elif best_pause < 0:
            best = count
    return best


def _length(pieces: Sequence[Interval]) -> int:
    return sum(end - start for start, end in pieces)


def _read_piece(
    pcm: PcmReader, channel: int | None, piece: Interval, muted: Sequence[Interval]
) -> Samples:
    start, end = piece
    samples = pcm.read(start * FRAMES_PER_MS, end * FRAMES_PER_MS, channel)
    inside = [(max(s, start), min(e, end)) for s, e in muted if s < end and e > start]
    if inside:
        samples = samples * _gain(inside, piece)[: len(samples)]
    return samples


def _gain(muted: Sequence[Interval], piece: Interval) -> Samples:
    start, end = piece
    gain = np.ones((end - start) * FRAMES_PER_MS, np.float32)
    for mute_start, mute_end in muted:
        gain[(mute_start - start) * FRAMES_PER_MS : (mute_end - start) * FRAMES_PER_MS] = 0.0
    fade = FADE_MS * FRAMES_PER_MS
    kernel = np.full(2 * fade + 1, 1.0 / (2 * fade + 1), np.float32)
    return np.convolve(np.pad(gain, fade, mode="edge"), kernel, mode="valid").astype(np.float32)
