"""A recording of any length, made of the demo calls again and again, written piece by piece."""

import io
import wave
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import soxr

from bench.speed import DEMO, SOUND_ENDINGS
from services.audio.decode import decode
from services.audio.pcm import FilePcm
from services.audio.recording import SAMPLE_RATE
from services.audio.samples import to_int16
from services.domain.running import RunContext

TELEPHONE_RATE = 8_000
BYTES_PER_SAMPLE = 2
HOUR_MS = 3_600_000

Sound = np.ndarray[tuple[int, int], np.dtype[np.int16]]


def write_long_recording(path: Path, duration_ms: int, *, channels: int) -> None:
    """Write a WAV file at 8 kHz that lasts ``duration_ms``.

    With one channel all demo calls are taken, mixed down; with two only those that have two.
    """
    calls = demo_sounds(channels)
    left = duration_ms * TELEPHONE_RATE // 1000
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(BYTES_PER_SAMPLE)
        file.setframerate(TELEPHONE_RATE)
        for sound in cycle(calls):
            file.writeframes(sound[:left].tobytes())
            left -= len(sound)
            if left <= 0:
                return


def demo_sounds(channels: int) -> Sequence[Sound]:
    """Return the demo calls as 16-bit samples at 8 kHz, shape [n, channels]."""
    found = (_sound(p, channels) for p in sorted(DEMO.iterdir()) if p.suffix in SOUND_ENDINGS)
    return [sound for sound in found if sound is not None]


def _sound(path: Path, channels: int) -> Sound | None:
    pcm_file = io.BytesIO()
    with path.open("rb") as source:
        decoded = decode(
            source, pcm_file, RunContext(), max_duration_ms=HOUR_MS, suffix=path.suffix
        )
    if decoded.channels < channels:
        return None
    pcm = FilePcm(pcm_file, channels=decoded.channels, frames=decoded.frames)
    wanted: Sequence[int | None] = range(channels) if channels > 1 else (None,)
    rows: list[Any] = [
        soxr.resample(pcm.read(0, pcm.frames, channel), SAMPLE_RATE, TELEPHONE_RATE)
        for channel in wanted
    ]
    return to_int16(np.stack(rows, axis=1))
