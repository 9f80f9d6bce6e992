"""Loudness of each speaker, second by second."""

from collections.abc import Mapping, Sequence

import numpy as np

from services.audio.levels import rms_dbfs
from services.audio.recording import FRAMES_PER_MS, PcmReader, Samples
from services.domain.speech import Span

SECOND_MS = 1_000
# Less voice than this in a second says nothing about its loudness.
SHORTEST_MS = 100

Course = tuple[float | None, ...]


def loudness_by_speaker(
    pcm: PcmReader, spans: Sequence[Span], channels: Mapping[str, int | None]
) -> dict[str, Course]:
    """Return, per speaker id, one RMS value in dBFS for every started second of the recording.

    Only the speaker's voiced parts count; None where there is less than 100 ms of voice.
    ``channels`` names the speakers and each one's channel (None: the mix of all channels).
    """
    seconds = -(-(pcm.frames // FRAMES_PER_MS) // SECOND_MS)
    parts = {speaker: _voiced_by_second(spans, speaker, seconds) for speaker in channels}
    courses: dict[str, list[float | None]] = {speaker: [] for speaker in channels}
    for second in range(seconds):
        for speaker, channel in channels.items():
            courses[speaker].append(_loudness(pcm, parts[speaker][second], channel))
    return {speaker: tuple(course) for speaker, course in courses.items()}


def _voiced_by_second(
    spans: Sequence[Span], speaker: str, seconds: int
) -> list[list[tuple[int, int]]]:
    parts: list[list[tuple[int, int]]] = [[] for _ in range(seconds)]
    for span in spans:
        if span.speaker != speaker:
            continue
        for second in range(span.start_ms // SECOND_MS, -(-span.end_ms // SECOND_MS)):
            if second < seconds:
                start = max(span.start_ms, second * SECOND_MS)
                parts[second].append((start, min(span.end_ms, (second + 1) * SECOND_MS)))
    return parts


def _loudness(
    pcm: PcmReader, parts: Sequence[tuple[int, int]], channel: int | None
) -> float | None:
    if sum(end - start for start, end in parts) < SHORTEST_MS:
        return None
    sounds: list[Samples] = [
        pcm.read(start * FRAMES_PER_MS, end * FRAMES_PER_MS, channel) for start, end in parts
    ]
    return round(rms_dbfs(np.concatenate(sounds)), 1)
