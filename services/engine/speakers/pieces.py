"""Voiceprints of pieces of one speaker's own speech.

Only what a telephone transmits is listened to, whatever a recording has above it: the same voice
sounds like another one to the network otherwise, on the telephone and beside it. What telephones
cut off below is kept where it is there: without it, strangers become too much alike.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from services.audio.band import within_band
from services.audio.recording import FRAMES_PER_MS, PcmReader
from services.domain.intervals import Interval
from services.engine.speakers.models import Array, SpeakerModels, unit
from services.engine.speakers.voices import VoiceTrack, row_of, rows_over

PIECE_MS = 10_000
# A rest shorter than this joins the piece before it: short prints scatter.
SHORTEST_PIECE_MS = 4_000
# What is shorter is mostly a breath or the edge of somebody else's word.
SHORTEST_SPAN_MS = 300
TELEPHONE_EDGE_HZ = 3_400


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Some seconds of speech and the voiceprint [256] of length 1 that they give."""

    voiceprint: Array
    duration_ms: int


def longest_spans(spans: Iterable[Interval], most_ms: int) -> list[Interval]:
    """Return the longest spans, in order of time, that together last ``most_ms`` at most.

    The last one taken is cut off where that is reached; spans below 0.3 s are left out.
    """
    chosen: list[Interval] = []
    left_ms = most_ms
    for start, end in sorted(spans, key=lambda s: s[0] - s[1]):
        taken = min(end - start, left_ms)
        if taken < SHORTEST_SPAN_MS:
            break
        chosen.append((start, start + taken))
        left_ms -= taken
    return sorted(chosen)


def pieces_of(
    models: SpeakerModels, pcm: PcmReader, spans: Sequence[Interval], channel: int | None = None
) -> tuple[Piece, ...]:
    """Return the pieces, of about 10 s each, that the speech in ``spans`` gives.

    The spans, all of one speaker, are put one after the other, so that a piece can hold several
    of them and pauses cost nothing. No speech gives no pieces.
    """
    sounds = [pcm.read(s * FRAMES_PER_MS, e * FRAMES_PER_MS, channel) for s, e in spans]
    speech = np.concatenate(sounds) if sounds else np.zeros(0, np.float32)
    samples = within_band(speech, high_hz=TELEPHONE_EDGE_HZ)
    rows = rows_over(len(samples))
    if not rows:
        return ()
    track = VoiceTrack(models, samples, np.ones(rows, bool))
    pieces: list[Piece] = []
    for start, end in _cuts(len(samples) // FRAMES_PER_MS):
        found = track.print_between(row_of(start), row_of(end))
        if found is not None:
            pieces.append(Piece(voiceprint=found, duration_ms=end - start))
    return tuple(pieces)


def mean_print(pieces: Sequence[Piece]) -> Array:
    """Return the mean of the pieces' voiceprints, longer pieces counting more, of length 1."""
    weights = [piece.duration_ms for piece in pieces]
    mean = np.average(np.stack([p.voiceprint for p in pieces]), axis=0, weights=weights)
    return unit(mean.astype(np.float32))


def _cuts(duration_ms: int) -> list[Interval]:
    count = max(1, duration_ms // PIECE_MS)
    if duration_ms - count * PIECE_MS >= SHORTEST_PIECE_MS:
        count += 1
    edges = [min(number * PIECE_MS, duration_ms) for number in range(count)] + [duration_ms]
    return list(pairwise(edges))
